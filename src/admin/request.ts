import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestLike } from '../request/request-like'

/** A request as Express, 4 and 5, and what imitates it hand it over. */
export interface AdminRequest extends IncomingMessage, Omit<RequestLike, keyof IncomingMessage> {
  /** Where the page is mounted, `/admin`; empty or missing at the root. */
  readonly baseUrl?: string
  /** The address as it came, `/admin/tenant`. */
  readonly originalUrl?: string
  /** Came over TLS, also to a proxy that the application trusts. */
  readonly secure?: boolean
  /** What a body parser of the application has made of it. */
  readonly body?: unknown
}

/** A response of node:http; `flush` is what the middleware `compression` adds. */
export type AdminResponse = ServerResponse & { readonly flush?: () => void }

/** Where a request goes, below the mount path. */
export interface Target {
  /** `/tenant` */
  readonly path: string
  readonly query: URLSearchParams
}

/** What a mount path may have, so that it can stand in a header. */
const PLAIN_PATH = /^(?:\/[\w.~%!$&'()*+,=:@-]+)*$/

/**
 * Where the page is mounted, for links, redirects and cookies: `/admin`, empty for the root. It never begins with two slashes,
 * which would name another host.
 */
export function baseOf(req: Pick<AdminRequest, 'baseUrl' | 'originalUrl' | 'url'>): string {
  const base = (req.baseUrl ?? takenOff(req)).replace(/\/+$/, '')
  return PLAIN_PATH.test(base) ? base : ''
}

/** What connect and its kind have taken off the address, who tell it in no other way. */
function takenOff({ originalUrl, url = '/' }: Pick<AdminRequest, 'originalUrl' | 'url'>): string {
  if (originalUrl === undefined) return ''
  const [whole, rest] = [originalUrl, url].map((text) => text.split('?', 1)[0]!) as [string, string]
  if (whole.endsWith(rest)) return whole.slice(0, whole.length - rest.length)
  return rest === '/' ? whole : ''
}

/** Reads what the request asks for; Express has taken the mount path off. */
export function targetOf({ url = '/' }: Pick<IncomingMessage, 'url'>): Target {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  return { path: path === '' ? '/' : path, query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1)) }
}

/** All values of a cookie: pages mounted below one another send several of one name. */
export function cookiesOf(req: IncomingMessage, name: string): readonly string[] {
  return (req.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim().split('='))
    .filter(([key, value]) => key === name && value !== undefined)
    .map(([, ...value]) => value.join('='))
}

/** A path below the mount path with a query: `linkTo('/admin', '/tenant', { id: 'acme' })`. */
export function linkTo(
  base: string,
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== '') params.set(key, String(value))
  const text = params.toString()
  return `${base}${path}${text === '' ? '' : `?${text}`}`
}
