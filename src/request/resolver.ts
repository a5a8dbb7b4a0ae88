import { ConfigError } from '../errors'
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
