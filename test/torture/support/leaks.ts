import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../../isolation/support/ledger'
import type { CuttingProxy } from '../../support/cutting-proxy'

const PATIENCE_MS = 3000
const POLL_MS = 10

/** Connections that a closed pool has left open; then ends the proxy. */
export async function leaksOf(proxy: CuttingProxy): Promise<readonly Finding[]> {
  const deadline = Date.now() + PATIENCE_MS
  while (proxy.open > 0 && Date.now() < deadline) await sleep(POLL_MS)
  const left = proxy.open
  await proxy.close()
  return left === 0 ? [] : [{ type: 'leaked connection', what: `${left} after close() of the pool` }]
}
