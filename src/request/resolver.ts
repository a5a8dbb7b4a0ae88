import { ConfigError, TenantUnresolvedError } from '../errors'
import type { RequestLike } from './request-like'

/** What a resolver found, not yet checked: `'acme'`, `42`. Undefined, null and `''` say that the request names no tenant. */
export type RawTenant = string | number | bigint | null | undefined

/**
 * Whether anyone can type the name (`spoofable`: path, header, host), so that it still needs `authorize`, or somebody
 * has vouched for it (`trusted`: a claim of a verified token, a session).
 */
export type Trust = 'trusted' | 'spoofable'

/** Reads the name of a tenant from a request. It does not check it. */
export interface Resolver<Req = RequestLike> {
  readonly trust: Trust
  /** Where it looks, for messages: `route parameter "tenantId"`. */
  readonly name: string
  /** Finds the name of the tenant in a request; undefined: it names none. */
  readonly resolve: (req: Req) => RawTenant | Promise<RawTenant>
}

/**
 * Asks several resolvers in turn; the first that finds a name wins, also when that name turns out to be no tenant.
 * Spoofable if any of them is: `firstOf(fromSubdomain({ root: 'example.com' }), fromHeader('x-tenant-id'))`.
 *
 * @throws {@link ConfigError} without a resolver
 */
export function firstOf<Req = RequestLike>(...resolvers: readonly Resolver<Req>[]): Resolver<Req> {
  if (resolvers.length === 0) throw new ConfigError(['firstOf() needs at least one resolver.'])
  return {
    trust: resolvers.some(({ trust }) => trust !== 'trusted') ? 'spoofable' : 'trusted',
    name: resolvers.map(({ name }) => name).join(' or '),
    async resolve(req) {
      for (const resolver of resolvers) {
        const raw = await resolver.resolve(req)
        if (!isBlank(raw)) return raw
      }
      return undefined
    },
  }
}

/** Whether a resolver found nothing. */
export function isBlank(raw: RawTenant): raw is '' | null | undefined {
  return raw === undefined || raw === null || raw === ''
}

/**
 * Takes what a foreign store had under a name: a list or an object is never one tenant.
 *
 * @param name - where it was, for the message
 * @throws {@link TenantUnresolvedError}
 */
export function expectOneName(value: unknown, name: string): RawTenant {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  throw new TenantUnresolvedError(
    `The ${name} is not a single name, so it is not certain which tenant is meant.`,
  )
}

/** A property that an object has by itself: `constructor` and `__proto__` are in every one. */
export function ownValue(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return undefined
  return (object as Readonly<Record<string, unknown>>)[key]
}
