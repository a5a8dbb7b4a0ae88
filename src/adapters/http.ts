import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TenancyLike } from '../request/parts-of'
import { refusalOf } from '../request/refusal'
import type { Refusal } from '../request/refusal'
import { adapterGate } from './adapter-gate'
import type { AdapterOptions } from './adapter-gate'

/** A request that was let in. */
export type TenantRequest<Record> = IncomingMessage & { readonly tenant?: Record }

/** Who is let in, and where errors go. */
export interface HttpTenantOptions<Record> extends AdapterOptions<IncomingMessage, Record> {
  /**
   * Is told why a request did not get to its handler; the answer is the status and its usual words, 500 for what is no refusal.
   * Default: what is no refusal becomes a warning of the process.
   */
  readonly onError?: ((error: unknown, req: IncomingMessage) => void) | undefined
}

/** Wraps what a server of node:http calls. */
export interface HttpTenant<Record> {
  /** `http.createServer(tenant.handler((req, res) => ...))` */
  handler(
    work: (req: TenantRequest<Record>, res: ServerResponse) => unknown,
  ): (req: IncomingMessage, res: ServerResponse) => void
  /** `server.on('upgrade', tenant.upgrade((req, socket, head) => ...))`: WebSockets. */
  upgrade(
    work: (req: TenantRequest<Record>, socket: Duplex, head: Buffer) => unknown,
  ): (req: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/**
 * Admits the requests of a plain node:http server to their tenant: the wrapped function runs in the tenant's context, and
 * finds the directory's record as `req.tenant`. A refused request is answered with its status. What the function throws is
 * not caught.
 *
 * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
 */
export function httpTenant<Record>(
  tenancy: TenancyLike<Record>,
  { onError = warn, ...options }: HttpTenantOptions<Record>,
): HttpTenant<Record> {
  const admit = adapterGate(tenancy, options)

  function enter(req: IncomingMessage, work: () => unknown, refuse: (refusal: Refusal) => void): void {
    admit(req).then(
      (passage) => {
        if (passage.tenant !== undefined) Object.assign(req, { tenant: passage.tenant.record })
        // Not returned: what the work rejects with is the application's, as in a handler that is not wrapped.
        void passage.run(work)
      },
      (error: unknown) => {
        onError(error, req)
        refuse(refusalOf(error) ?? { status: 500, text: 'Internal Server Error', retryAfter: undefined })
      },
    )
  }
  return {
    handler: (work) => (req, res) =>
      enter(
        req,
        () => work(req, res),
        (refusal) => answer(res, refusal),
      ),
    upgrade: (work) => (req, socket, head) => {
      // Node has taken its own listener off, and a caller who hangs up would end the process.
      const ignore = (): void => undefined
      socket.on('error', ignore)
      const begin = (): unknown => {
        socket.off('error', ignore)
        return work(req, socket, head)
      }
      enter(req, begin, (refusal) => hangUp(socket, refusal))
    },
  }
}

function answer(res: ServerResponse, { status, text, retryAfter }: Refusal): void {
  // By the application, which has a time limit of its own.
  if (res.headersSent) return
  if (retryAfter !== undefined) res.setHeader('Retry-After', retryAfter)
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text)
}

function hangUp(socket: Duplex, { status, text, retryAfter }: Refusal): void {
  const time = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`
  socket.end(`HTTP/1.1 ${status} ${text}\r\n${time}Connection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}

function warn(error: unknown): void {
  if (refusalOf(error) === undefined) process.emitWarning(error instanceof Error ? error : String(error))
}
