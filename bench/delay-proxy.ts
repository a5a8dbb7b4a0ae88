import { createConnection, createServer } from 'node:net'
import { fork } from 'node:child_process'
import { once } from 'node:events'

/**
 * A TCP proxy that delivers later, as a network would: `tc netem` needs rights and a kernel that has it. All of the delay is on
 * the way to the server: an answer comes in pieces, each of which would cost the proxy time that no network takes.
 */
export interface DelayProxy {
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts a proxy in a process of its own, so that its work is not counted as the client's.
 *
 * @param targetPort - on 127.0.0.1
 * @param delayMs - whole milliseconds for each round trip; a timer of Node adds a fraction of one
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

function serve(targetPort: number, delayMs: number): void {
  const server = createServer((client) => {
    const target = createConnection(targetPort, '127.0.0.1')
    client.setNoDelay(true)
    target.setNoDelay(true)
    client.on('data', (data: Buffer) => {
      setTimeout(() => {
        if (target.writable) target.write(data)
      }, delayMs)
    })
    target.on('data', (data: Buffer) => client.write(data))
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
  process.on('disconnect', () => process.exit())
}

if (require.main === module) serve(Number(process.argv[2]), Number(process.argv[3]))
