import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { ConfigError } from '../errors'
import type { RequestLike } from './request-like'
import type { Resolver } from './resolver'

/** Which part of a host is the tenant. */
export interface FromSubdomainOptions {
  /** The domain that the tenants live under, `example.com`; in development `localhost`. Several: `['example.com', 'example.org']`. */
  readonly root: string | readonly string[]
  /** Subdomains that are no tenant. Default `['www']`. */
  readonly ignore?: readonly string[] | undefined
  /**
   * Also takes several labels as they are, `a.b` of `a.b.example.com`; the tenancy's `validate` must then allow the dot.
   * Default false: such a host names no tenant.
   */
  readonly nested?: boolean | undefined
}

/**
 * Takes the label in front of the root domain as the tenant: `acme` of `Acme.example.com:8080` for
 * `fromSubdomain({ root: 'example.com' })`. Spoofable: anyone can send a Host header. The root itself, other domains and
 * IP addresses name no tenant. Behind a proxy that replaces the host, set `trust proxy` in Express.
 *
 * @throws {@link ConfigError} if a root is not a bare domain name
 */
export function fromSubdomain({ root, ignore = ['www'], nested = false }: FromSubdomainOptions): Resolver {
  const suffixes = [root].flat().map((domain) => `.${parseRoot(domain)}`)
  const ignored = new Set(ignore.map(lowerCase))
  return {
    trust: 'spoofable',
    name: `subdomain of ${suffixes.map((suffix) => suffix.slice(1)).join(' or ')}`,
    resolve(req) {
      const subdomain = cutSuffix(hostOf(req), suffixes)
      if (subdomain === undefined || ignored.has(subdomain)) return undefined
      const labels = subdomain.split('.')
      return (labels.length === 1 || nested) && !labels.includes('') ? subdomain : undefined
    },
  }
}

function parseRoot(root: string): string {
  // A browser sends an international domain in this form. The function is lenient: it unescapes, cuts paths off, and
  // reads numbers as IP addresses, hence the two checks around it.
  const domain = /[\s/:@%?#\\]/.test(root) ? '' : domainToASCII(root).replace(/\.$/, '')
  if (/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(domain) && isIP(domain) === 0) return domain
  throw new ConfigError([
    `fromSubdomain({ root: ${JSON.stringify(root)} }) needs a bare domain name, without scheme, port or wildcard: 'example.com'.`,
  ])
}

/** The host a request is for, in lower case, without port and without the dot that may end a full domain name. */
function hostOf({ hostname, headers }: RequestLike): string {
  const host = hostname ?? headers['host'] ?? headers[':authority']
  return typeof host === 'string' ? lowerCase(host).replace(/:\d*$/, '').replace(/\.$/, '') : ''
}

/** Hosts are case-insensitive in ASCII only; `toLowerCase` would also make the Kelvin sign a "k". */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

// With several roots the longest decides: of `example.com` and `eu.example.com`, `acme.eu.example.com` is under the second.
function cutSuffix(host: string, suffixes: readonly string[]): string | undefined {
  const suffix = suffixes.filter((end) => host.endsWith(end)).sort((a, b) => b.length - a.length)[0]
  return suffix === undefined ? undefined : host.slice(0, -suffix.length)
}
