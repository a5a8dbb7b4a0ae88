import type { Passage } from '../request/gate'
import type { TenancyLike } from '../request/parts-of'
import type { PlainRequest } from '../request/request-like'
import { adapterGate } from './adapter-gate'
import type { AdapterOptions } from './adapter-gate'
import { HttpRefusal, toHttpError } from './http-refusal'

export { HttpRefusal }

/** What the middleware needs of Koa's context. */
export interface KoaContextLike extends PlainRequest {
  readonly req: object
  readonly state: object
  set(name: string, value: string): unknown
}

/** A middleware of Koa 2 and 3. */
export type KoaMiddleware<Context> = (context: Context, next: () => Promise<unknown>) => Promise<unknown>

/**
 * Makes the Koa middleware that admits requests to their tenant: what comes after it runs in the tenant's context, and finds
 * the directory's record as `ctx.state.tenant`. Resolvers and `authorize` get `ctx`. A refusal is thrown as an
 * {@link HttpRefusal}, which Koa answers. `fromPath` needs it on a router's route: `router.get('/:tenantId', koaTenant(...), ...)`.
 *
 * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
 */
export function koaTenant<Record, Context extends object = KoaContextLike>(
  tenancy: TenancyLike<Record>,
  options: AdapterOptions<Context, Record>,
): KoaMiddleware<Context & KoaContextLike> {
  const admit = adapterGate(tenancy, options)
  return async function tenantMiddleware(context, next) {
    let passage: Passage<Record>
    try {
      passage = await admit(context, context.req)
    } catch (error) {
      const told = toHttpError(error)
      // Where the application answers errors by itself.
      if (told instanceof HttpRefusal)
        for (const [name, value] of Object.entries(told.headers)) context.set(name, value)
      throw told
    }
    if (passage.tenant !== undefined) Object.assign(context.state, { tenant: passage.tenant.record })
    return passage.run(next)
  }
}
