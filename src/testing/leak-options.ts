import type { RequestListener, Server } from 'node:http'
import { ConfigError } from '../errors'
import type { Tenant } from '../tenant/context'
import type { TenantInput } from '../tenant/tenant-id'
import { makeCanary } from './canary'
import type { Leak } from './leak'
import type { ProbedTenant, RouteInput } from './routes'

/** A tenancy, as far as the tests of this room need it. Every tenancy is one. */
export interface TestedTenancy {
  readonly pool: unknown
  run<T>(tenant: TenantInput, work: () => T): T
  current(): Tenant | undefined
}

/** What a leak test is to do. */
export interface LeakTestOptions {
  readonly tenancy: TestedTenancy
  /** The application: what `http.createServer` takes, such as an Express app, or a server, which need not listen. */
  readonly app: RequestListener | Server
  /** At least two, which exist: tenants that are there for tests, since the test writes in them. */
  readonly tenants: readonly TenantInput[]
  readonly routes: readonly RouteInput[]
  /** How a request says whose it is: `({ id }) => ({ headers: { 'x-tenant': id } })`. Not needed where the path does. */
  readonly request?: ((tenant: ProbedTenant) => RequestParts | Promise<RequestParts>) | undefined
  /** Puts `tenant.canary` where the routes show it, in the tenant's context. Not needed where a route writes it. */
  readonly seed?: ((tenant: ProbedTenant) => unknown) | undefined
  /** How often each tenant makes each request while the others make theirs; what only reads, twice as often. Default 25. */
  readonly rounds?: number | undefined
  /** How many requests run at once. Default 16. */
  readonly concurrency?: number | undefined
  /** Settles the order of the requests. Default 1: the same each time. */
  readonly randomSeed?: number | undefined
  /** How long to wait for an answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** How long what the application does behind its answers is waited for, in milliseconds. Default 50. */
  readonly settleMs?: number | undefined
  /** Takes out of an answer's text what differs by itself, before two are compared. */
  readonly normalize?: ((text: string) => string) | undefined
  /** Findings that are meant to be: a route that reports on all tenants. */
  readonly ignore?: ((leak: Leak) => boolean) | undefined
}

/** What every request of a tenant has. */
export interface RequestParts {
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Options, checked and complete. */
export interface LeakTestSettings extends Omit<LeakTestOptions, 'tenants'> {
  readonly tenants: readonly ProbedTenant[]
  readonly rounds: number
  readonly concurrency: number
  readonly randomSeed: number
  readonly timeoutMs: number
  readonly settleMs: number
  readonly normalize: (text: string) => string
}

/** @throws {@link ConfigError} with every mistake; TenantIdError for a tenant that can't be one */
export function parseLeakOptions(options: LeakTestOptions): LeakTestSettings {
  const {
    tenancy,
    rounds = 25,
    concurrency = 16,
    randomSeed = 1,
    timeoutMs = 10_000,
    settleMs = 50,
  } = options
  const missing = missingIn(options)
  if (missing.length > 0) throw new ConfigError(missing)
  const ids = options.tenants.map((tenant) => tenancy.run(tenant, () => tenancy.current()!.id))
  const problems: string[] = []
  if (new Set(ids).size < 2) problems.push('The option `tenants` needs at least two tenants.')
  if (new Set(ids).size < ids.length) problems.push('The option `tenants` has a tenant twice.')
  if (options.routes.length === 0) problems.push('The option `routes` needs at least one route.')
  for (const [name, value] of Object.entries({ rounds, concurrency, timeoutMs, settleMs })) {
    if (!Number.isSafeInteger(value) || value < 1)
      problems.push(`The option \`${name}\` must be a whole number from 1.`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    ...{ ...options, rounds, concurrency, randomSeed, timeoutMs, settleMs },
    normalize: options.normalize ?? ((text) => text),
    tenants: ids.map((id) => ({ id, canary: makeCanary() })),
  }
}

/** JavaScript lets anything through. */
function missingIn({ tenancy, app, tenants, routes }: Partial<LeakTestOptions>): string[] {
  const problems: string[] = []
  if (typeof tenancy?.run !== 'function')
    problems.push('The option `tenancy` must be what createTenancy() made.')
  if (typeof app !== 'function' && typeof app?.listeners !== 'function')
    problems.push('The option `app` must be a listener of requests, such as an Express app, or a server.')
  if (!Array.isArray(tenants)) problems.push('The option `tenants` must be a list of tenants.')
  if (!Array.isArray(routes)) problems.push('The option `routes` must be a list of routes.')
  return problems
}
