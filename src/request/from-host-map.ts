import { ConfigError } from '../errors'
import { readHeader } from './from-header'
import { bareHost, hostOf, isDomain, parseDomain } from './host'
import type { PlainRequest } from './request-like'
import { expectOneName } from './resolver'
import type { RawTenant, Resolver } from './resolver'

/** Domains and their tenants; or a function that is asked for a domain, `shop.acme.com`, in lower case and ASCII (punycode). */
export type HostMap =
  | ReadonlyMap<string, RawTenant>
  | Readonly<Record<string, RawTenant>>
  | ((host: string) => RawTenant | Promise<RawTenant>)

/** Which host counts. */
export interface FromHostMapOptions {
  /** Reads `X-Forwarded-Host` instead of the host, for servers behind a proxy that sets it; Express has `trust proxy` for that. Default false. */
  readonly forwarded?: boolean | undefined
}

/**
 * Takes the tenant that a domain belongs to: `fromHostMap({ 'shop.acme.com': 'acme' })`. Spoofable: anyone can send a Host header.
 * A host that is not listed names no tenant, `www.` of a listed one included; IP addresses name none. A map and an object are
 * read once; where domains come and go, give a function, and let it remember what it found.
 *
 * @throws {@link ConfigError} for keys that are no bare domain names, and for one domain with two tenants
 */
export function fromHostMap(map: HostMap, { forwarded = false }: FromHostMapOptions = {}): Resolver {
  const find = typeof map === 'function' ? map : readMap(map)
  const source = forwarded ? 'header "x-forwarded-host"' : 'host'
  return {
    trust: 'spoofable',
    name: source,
    async resolve(req) {
      const host = forwarded ? forwardedHost(req, source) : hostOf(req)
      // Whatever else is sent as a host never gets as far as a query of the application's.
      return isDomain(host) ? expectOneName(await find(host), `tenant of the ${source}`) : undefined
    },
  }
}

function forwardedHost(req: PlainRequest, source: string): string {
  return bareHost(readHeader(req, 'x-forwarded-host', source) ?? '')
}

function readMap(map: Exclude<HostMap, (host: string) => unknown>): (host: string) => RawTenant {
  const tenants = new Map<string, RawTenant>()
  const problems: string[] = []
  for (const [key, tenant] of map instanceof Map ? map : Object.entries(map ?? {})) {
    const domain = parseDomain(String(key))
    if (domain === undefined)
      problems.push(
        `fromHostMap() needs bare domain names, without scheme, port or wildcard, not ${JSON.stringify(key)}.`,
      )
    else if (tenants.has(domain) && tenants.get(domain) !== tenant)
      problems.push(`fromHostMap() has two tenants for the domain ${JSON.stringify(domain)}.`)
    else tenants.set(domain, tenant as RawTenant)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return (host) => tenants.get(host)
}
