import { ConfigError, TenantUnresolvedError } from '../errors'
import type { PlainRequest } from './request-like'
import { expectOneName, ownValue } from './resolver'
import type { RawTenant, Resolver } from './resolver'

/** How a cookie is read. */
export interface FromCookieOptions {
  /** Reads `req.signedCookies`, which cookie-parser has checked. Default false: the cookie as it was sent. */
  readonly signed?: boolean | undefined
}

/**
 * Takes a cookie as the tenant: `fromCookie('tenant')`. Spoofable, unless it is signed: `fromCookie('tenant', { signed: true })` behind
 * `cookieParser(secret)`. A cookie with a false signature names no tenant; one that is sent twice with two values is refused.
 *
 * cookie-parser's signature is of the value alone, not of the cookie's name: do not sign what users choose with the same secret, or
 * they can send it as their tenant. Sign the tenant with a secret of its own.
 *
 * @throws {@link ConfigError} if it can't be a cookie's name
 */
export function fromCookie(cookie: string, { signed = false }: FromCookieOptions = {}): Resolver {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(cookie)) {
    throw new ConfigError([`fromCookie(${JSON.stringify(cookie)}) needs the name of a cookie: 'tenant'.`])
  }
  const name = `${signed ? 'signed ' : ''}cookie "${cookie}"`
  return {
    trust: signed ? 'trusted' : 'spoofable',
    name,
    resolve: (req) => (signed ? readSigned(req, cookie, name) : readCookie(req, cookie, name)),
  }
}

function readSigned(req: object, cookie: string, name: string): RawTenant {
  const value = ownValue((req as { signedCookies?: unknown }).signedCookies, cookie)
  // cookie-parser's word for a signature that is not right.
  return value === false ? undefined : expectOneName(value, name)
}

/** From the header itself: a parser keeps one of several, and makes objects of what begins with `j:`. */
function readCookie({ headers }: PlainRequest, cookie: string, name: string): string | undefined {
  const pairs = [headers['cookie'] ?? []].flat().flatMap((line) => line.split(';'))
  const values = new Set(pairs.flatMap((pair) => valueOf(pair, cookie) ?? []))
  if (values.size <= 1) return [...values][0]
  throw new TenantUnresolvedError(
    `The ${name} has more than one value, so it is not certain which tenant is meant.`,
  )
}

function valueOf(pair: string, cookie: string): string | undefined {
  const end = pair.indexOf('=')
  if (end === -1 || pair.slice(0, end).trim() !== cookie) return undefined
  const value = pair.slice(end + 1).trim()
  return decode(value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
