import { createConnection, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A TCP proxy that delivers everything later, as a network would: `tc netem` needs rights and a kernel that has it. */
export interface DelayProxy {
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts a proxy in a process of its own, so that its work is not counted as the client's.
 *
 * @param targetPort - on 127.0.0.1
 * @param delayMs - in each direction
 */
export async function startDelayProxy(targetPort: number, delayMs: number): Promise<DelayProxy> {
  const child = fork(__filename, [String(targetPort), String(delayMs)])
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    async close() {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}

interface Parcel {
  readonly due: number
  readonly data: Buffer
  readonly to: Socket
}

function serve(targetPort: number, delayMs: number): void {
  const parcels: Parcel[] = []
  let isPolling = false
  // A timer of Node fires on whole milliseconds only, so the queue is polled while something is in it.
  const poll = (): void => {
    const now = performance.now()
    while (parcels[0] !== undefined && parcels[0].due <= now) {
      const { data, to } = parcels.shift()!
      if (to.writable) to.write(data)
    }
    isPolling = parcels.length > 0
    if (isPolling) setImmediate(poll)
  }
  const relay = (from: Socket, to: Socket): void => {
    from.setNoDelay(true)
    from.on('data', (data: Buffer) => {
      parcels.push({ due: performance.now() + delayMs, data, to })
      if (!isPolling) {
        isPolling = true
        setImmediate(poll)
      }
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }
  const server = createServer((client) => {
    const target = createConnection(targetPort, '127.0.0.1')
    relay(client, target)
    relay(target, client)
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
  process.on('disconnect', () => process.exit())
}

if (require.main === module) serve(Number(process.argv[2]), Number(process.argv[3]))
