import { Agent, request } from 'node:http'
import type { Reply } from './app'
import type { Errand } from './turn'

/** How many requests are on their way at once. */
export const CONCURRENCY = 200

/** An answer over HTTP; status 0: none came in time, or the socket broke. */
export interface Answer {
  readonly status: number
  readonly reply: Reply
}

/** Makes requests over as many keep-alive sockets as there are requests at once. */
export class Caller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  readonly #port: number
  readonly #limitMs: number

  constructor(port: number, limitMs: number) {
    this.#port = port
    this.#limitMs = limitMs
  }

  call(tenant: string, kind: string, errand: Errand): Promise<Answer> {
    return new Promise((resolve) => {
      const path = `/tenants/${tenant}/${encodeURIComponent(kind)}`
      const body = JSON.stringify(errand)
      const headers = { 'content-type': 'application/json', 'content-length': body.length }
      const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, path, headers }
      const call = request({ ...options, method: 'POST' }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => {
          clearTimeout(timer)
          resolve({ status: response.statusCode!, reply: JSON.parse(text) as Reply })
        })
      })
      const fail = (message: string): void => {
        clearTimeout(timer)
        const error = { code: undefined, message }
        resolve({ status: 0, reply: { seen: [], states: [], contexts: [], error } })
      }
      const timer = setTimeout(() => {
        fail(`no answer in ${this.#limitMs} ms`)
        call.destroy()
      }, this.#limitMs)
      call.on('error', (error) => fail(error.message))
      call.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
