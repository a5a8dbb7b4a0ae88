import { ConfigError } from '../errors'
import { hostOf, lowerCase, parseDomain } from './host'
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
  const domain = parseDomain(root)
  if (domain !== undefined) return domain
  throw new ConfigError([
    `fromSubdomain({ root: ${JSON.stringify(root)} }) needs a bare domain name, without scheme, port or wildcard: 'example.com'.`,
  ])
}

// With several roots the longest decides: of `example.com` and `eu.example.com`, `acme.eu.example.com` is under the second.
function cutSuffix(host: string, suffixes: readonly string[]): string | undefined {
  const suffix = suffixes.filter((end) => host.endsWith(end)).sort((a, b) => b.length - a.length)[0]
  return suffix === undefined ? undefined : host.slice(0, -suffix.length)
}
