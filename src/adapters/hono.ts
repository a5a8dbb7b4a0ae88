import type { Passage } from '../request/gate'
import type { TenancyLike } from '../request/parts-of'
import type { PlainRequest } from '../request/request-like'
import { adapterGate } from './adapter-gate'
import type { AdapterOptions } from './adapter-gate'
import { HttpRefusal, toHttpError } from './http-refusal'

export { HttpRefusal }

/** What the middleware needs of Hono's context. */
export interface HonoContextLike {
  readonly req: {
    readonly raw: { readonly headers: { forEach(tell: (value: string, name: string) => void): void } }
    readonly url: string
    param(): object
  }
  header(name: string, value: string): void
}

/** What resolvers and `authorize` get: the request as they read it, and Hono's context. */
export interface HonoRequest<Context> extends PlainRequest {
  readonly context: Context
}

/** A middleware of Hono 4. */
export type HonoMiddleware<Context> = (context: Context, next: () => Promise<void>) => Promise<void>

/**
 * Makes the Hono middleware that admits requests to their tenant: what comes after it runs in the tenant's context, and finds
 * the directory's record as `c.get('tenant')`. A refusal is thrown as an {@link HttpRefusal}, which Hono answers as it does
 * its own HTTPException. `fromPath` needs the parameter in the path of the middleware: `app.use('/tenants/:tenantId/*', ...)`.
 *
 * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
 */
export function honoTenant<Record, Context extends HonoContextLike = HonoContextLike>(
  tenancy: TenancyLike<Record>,
  options: AdapterOptions<HonoRequest<Context>, Record>,
): HonoMiddleware<Context> {
  const admit = adapterGate(tenancy, options)
  return async function tenantMiddleware(context, next) {
    let passage: Passage<Record>
    try {
      passage = await admit(readRequest(context))
    } catch (error) {
      const told = toHttpError(error)
      if (told instanceof HttpRefusal)
        for (const [name, value] of Object.entries(told.headers)) context.header(name, value)
      throw told
    }
    if (passage.tenant !== undefined) setTenant(context, passage.tenant.record)
    await passage.run(next)
  }
}

function readRequest<Context extends HonoContextLike>(context: Context): HonoRequest<Context> {
  const { raw, url } = context.req
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  raw.headers.forEach((value, name) => (headers[name] = value))
  // HTTP/2, and a Request made by hand, have the host in the URL alone.
  headers['host'] ??= new URL(url).host
  return { context, headers, params: { ...context.req.param() } }
}

/** Hono's `set` takes the names that the application has declared. */
function setTenant(context: object, record: unknown): void {
  ;(context as { set(name: string, value: unknown): void }).set('tenant', record)
}
