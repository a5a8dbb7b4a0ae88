import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** BackendKeyData: type, length 12, then the pid and the key. */
const KEY_DATA = Buffer.from([75, 0, 0, 0, 12])

/** What a pooler looks like to its client: it makes up its own BackendKeyData, as PgBouncer does. */
export async function startPoolerLike(
  targetUrl: string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const target = new URL(targetUrl)
  const targetPort = Number(target.port || 5432)
  const sockets = new Set<Socket>()
  const proxy: Server = createServer((client) => {
    const upstream = createConnection(targetPort, target.hostname)
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf(KEY_DATA)
      if (at >= 0) chunk.writeInt32BE(1_000_000 + sockets.size, at + KEY_DATA.length)
      client.write(chunk)
    })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => [client, upstream].forEach((one) => one.destroy()))
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  target.port = String((proxy.address() as AddressInfo).port)
  return {
    url: target.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
