import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import { engineOf } from '../engine-of'
import { ConfigError, RowhouseError } from '../errors'
import { listen } from '../listen'
import type { Listeners } from '../listen'
import { isolationCounts } from '../observe/isolation'
import { tenantLabel } from './tenant-label'

/** Options of {@link tenancyMetrics}. */
export interface TenancyMetricsOptions {
  /**
   * Tenants that requests and checkouts are told apart by, in a label `tenant`: their ids, or how many, the first ones that
   * come. All others are `other`. Default: no such label, since a series for each tenant is what breaks a Prometheus.
   */
  readonly tenants?: number | readonly string[] | undefined
  /** Upper bounds of the histogram of checkouts, in seconds. */
  readonly checkoutBuckets?: readonly number[] | undefined
}

const BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/**
 * Registers metrics: what all tenancies of this process do, and the connections of this one's pool. Once for each registry.
 *
 * @returns ends it, and takes the metrics out of the registry
 * @throws ConfigError for what is no tenancy, or no number of tenants; an Error of prom-client for metrics that are there
 */
export function tenancyMetrics(
  register: Registry,
  tenancy: object,
  { tenants, checkoutBuckets = BUCKETS }: TenancyMetricsOptions = {},
): () => void {
  if (typeof tenants === 'number' && !(Number.isSafeInteger(tenants) && tenants >= 1))
    throw new ConfigError(['The option `tenants` is a whole number from 1, or a list of tenant ids.'])
  const labels: Labels = tenants === undefined ? undefined : tenantLabel(tenants)
  const metrics = [poolMetrics(register, tenancy), isolationMetrics(register)].flat()
  const heard = [connectionMetrics(register, labels, checkoutBuckets), tenantMetrics(register, labels)]
  const ends = heard.map(({ listeners }) => listen(listeners))
  const names = [...metrics, ...heard.flatMap(({ names }) => names)]
  return () => {
    for (const end of ends.splice(0)) end()
    for (const name of names) register.removeSingleMetric(name)
  }
}

type Labels = ((tenant: string | undefined) => string) | undefined

interface Heard {
  readonly names: readonly string[]
  readonly listeners: Listeners
}

function poolMetrics(register: Registry, tenancy: object): string[] {
  const engine = engineOf(tenancy)
  if (engine === undefined) throw new ConfigError(['Metrics need a tenancy, made by createTenancy().'])
  if (engine.poolCounts === undefined) return []
  const counts = (): { open: number; idle: number; waiting: number } => engine.poolCounts!()
  const connections = 'rowhouse_pool_connections'
  const waiting = 'rowhouse_pool_waiting'
  new Gauge({
    ...{ name: connections, help: 'Connections of the pool.', labelNames: ['state'], registers: [register] },
    collect() {
      const { open, idle } = counts()
      this.set({ state: 'idle' }, idle)
      this.set({ state: 'used' }, open - idle)
    },
  })
  new Gauge({
    ...{ name: waiting, help: 'Calls that wait for a connection.', registers: [register] },
    collect() {
      this.set(counts().waiting)
    },
  })
  return [connections, waiting]
}

function isolationMetrics(register: Registry): string[] {
  const helps = {
    verified: 'Times that a server has said where a query ran, and was right.',
    mismatches: 'Connections closed because a query ran elsewhere. Page somebody.',
  } as const
  return (['verified', 'mismatches'] as const).map((what) => {
    const name = `rowhouse_isolation_${what}_total`
    new Counter({
      ...{ name, help: helps[what], registers: [register] },
      collect() {
        this.reset()
        this.inc(isolationCounts()[what])
      },
    })
    return name
  })
}

function connectionMetrics(register: Registry, labels: Labels, buckets: readonly number[]): Heard {
  const registers = [register]
  const switches = new Counter({
    ...{ name: 'rowhouse_switches_total', help: 'Connections that went from one tenant to another.' },
    ...{ labelNames: ['engine', 'cleared'], registers },
  })
  const checkouts = new Histogram({
    ...{ name: 'rowhouse_checkout_seconds', help: 'Waits for a connection of the pool.' },
    ...{ labelNames: ['engine', 'outcome', ...tenantName(labels)], buckets: [...buckets], registers },
  })
  return {
    names: ['rowhouse_switches_total', 'rowhouse_checkout_seconds'],
    listeners: {
      switch: ({ engine, cleared }) => switches.inc({ engine, cleared: String(cleared) }),
      checkout: ({ engine, tenant, ms, error }) =>
        checkouts.observe({ engine, outcome: outcomeOf(error), ...labelOf(labels, tenant) }, ms / 1000),
    },
  }
}

function tenantMetrics(register: Registry, labels: Labels): Heard {
  const registers = [register]
  const refusals = new Counter({
    ...{ name: 'rowhouse_refusals_total', help: 'Calls that were refused for their tenant.' },
    ...{ labelNames: ['code'], registers },
  })
  const requests = new Counter({
    ...{ name: 'rowhouse_requests_total', help: 'Requests that were let in, or were not.' },
    ...{ labelNames: ['outcome', 'code', ...tenantName(labels)], registers },
  })
  const changes = new Counter({
    ...{ name: 'rowhouse_tenant_changes_total', help: 'Tenants that were made, changed or dropped.' },
    ...{ labelNames: ['action', 'outcome'], registers },
  })
  const migrated = new Counter({
    ...{ name: 'rowhouse_fleet_migrations_total', help: 'Outcomes of tenants in runs over many of them.' },
    ...{ labelNames: ['outcome'], registers },
  })
  return {
    names: [
      ...['rowhouse_refusals_total', 'rowhouse_requests_total'],
      ...['rowhouse_tenant_changes_total', 'rowhouse_fleet_migrations_total'],
    ],
    listeners: {
      refusal: ({ error }) => refusals.inc({ code: error.code }),
      // The tenant of a request that was not admitted is what somebody typed.
      request: ({ outcome, tenant, error }) => {
        const known = outcome === 'admitted' ? tenant : undefined
        requests.inc({ outcome, code: codeOf(error), ...labelOf(labels, known) })
      },
      tenant: ({ action, error }) => changes.inc({ action, outcome: outcomeOf(error) }),
      fleet: ({ event }) => {
        if (event.event === 'done' || event.event === 'failed' || event.event === 'retry')
          migrated.inc({ outcome: event.event })
      },
    },
  }
}

function tenantName(labels: Labels): string[] {
  return labels === undefined ? [] : ['tenant']
}

function labelOf(labels: Labels, tenant: string | undefined): Record<string, string> {
  return labels === undefined ? {} : { tenant: labels(tenant) }
}

function outcomeOf(error: unknown): 'ok' | 'failed' {
  return error === undefined ? 'ok' : 'failed'
}

/** What others throw has no bound to its codes. */
function codeOf(error: unknown): string {
  if (error === undefined) return ''
  return error instanceof RowhouseError ? error.code : 'other'
}
