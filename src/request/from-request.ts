import { ConfigError } from '../errors'
import type { RequestLike } from './request-like'
import type { RawTenant, Resolver, Trust } from './resolver'

/** How far a resolver of the application's own is to be believed. */
export interface FromRequestOptions {
  /** `trusted` only if somebody vouched for what `read` returns: a verified token, a session. No default. */
  readonly trust: Trust
  /** Where it looks, for messages: `claim "tenant"`. */
  readonly name?: string | undefined
}

/**
 * Takes whatever `read` returns as the tenant: `fromRequest((req) => req.session.tenant, { trust: 'trusted' })`.
 *
 * @param read - may be asynchronous; undefined, null or `''` where the request names no tenant
 * @throws {@link ConfigError} if `trust` is not said
 */
export function fromRequest<Req = RequestLike>(
  read: (req: Req) => RawTenant | Promise<RawTenant>,
  { trust, name = 'request' }: FromRequestOptions,
): Resolver<Req> {
  // A caller in JavaScript may leave out what the type asks for.
  if (!['trusted', 'spoofable'].includes(trust)) {
    throw new ConfigError([
      "fromRequest() needs { trust: 'trusted' } if somebody vouched for the name it reads, such as a verified token, " +
        "and { trust: 'spoofable' } otherwise.",
    ])
  }
  return { trust, name, resolve: read }
}
