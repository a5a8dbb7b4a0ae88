import { ConfigError, TenantUnresolvedError } from '../errors'
import type { PlainRequest } from './request-like'
import type { Resolver } from './resolver'

/**
 * Takes a route parameter as the tenant: `fromPath('tenantId')` under `app.use('/tenants/:tenantId/widgets', ...)` or on
 * a single route. Spoofable. The path of the same `use` or route must have the parameter; a router mounted below it sees
 * it with `Router({ mergeParams: true })`. Express decodes it, and answers 400 itself where a `%` sequence is malformed.
 *
 * @param parameter - `tenantId`
 * @throws {@link ConfigError} if the name is empty or has the colon of the route
 */
export function fromPath(parameter: string): Resolver {
  if (!/^[^:/*]+$/.test(parameter)) {
    throw new ConfigError([
      `fromPath(${JSON.stringify(parameter)}) needs the bare name of a route parameter: 'tenantId'.`,
    ])
  }
  const name = `route parameter "${parameter}"`
  return { trust: 'spoofable', name, resolve: (req) => readParameter(req, parameter, name) }
}

function readParameter({ params }: PlainRequest, parameter: string, name: string): string | undefined {
  // Express 4 keeps parameters in a plain object, where "constructor" would be there without a route saying so.
  if (params === undefined || !Object.hasOwn(params, parameter)) return undefined
  const value = params[parameter]
  if (value === undefined || typeof value === 'string') return value
  // A wildcard of Express 5, `/*tenantId`, gives every segment of the path.
  throw new TenantUnresolvedError(
    `The ${name} is more than one segment, so it is not certain which tenant is meant.`,
  )
}
