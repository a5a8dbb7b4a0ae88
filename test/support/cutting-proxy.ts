import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** Which way bytes go: `up` to the server, `down` to the client. */
export type Direction = 'up' | 'down'

/** Where a connection breaks: after so many more bytes of one direction, of which the other end still gets each. */
export interface Cut {
  readonly direction: Direction
  readonly after: number
}

/** Stands between a pool and its server, and breaks connections in the middle of what is being sent. */
export class CuttingProxy {
  /** The server's URL, by way of here. */
  readonly url: string
  readonly #server: Server
  readonly #lines: Set<Line>
  readonly #usedPorts: Set<number>

  private constructor(url: string, server: Server, lines: Set<Line>, usedPorts: Set<number>) {
    this.url = url
    this.#server = server
    this.#lines = lines
    this.#usedPorts = usedPorts
  }

  /** @param target - URL of a server with its port, `postgres://app@127.0.0.1:5432/main` */
  static async to(target: string): Promise<CuttingProxy> {
    const url = new URL(target)
    const [host, port] = [url.hostname, Number(url.port)]
    const [lines, usedPorts] = [new Set<Line>(), new Set<number>()]
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ port, host, noDelay: true, allowHalfOpen: true })
      upstream.once('connect', () => usedPorts.add(upstream.localPort!))
      const line = new Line(client.setNoDelay(true), upstream, () => lines.delete(line))
      lines.add(line)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    return new CuttingProxy(url.href, server, lines, usedPorts)
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** How many connections are open. */
  get open(): number {
    return this.#lines.size
  }

  /** Client ports of the connections as the server sees them. */
  get ports(): number[] {
    return [...this.#lines].flatMap(({ port }) => port ?? [])
  }

  /** The same of each connection that there ever was. */
  get usedPorts(): readonly number[] {
    return [...this.#usedPorts]
  }

  /** Breaks the connection that the server sees this client port of. One that is gone already needs no cut. */
  cut(port: number, cut: Cut): void {
    for (const line of this.#lines) if (line.port === port) line.arm(cut)
  }

  async close(): Promise<void> {
    for (const line of this.#lines) line.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** One connection of a client, and the one behind it. */
class Line {
  readonly #client: Socket
  readonly #upstream: Socket
  #cut: { readonly direction: Direction; left: number } | undefined

  constructor(client: Socket, upstream: Socket, onClosed: () => void) {
    this.#client = client
    this.#upstream = upstream
    let open = 2
    for (const [from, to, direction] of [
      [client, upstream, 'up'],
      [upstream, client, 'down'],
    ] as const) {
      from.on('data', (data: Buffer) => this.#pass(direction, data, to))
      from.on('end', () => to.end())
      from.on('error', () => {})
      from.on('close', (hadError) => {
        if (hadError) to.destroy()
        if (--open === 0) onClosed()
      })
    }
  }

  get port(): number | undefined {
    return this.#upstream.localPort
  }

  arm({ direction, after }: Cut): void {
    this.#cut = { direction, left: after }
  }

  destroy(): void {
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #pass(direction: Direction, data: Buffer, to: Socket): void {
    if (to.writableEnded) return
    const cut = this.#cut
    if (cut?.direction !== direction || (cut.left -= data.length) > 0) return void to.write(data)
    const from = direction === 'up' ? this.#client : this.#upstream
    from.destroy()
    // Destroyed at once, the socket would forget what it has not sent yet.
    to.end(data.subarray(0, data.length + cut.left), () => to.destroy())
  }
}
