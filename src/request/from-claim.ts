import { ConfigError } from '../errors'
import type { RequestLike } from './request-like'
import { expectOneName, ownValue } from './resolver'
import type { RawTenant, Resolver } from './resolver'

/** Where verified claims are. */
export interface FromClaimOptions<Req = RequestLike> {
  /**
   * The payload that somebody has verified: `(req) => req.auth` behind express-jwt, `(req) => req.user` behind passport. Undefined
   * where the caller sent none.
   */
  readonly payload: (req: Req) => unknown
}

/**
 * Takes a claim of a token that the application has verified: `fromClaim('tenant', { payload: (req) => req.auth })`. Trusted: what
 * `payload` returns must have been verified, not only decoded. Without payload or claim the request names no tenant; a claim that is a
 * list or an object is refused.
 *
 * @param claim - its own name, `tenant` or `https://example.com/tenant`; no path
 * @throws {@link ConfigError} without a claim's name or without `payload`
 */
export function fromClaim<Req = RequestLike>(
  claim: string,
  { payload }: FromClaimOptions<Req>,
): Resolver<Req> {
  const name = nameOfClaim('fromClaim', claim)
  if (typeof payload !== 'function') {
    throw new ConfigError([
      `fromClaim(${JSON.stringify(claim)}) needs \`payload: (req) => req.auth\`, which returns the verified payload.`,
    ])
  }
  return { trust: 'trusted', name, resolve: async (req) => readClaim(await payload(req), claim, name) }
}

/** `claim "tenant"`. @throws {@link ConfigError} for what can't be a claim's name */
export function nameOfClaim(what: string, claim: string): string {
  if (typeof claim === 'string' && claim !== '') return `claim "${claim}"`
  throw new ConfigError([`${what}() needs the name of a claim: 'tenant'.`])
}

/** A claim of a verified payload. */
export function readClaim(payload: unknown, claim: string, name: string): RawTenant {
  return expectOneName(ownValue(payload, claim), name)
}
