import type { DatabasePool } from 'slonik'
import type { EventEmitter } from 'node:events'
import { TenantRequiredError } from '../errors'
import type { Lease } from '../postgres/lease'
import { mismatchOf } from '../postgres/lease-errors'
import type { SearchPath } from '../postgres/search-path'
import type { ByScope } from '../tenant/by-scope'
import { bindToContext } from '../tenant/context'
import type { CarriedValue, Scope } from '../tenant/context'
import type { Turns } from '../tenant/turns'

type Method = (...args: unknown[]) => unknown
/** A pool, a connection or a transaction of slonik: what queries are made on. */
type Handle = Record<string, unknown>

/**
 * The methods by which applications reach the database; `record` is slonik 49's. One that is missing here reaches the
 * driver without a loan, and is refused there.
 */
const METHODS = [
  'any',
  'anyFirst',
  'connect',
  'exists',
  'many',
  'manyFirst',
  'maybeOne',
  'maybeOneFirst',
  'one',
  'oneFirst',
  'query',
  'record',
  'stream',
  'transaction',
] as const
type Name = (typeof METHODS)[number]

/** Hand a connection to the caller, who chooses what runs on it. */
const LENDING = new Set<Name>(['connect', 'transaction'])

/** What {@link ScopedMethods} needs of its pool. */
export interface ScopedMethodsOptions {
  /** What the calling code may touch. */
  readonly scope: () => Scope | undefined
  /** How the tenant of a call reaches the driver. */
  readonly leases: CarriedValue<Lease>
  readonly paths: ByScope<SearchPath>
  /** The share of each tenant, where there is one. */
  readonly turns: Turns | undefined
}

/**
 * Slonik's public methods, with the tenant read where they are called. Between a call and the driver lie slonik's
 * interceptors and its queue, so the loan that the call begins travels along.
 */
export class ScopedMethods {
  readonly #scope: () => Scope | undefined
  readonly #leases: CarriedValue<Lease>
  readonly #paths: ByScope<SearchPath>
  readonly #turns: Turns | undefined

  constructor({ scope, leases, paths, turns }: ScopedMethodsOptions) {
    this.#scope = scope
    this.#leases = leases
    this.#paths = paths
    this.#turns = turns
  }

  /** Replaces the methods of a pool that nobody else has yet. */
  ofPool(pool: DatabasePool): DatabasePool {
    replace(pool, (name, method) => (...args) => {
      const scope = this.#scope()
      if (scope === undefined) return Promise.reject(new TenantRequiredError(`pool.${name}`))
      const lease = { wanted: this.#paths.of(scope), isLent: LENDING.has(name), isActive: true }
      const work = (): unknown =>
        this.#leases.carry(lease, () => method(...this.#argumentsOf(name, args, lease)))
      return this.#inTurn(lease.wanted.tenant, work)
    })
    const turns = this.#turns
    if (turns === undefined) return pool
    const end = pool.end.bind(pool)
    // Who waits for the turn of its tenant is answered as everybody else is.
    return Object.assign(pool, {
      end: () => {
        const ended = end()
        turns.open()
        return ended
      },
    })
  }

  /** A call of the pool takes one connection, for as long as it lasts. */
  #inTurn(tenant: string | undefined, work: () => unknown): unknown {
    const turns = this.#turns
    if (turns === undefined || tenant === undefined) return work()
    const inContext = bindToContext(async () => work())
    return new Promise((resolve, reject) => {
      const leave = (): void => turns.leave(tenant)
      turns.take(tenant, {
        take: (done) => done(undefined, true),
        use: (error) => (error ? reject(error) : resolve(inContext().finally(leave))),
        giveBack: leave,
      })
    })
  }

  /** Replaces the methods of a connection or transaction, which belongs to its loan wherever it is used. */
  #ofConnection(connection: unknown, lease: Lease): unknown {
    replace(connection, (name, method) => (...args) => {
      const problem = mismatchOf(lease, this.#scope())
      if (problem !== undefined) return Promise.reject(problem)
      return this.#leases.carry(lease, () => method(...this.#argumentsOf(name, args, lease)))
    })
    return connection
  }

  #argumentsOf(name: Name, args: unknown[], lease: Lease): unknown[] {
    if (LENDING.has(name)) return withHandler(args, 0, (connection) => this.#ofConnection(connection, lease))
    return name === 'stream' ? withHandler(args, 1, inContext) : args
  }
}

function replace(handle: unknown, by: (name: Name, method: Method) => Method): void {
  const methods = handle as Handle
  for (const name of METHODS) {
    const method = methods[name]
    if (typeof method === 'function') methods[name] = by(name, method.bind(methods) as Method)
  }
}

/** The arguments, with a handler that gets what slonik would give it after `prepare` has seen it. */
function withHandler(
  args: readonly unknown[],
  index: number,
  prepare: (given: unknown) => unknown,
): unknown[] {
  const handler = args[index]
  if (typeof handler !== 'function') return [...args]
  const prepared: Method = (given, ...rest) => (handler as Method)(prepare(given), ...rest)
  return args.with(index, prepared)
}

/** Listeners of a stream run in the context of the call: the driver would call them in none. */
function inContext(stream: unknown): unknown {
  const emitter = stream as EventEmitter
  emitter.emit = bindToContext(emitter.emit.bind(emitter))
  return stream
}
