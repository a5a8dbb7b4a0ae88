import { once } from 'node:events'
import { Agent, createServer, request as httpRequest, Server } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WireRequest } from './routes'

/** What a request was answered with. */
export interface Answer {
  readonly status: number
  /** Names and values as they came, a line each. */
  readonly head: string
  readonly text: string
}

/** How requests are sent. */
export interface ExchangeOptions {
  /** How many requests run at once, each on a connection that stays open. */
  readonly concurrency: number
  readonly timeoutMs: number
  /** Is given each request when it arrives, and calls `serve`. */
  readonly onArrival: (number: number, request: object, serve: () => void) => void
}

/** A request that may be sent in two parts. */
export interface Sending {
  readonly request: WireRequest
  /** Tells it from others. */
  readonly number: number
  /** Milliseconds between the halves of the body. */
  readonly pauseMs?: number | undefined
}

const NUMBER = 'x-rowhouse-request'
const HOST = '127.0.0.1'

/** An application behind a server of its own, and a client with connections that stay open. */
export class Exchange {
  readonly #agent: Agent
  readonly #server: Server
  readonly #timeoutMs: number

  constructor(app: RequestListener | Server, { concurrency, timeoutMs, onArrival }: ExchangeOptions) {
    this.#timeoutMs = timeoutMs
    this.#agent = new Agent({ keepAlive: true, maxSockets: concurrency })
    this.#server = createServer((request, response) => {
      const number = Number(request.headers[NUMBER])
      // So that no cache of the application has it in its key.
      delete request.headers[NUMBER]
      onArrival(number, request, () => {
        if (typeof app === 'function') app(request, response)
        else app.emit('request', request, response)
      })
    })
    this.#server.keepAliveTimeout = 2 * timeoutMs
  }

  /** Starts to listen, on this machine only. */
  async open(): Promise<void> {
    await once(this.#server.listen(0, HOST), 'listening')
  }

  /** @throws when the connection breaks, or no answer comes in time */
  async send({ request, number, pauseMs }: Sending): Promise<Answer> {
    const { method, path, body } = request
    const { port } = this.#server.address() as AddressInfo
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const outgoing = httpRequest({
      ...{ host: HOST, port, method, path, agent: this.#agent },
      headers: { host: `${HOST}:${port}`, ...length, ...request.headers, [NUMBER]: String(number) },
    })
    const late = new AbortController()
    const timer = setTimeout(() => {
      late.abort(new Error(`no answer came to its end within ${this.#timeoutMs} ms`))
      outgoing.destroy()
    }, this.#timeoutMs)
    try {
      // Behind the head of an answer nobody else listens, and what breaks then is told by the answer.
      outgoing.on('error', () => {})
      const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
      // It is awaited below; a failure meanwhile must not be nobody's.
      answered.catch(() => {})
      await write(outgoing, body, pauseMs)
      const [response] = await answered
      return await readAnswer(response)
    } catch (error) {
      throw late.signal.reason ?? error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    this.#agent.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

async function write(
  outgoing: ReturnType<typeof httpRequest>,
  body: Buffer | undefined,
  pauseMs: number | undefined,
): Promise<void> {
  if (body !== undefined && pauseMs !== undefined && body.length > 1) {
    const middle = body.length >> 1
    outgoing.write(body.subarray(0, middle))
    await sleep(pauseMs)
    outgoing.end(body.subarray(middle))
  } else outgoing.end(body)
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  const head = response.rawHeaders.map((part, index) => (index % 2 === 0 ? `\n${part}: ` : part)).join('')
  return { status: response.statusCode ?? 0, head, text: Buffer.concat(parts).toString() }
}
