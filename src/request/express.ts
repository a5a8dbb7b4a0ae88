import type { AdmitOptions } from './admit'
import { createGate, passAgain } from './gate'
import type { Passage, RequestParts } from './gate'
import { refusalOf } from './refusal'
import type { RequestLike } from './request-like'

/** What the middleware needs of a response. */
export interface ResponseLike {
  /** The application may have answered while the directory was asked, as connect-timeout does; then a header throws. */
  readonly headersSent?: boolean | undefined
  setHeader(name: string, value: string): unknown
}

/** A middleware of Express 4 and 5, and of anything else that calls `(req, res, next)`. */
export type ExpressMiddleware<Req = RequestLike> = (
  req: Req,
  res: ResponseLike,
  next: (error?: unknown) => void,
) => void

/**
 * Makes the middleware that admits requests to their tenant: the handlers after it run in the tenant's context, and find
 * the directory's record as `req.tenant`. A refusal goes to `next(error)` with a `status`. What a handler throws is not
 * caught here.
 *
 * @throws {@link ConfigError} as {@link createGate}
 */
export function expressMiddleware<Req extends RequestLike = RequestLike, Record = unknown>(
  options: AdmitOptions<Req, Record>,
  parts: RequestParts<Record>,
): ExpressMiddleware<Req> {
  const admit = createGate(options, parts)
  return function tenantMiddleware(req, res, next) {
    admit(req).then(
      (passage) => {
        if (passage.tenant !== undefined) Object.assign(req, { tenant: passage.tenant.record })
        passage.run(() => next())
      },
      (error: unknown) => {
        const retryAfter = refusalOf(error)?.retryAfter
        if (retryAfter !== undefined && res.headersSent !== true) res.setHeader('Retry-After', retryAfter)
        next(error)
      },
    )
  }
}

/**
 * Makes the middleware that enters the tenant's context again, to be mounted behind a body parser that loses it (one
 * that calls `next` from a listener of the request: express-fileupload, busboy). A request that was admitted without a
 * tenant passes unchanged; one that never came through the tenancy's middleware is an error, {@link TenantRequiredError}.
 */
export function resumeTenant<Record>(
  parts: Pick<RequestParts<Record>, 'name' | 'context'>,
): ExpressMiddleware<object> {
  return function tenantResumption(req, _res, next) {
    let passage: Passage<Record>
    try {
      passage = passAgain(req, parts, 'tenancy.resumeTenant()')
    } catch (error) {
      return next(error)
    }
    passage.run(() => next())
  }
}
