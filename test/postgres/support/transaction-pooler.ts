import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A backend, and what is to be done with the messages that it sends. */
interface Backend {
  readonly socket: Socket
  onMessage: (type: string, message: Buffer) => void
}

/** A pooler of transactions: what a client sends up to its Sync goes to whichever backend has been free the longest. */
export async function startTransactionPooler(
  targetUrl: string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const target = new URL(targetUrl)
  const [host, port] = [target.hostname, Number(target.port || 5432)]
  const free: Backend[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    client.once('data', (startup: Buffer) => {
      const socket = connect(port, host)
      keep(socket)
      const backend: Backend = { socket, onMessage: () => {} }
      const answer = (chunk: Buffer, ends: number): void => {
        void nextOf(free).then((taken) => relay(taken, client, chunk, ends, free))
      }
      onMessages(socket, (type, message) => backend.onMessage(type, message))
      relay(backend, client, startup, 1, free)
      client.on('data', (chunk: Buffer) => {
        const ends = messagesOf(chunk).filter((type) => type === 'Q' || type === 'S').length
        if (ends > 0) answer(chunk, ends)
      })
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  target.port = String((server.address() as AddressInfo).port)
  return {
    url: target.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function nextOf(free: Backend[]): Promise<Backend> {
  for (;;) {
    const backend = free.shift()
    if (backend !== undefined) return backend
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Sends a chunk and hands on the answer, up to as many ReadyForQuery; then the backend is free. */
function relay(backend: Backend, client: Socket, chunk: Buffer, ends: number, free: Backend[]): void {
  let left = ends
  backend.onMessage = (type, message) => {
    client.write(message)
    if (type === 'Z' && --left === 0) free.push(backend)
  }
  backend.socket.write(chunk)
}

/** Types of the messages in what a client wrote at once. */
function messagesOf(chunk: Buffer): string[] {
  const types: string[] = []
  for (let at = 0; at < chunk.length; at += 1 + chunk.readUInt32BE(at + 1)) {
    types.push(String.fromCharCode(chunk[at]!))
  }
  return types
}

function onMessages(socket: Socket, deliver: Backend['onMessage']): void {
  let received: Buffer = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    while (received.length >= 5 && received.length > received.readUInt32BE(1)) {
      const length = 1 + received.readUInt32BE(1)
      deliver(String.fromCharCode(received[0]!), received.subarray(0, length))
      received = received.subarray(length)
    }
  })
}
