import type { Direction } from '../engine'
import { ConfigError } from '../errors'
import type { MigrateOptions } from '../lifecycle/options'
import type { TenantInput } from '../tenant/tenant-id'
import type { MigrationEvent } from './events'

/** Options of a run over many tenants. */
export type MigrateAllOptions = MigrateOptions & {
  /** Default `up`. */
  readonly direction?: Direction | undefined
  /** Whom. Default: all. */
  readonly tenants?: Iterable<TenantInput> | undefined
  /** How many tenants at a time, each on a connection of its own. Default 4. */
  readonly concurrency?: number | undefined
  /** How many tenants go first, one after another; if one of them fails, no other is touched. Default 1, 0 for none. */
  readonly canary?: number | undefined
  /** After so many failures no further tenant is begun. Default 10; Infinity goes on to the end. */
  readonly maxFailures?: number | undefined
  /** How often a tenant is tried again after a lock, a deadlock or a lost connection. Default 6. */
  readonly retries?: number | undefined
  /** How long a statement waits for a lock, in milliseconds; then the tenant is tried again later. Default 2,000. */
  readonly lockTimeoutMs?: number | undefined
  /** How long a statement may take, in milliseconds. Default 0: any time. */
  readonly statementTimeoutMs?: number | undefined
  /** False: don't run the migrations in a scratch schema first. Default true. */
  readonly rehearse?: boolean | undefined
  /** Ends the run: tenants in hand are finished, the others are not begun. */
  readonly signal?: AbortSignal | undefined
  /** Is told what happens, as it happens. What it throws ends the run. */
  readonly onEvent?: ((event: MigrationEvent) => void) | undefined
}

/** How a run is controlled, complete. */
export interface FleetControl {
  readonly concurrency: number
  readonly canary: number
  readonly maxFailures: number
  readonly retries: number
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly rehearse: boolean
  readonly signal: AbortSignal | undefined
  readonly onEvent: ((event: MigrationEvent) => void) | undefined
}

const LEAST = {
  concurrency: 1,
  canary: 0,
  maxFailures: 1,
  retries: 0,
  lockTimeoutMs: 1,
  statementTimeoutMs: 0,
} as const

/** Fills in the defaults. @throws ConfigError with every mistake */
export function parseControl(options: MigrateAllOptions): FleetControl {
  const problems = Object.entries(LEAST).flatMap(([key, least]) => {
    const value = options[key as keyof typeof LEAST]
    const isFit =
      value === undefined || (key === 'maxFailures' && value === Infinity) || isCount(value, least)
    return isFit ? [] : [`The option \`${key}\` must be a whole number from ${least}.`]
  })
  if (problems.length > 0) throw new ConfigError(problems)
  const { concurrency = 4, canary = 1, maxFailures = 10, retries = 6, lockTimeoutMs = 2000 } = options
  const { rehearse = true, statementTimeoutMs = 0, signal, onEvent } = options
  return {
    ...{ concurrency, canary, maxFailures, retries, lockTimeoutMs },
    ...{ rehearse, statementTimeoutMs, signal, onEvent },
  }
}

function isCount(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least
}
