import type { IncomingMessage } from 'node:http'
import type { TenancyLike } from '../request/parts-of'
import type { PlainRequest } from '../request/request-like'
import { adapterGate } from './adapter-gate'
import type { AdapterOptions } from './adapter-gate'
import { HttpRefusal, toHttpError } from './http-refusal'

type Next = (error?: Error) => void

/** What the middleware needs of a socket of socket.io. */
export interface SocketLike {
  /** The request of the handshake. */
  readonly request: IncomingMessage
  readonly data: object
  use(middleware: (event: unknown, next: Next) => void): unknown
}

/** A middleware of a server or namespace of socket.io 4: `io.use(middleware)`. */
export type SocketIoMiddleware<Socket> = (socket: Socket, next: Next) => void

/** What resolvers and `authorize` get: the request of the handshake, and the socket. */
export interface HandshakeRequest<Socket> extends PlainRequest {
  readonly socket: Socket
}

/**
 * Makes the socket.io middleware that admits sockets to their tenant, once, at their handshake: the connection handler and the handlers
 * of the client's events run in the tenant's context; the directory's record is `socket.data.tenant`. A refused client gets
 * `connect_error` with the words of the status, and `data.status`. Handlers of `disconnect`, of `onAny` and of
 * acknowledgements are not called through it: `socket.on('disconnect', tenancy.bind(() => ...))`.
 *
 * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
 */
export function socketIoTenant<Record, Socket extends SocketLike = SocketLike>(
  tenancy: TenancyLike<Record>,
  options: AdapterOptions<HandshakeRequest<Socket>, Record>,
): SocketIoMiddleware<Socket> {
  const admit = adapterGate(tenancy, options)
  return function tenantMiddleware(socket, next) {
    const { headers, headersDistinct } = socket.request
    admit({ headers, headersDistinct, socket }).then(
      (passage) => {
        if (passage.tenant !== undefined) Object.assign(socket.data, { tenant: passage.tenant.record })
        // An event comes in the context of the transport, and socket.io calls its handlers from where this calls `next`.
        socket.use((_event, handle) => passage.run(() => handle()))
        passage.run(() => next())
      },
      (error: unknown) => {
        const told = toHttpError(error)
        next(
          told instanceof HttpRefusal ? withData(told) : new Error('Internal Server Error', { cause: error }),
        )
      },
    )
  }
}

/** socket.io sends an error's message and its `data`. */
function withData(refusal: HttpRefusal): Error {
  const retryAfter = refusal.headers['Retry-After']
  const data = {
    status: refusal.status,
    ...(retryAfter !== undefined && { retryAfterSeconds: Number(retryAfter) }),
  }
  return Object.assign(refusal, { data })
}
