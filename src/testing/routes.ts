import { ConfigError } from '../errors'
import { numbered } from './canary'

/** A tenant as a leak test knows it. */
export interface ProbedTenant {
  /** `acme` */
  readonly id: string
  /** A text that only this tenant's data holds, `canaryqwertyui`. */
  readonly canary: string
}

/**
 * A request that every tenant makes. In `path`, `headers` and every text of `body`, `{tenant}` stands for the tenant's id,
 * `{canary}` for its canary, and `{unique}` for its canary with the number of the request behind it.
 */
export interface Route {
  /** Default: GET, or POST with a body. */
  readonly method?: string | undefined
  /** `/widgets?name={canary}` */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as JSON, unless it is a text, bytes, `URLSearchParams` or `FormData`. */
  readonly body?: unknown
  /** Status, or several, that it must be answered with. Default: any below 300 for what reads, else below 400. */
  readonly status?: number | readonly number[] | undefined
  /** In the report. Default: method and path, as they are written. */
  readonly name?: string | undefined
}

/**
 * `'GET /widgets'`, a {@link Route}, or what makes one for each tenant: called once for each, in its context and behind
 * `seed`, so that it may look up an id.
 */
export type RouteInput = string | Route | ((tenant: ProbedTenant) => string | Route | Promise<string | Route>)

/** A route, complete. */
export interface PlannedRoute extends Route {
  readonly method: string
  /** What the report calls it. */
  readonly name: string
  /** Whether it changes nothing, by its method. */
  readonly isRead: boolean
}

/** A request, ready to be sent. */
export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

const LINE = /^([A-Za-z]+) (\/\S*)$/
const READS = ['GET', 'HEAD', 'OPTIONS']

/** @throws {@link ConfigError} for what is no route */
export function parseRoute(input: string | Route): PlannedRoute {
  const [, word, path] = typeof input === 'string' ? (LINE.exec(input) ?? []) : [, input.method, input.path]
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw new ConfigError([
      `The route ${JSON.stringify(input)} must be a text like 'GET /widgets' or { method, path } with a path that begins with "/".`,
    ])
  }
  const route: Route = typeof input === 'string' ? { path } : input
  const method = (word ?? (route.body === undefined ? 'GET' : 'POST')).toUpperCase()
  return { ...route, method, name: route.name ?? `${method} ${path}`, isRead: READS.includes(method) }
}

/** Fills in who asks, and turns the body into bytes. */
export async function requestOf(
  route: PlannedRoute,
  tenant: ProbedTenant,
  number: number,
  headers: Readonly<Record<string, string>>,
): Promise<WireRequest> {
  const fill = (text: string): string =>
    text
      .replaceAll('{tenant}', tenant.id)
      .replaceAll('{canary}', tenant.canary)
      .replaceAll('{unique}', numbered(tenant.canary, number))
  const { type, body } = await bytesOf(filled(route.body, fill))
  const own = Object.entries({ ...headers, ...route.headers }).map(([name, value]) => [
    name.toLowerCase(),
    fill(value),
  ])
  const typed = type === undefined ? {} : { 'content-type': type }
  return {
    method: route.method,
    path: fill(route.path),
    headers: { ...typed, ...(Object.fromEntries(own) as Record<string, string>) },
    body,
  }
}

/** The same value with every text in it filled. */
function filled(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((item) => filled(item, fill))
  if (value instanceof URLSearchParams) {
    return new URLSearchParams([...value].map(([name, text]): [string, string] => [name, fill(text)]))
  }
  if (value instanceof FormData) return filledForm(value, fill)
  if (value === null || typeof value !== 'object' || !isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, fill)]))
}

function filledForm(form: FormData, fill: (text: string) => string): FormData {
  const copy = new FormData()
  for (const [name, value] of form) {
    if (typeof value === 'string') copy.append(name, fill(value))
    else copy.append(name, value, value.name)
  }
  return copy
}

function isPlain(value: object): boolean {
  // A literal of a test of Jest has another Object.prototype than this code may have.
  const above: unknown = Object.getPrototypeOf(value)
  return above === null || Object.getPrototypeOf(above) === null
}

async function bytesOf(
  body: unknown,
): Promise<{ readonly type?: string; readonly body: Buffer | undefined }> {
  if (body === undefined) return { body: undefined }
  if (typeof body === 'string') return { type: 'text/plain', body: Buffer.from(body) }
  if (ArrayBuffer.isView(body)) {
    return {
      type: 'application/octet-stream',
      body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    }
  }
  if (body instanceof URLSearchParams)
    return { type: 'application/x-www-form-urlencoded', body: Buffer.from(String(body)) }
  if (body instanceof FormData) {
    const encoded = new Response(body)
    const type = encoded.headers.get('content-type')
    return { ...(type === null ? {} : { type }), body: Buffer.from(await encoded.arrayBuffer()) }
  }
  return { type: 'application/json', body: Buffer.from(JSON.stringify(body)) }
}
