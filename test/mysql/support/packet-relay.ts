import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Hands on what a server sends one packet at a time, as a network can with any large answer. */
export async function packetRelay(target: string): Promise<{ url: string; close: () => Promise<void> }> {
  const url = new URL(target)
  const [host, port] = [url.hostname, Number(url.port)]
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, host)
    client.setNoDelay(true).pipe(upstream)
    onPackets(upstream, (packet) => void client.write(packet))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    upstream.on('close', () => client.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const PAUSE_MS = 2

function onPackets(socket: Socket, deliver: (packet: Buffer) => void): void {
  let received: Buffer = Buffer.alloc(0)
  const waiting: Buffer[] = []
  let isBusy = false
  const next = (): void => {
    const packet = waiting.shift()
    isBusy = packet !== undefined
    if (packet === undefined) return
    deliver(packet)
    setTimeout(next, PAUSE_MS)
  }
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    for (;;) {
      const length = received.length < 4 ? Infinity : received.readUIntLE(0, 3) + 4
      if (received.length < length) break
      waiting.push(received.subarray(0, length))
      received = received.subarray(length)
    }
    if (!isBusy) next()
  })
}
