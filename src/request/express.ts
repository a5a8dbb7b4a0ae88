import { TenantMigratingError, TenantRequiredError, TenantSuspendedError } from '../errors'
import type { TenantContext } from '../tenant/context'
import { createAdmit } from './admit'
import type { AdmitOptions, AdmitParts, AdmittedTenant } from './admit'
import type { RequestLike } from './request-like'

/** What the middleware needs of a response. */
export interface ResponseLike {
  setHeader(name: string, value: string): unknown
}

/** A middleware of Express 4 and 5, and of anything else that calls `(req, res, next)`. */
export type ExpressMiddleware<Req = RequestLike> = (
  req: Req,
  res: ResponseLike,
  next: (error?: unknown) => void,
) => void

/** A tenancy, as far as the middleware needs it. */
export interface ExpressParts<Record> extends AdmitParts<Record> {
  /** Tells the tenancy from others. */
  readonly name: string
  readonly context: TenantContext<Record>
}

// Two copies of this package find each other's tenants.
const ADMITTED = Symbol.for('rowhouse.admitted.1')

/** Tenancy -> the tenant a request was admitted to; undefined where it named none and none was required. */
type Admitted = Map<string, AdmittedTenant | undefined>

/**
 * Makes the middleware that admits requests to their tenant: the handlers after it run in the tenant's context, and find
 * the directory's record as `req.tenant`. A refusal goes to `next(error)` with a `status`. What a handler throws is not
 * caught here.
 *
 * @throws {@link ConfigError} as {@link createAdmit}
 */
export function expressMiddleware<Req extends RequestLike = RequestLike, Record = unknown>(
  options: AdmitOptions<Req, Record>,
  parts: ExpressParts<Record>,
): ExpressMiddleware<Req> {
  const admit = createAdmit(options, parts)
  return function tenantMiddleware(req, res, next) {
    admit(req).then(
      (tenant) => {
        remember(req, parts.name, tenant)
        if (tenant === undefined) return next()
        Object.assign(req, { tenant: tenant.record })
        parts.context.run(tenant, () => next())
      },
      (error: unknown) => {
        const hasTime = error instanceof TenantSuspendedError || error instanceof TenantMigratingError
        const retryAfter = hasTime ? error.retryAfterSeconds : undefined
        if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter))
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
export function resumeTenant<Record>({
  name,
  context,
}: Pick<ExpressParts<Record>, 'name' | 'context'>): ExpressMiddleware<object> {
  return function tenantResumption(req, _res, next) {
    const admitted = admittedOf(req)
    if (!admitted?.has(name)) return next(new TenantRequiredError('tenancy.resumeTenant()'))
    // Only this tenancy wrote under its name.
    const tenant = admitted.get(name) as AdmittedTenant<Record> | undefined
    if (tenant === undefined) return next()
    context.run(tenant, () => next())
  }
}

function remember(req: object, name: string, tenant: AdmittedTenant | undefined): void {
  const admitted = admittedOf(req) ?? new Map<string, AdmittedTenant | undefined>()
  Object.defineProperty(req, ADMITTED, { value: admitted.set(name, tenant), configurable: true })
}

function admittedOf(req: object): Admitted | undefined {
  return (req as { readonly [ADMITTED]?: Admitted })[ADMITTED]
}
