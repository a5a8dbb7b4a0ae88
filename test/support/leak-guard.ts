import { setTimeout as sleep } from 'node:timers/promises'
import { adminClient, type TestServer } from './servers'

interface Connection {
  readonly pid: number
  readonly user: string
  readonly state: string | null
}

const POLL_MS = 20

/**
 * Fails when connections with this `application_name` are still open after 2 seconds:
 * `afterAll(() => expectNoConnections(server, 'pool.test'))`.
 */
export async function expectNoConnections(
  server: TestServer,
  applicationName: string,
  waitMs = 2000,
): Promise<void> {
  const client = await adminClient(server)
  const deadline = Date.now() + waitMs
  try {
    for (;;) {
      const { rows } = await client.query<Connection>(
        'select pid, usename as user, state from pg_stat_activity where application_name = $1',
        [applicationName],
      )
      if (rows.length === 0) return
      if (Date.now() > deadline) throw new Error(describeLeak(applicationName, rows))
      await sleep(POLL_MS)
    }
  } finally {
    await client.end()
  }
}

function describeLeak(applicationName: string, connections: readonly Connection[]): string {
  const list = connections.map(
    ({ pid, user, state }) => `  ${user}, ${state ?? 'state not visible'}, pid ${pid}`,
  )
  return `${connections.length} connections of "${applicationName}" are still open:\n${list.join('\n')}`
}
