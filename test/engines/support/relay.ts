import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** Stands between a client and a server, and keeps what the client sends. */
export class Relay {
  /** The server's URL, by way of here. */
  readonly url: string
  readonly #server: Server
  readonly #sockets: Set<Socket>
  readonly #sent: Buffer[]
  #isDown = false
  #connections = 0

  private constructor(url: string, server: Server, sockets: Set<Socket>, sent: Buffer[]) {
    server.prependListener('connection', (client) => {
      this.#connections++
      if (this.#isDown) client.destroy()
    })
    this.url = url
    this.#server = server
    this.#sockets = sockets
    this.#sent = sent
  }

  /** @param target - URL of a server, `postgres://app@127.0.0.1:5432/main` */
  static async to(target: string, defaultPort: number): Promise<Relay> {
    const url = new URL(target)
    const [host, port] = [url.hostname, Number(url.port || defaultPort)]
    const [sockets, sent] = [new Set<Socket>(), [] as Buffer[]]
    const server = createServer((client) => {
      const upstream = connect(port, host)
      client.on('data', (data: Buffer) => sent.push(data))
      client.pipe(upstream).pipe(client)
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on('error', () => {}).on('close', () => sockets.delete(socket))
      }
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    Object.assign(url, { host: `127.0.0.1:${(server.address() as AddressInfo).port}` })
    return new Relay(url.href, server, sockets, sent)
  }

  /** Everything that was sent so far, as text. */
  get sent(): string {
    return Buffer.concat(this.#sent).toString('latin1')
  }

  /** How many were made so far. */
  get connections(): number {
    return this.#connections
  }

  /** Ends all connections, and each new one at once. */
  down(): void {
    this.#isDown = true
    this.#cut()
  }

  up(): void {
    this.#isDown = false
  }

  async close(): Promise<void> {
    this.#cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
