import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** An application that listens on a port of its own. */
export interface Served {
  readonly port: number
  /** Sends one request; a body is sent as JSON. */
  readonly fetch: (path: string, options?: FetchOptions) => Promise<Answer>
  readonly close: () => Promise<void>
}

/** How a request is sent. */
export interface FetchOptions {
  readonly method?: string
  readonly headers?: http.OutgoingHttpHeaders
  readonly body?: unknown
  /** Sends the body in two halves with a pause between them, so that it does not arrive with the head. */
  readonly slow?: boolean
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** Serves an application with real HTTP over a few keep-alive connections. */
export async function serve(app: http.RequestListener, { sockets = 2 } = {}): Promise<Served> {
  const server = http.createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return talkTo(port, () => new Promise((resolve) => server.close(resolve)), { sockets })
}

/** Sends requests to what listens already. */
export function talkTo(port: number, stop: () => Promise<unknown>, { sockets = 2 } = {}): Served {
  const agent = new http.Agent({ keepAlive: true, maxSockets: sockets })
  return {
    port,
    fetch: (path, options) => send({ port, path, agent }, options),
    async close() {
      agent.destroy()
      await stop()
    },
  }
}

function send(
  target: http.RequestOptions,
  { method, headers, body, slow = false }: FetchOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? '' : JSON.stringify(body)
    const request = http.request({
      host: '127.0.0.1',
      ...target,
      method: method ?? (payload ? 'POST' : 'GET'),
      headers: {
        ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
        ...headers,
      },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    const middle = slow ? payload.length >> 1 : payload.length
    request.write(payload.slice(0, middle))
    if (slow) setTimeout(() => request.end(payload.slice(middle)), 5)
    else request.end()
  })
}
