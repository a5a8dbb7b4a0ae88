import type { Pool, PoolClient, PoolConfig } from 'pg'
import { PoolTimeoutError, RowhouseError, TenantRequiredError } from '../errors'
import { timed } from '../observe/checkouts'
import type { ByScope } from '../tenant/by-scope'
import { bindToContext, outsideTenants } from '../tenant/context'
import type { Scope } from '../tenant/context'
import { Turns } from '../tenant/turns'
import type { TransactionLevel } from '../transaction/level'
import type { TransactionOptions } from '../transaction/options'
import { bindSubmittable, givenOf, madeOf } from './bind-submittable'
import { checkOut } from './checkout'
import { SESSION, TenantClient } from './client'
import { BEGIN, joinLoan, PostgresTransaction } from './joined-loan'
import type { Lease, SessionOptions } from './lease'
import type { Loan } from './loan'
import {
  assertDriver,
  DriverPool,
  DriverQuery,
  isStatementError,
  isSubmittable,
  throwingLater,
} from './driver'
import type { Submittable } from './driver'
import { assertConfig } from './pool-config'
import type { ScopingOptions } from './scoping-options'
import type { SearchPath } from './search-path'
import { searchPathsOf } from './search-paths'
import { TenantsSeen } from './tenants-seen'
import { whenQuiet } from './when-quiet'

/** Options of a {@link TenantPool}. */
export interface TenantPoolConfig extends ScopingOptions {
  /** What the calling code may touch: `() => context.scope()`. Read synchronously where a method of the pool is called. */
  readonly scope: () => Scope | undefined
  /** The transaction that the calling code belongs to: its queries run there. */
  readonly transaction?: (() => TransactionLevel | undefined) | undefined
}

type ConnectCallback = (
  error: Error | undefined,
  client?: PoolClient,
  done?: (error?: Error | boolean) => void,
) => void
/** What pg-pool says to who has waited for too long. */
const TIMEOUT = 'timeout exceeded when trying to connect'

type QueryCallback = (error: unknown, result?: unknown) => void

class ScopedPool extends DriverPool {
  static {
    // Drizzle recognises a pool by a class name with "Pool" in it; and this is the name that users know.
    Object.defineProperty(this, 'name', { value: 'TenantPool' })
  }

  readonly #scope: () => Scope | undefined
  readonly #transaction: (() => TransactionLevel | undefined) | undefined
  readonly #paths: ByScope<SearchPath>
  readonly #turns: Turns | undefined
  readonly #seen: TenantsSeen
  /** What is to be done when a connection on loan is back. */
  readonly #returns = new WeakMap<TenantClient, () => void>()

  /** @throws ConfigError for options that scoping can't be safe with; DriverError for an unfit version of pg */
  constructor({
    scope,
    transaction,
    sharedSchemas = [],
    hygiene = 'auto',
    pooler = 'none',
    mode = 'session',
    isolation = 'schema',
    maxPerTenant,
    maxTenantsPerConnection,
    ...config
  }: TenantPoolConfig) {
    assertDriver()
    assertConfig(config)
    const { connectionTimeoutMillis: timeoutMs } = config
    const turns = maxPerTenant === undefined ? undefined : new Turns({ maxPerTenant, timeoutMs })
    const session: SessionOptions = { hygiene, pooler, mode, isolation }
    super({ ...config, Client: TenantClient, [SESSION]: session } as PoolConfig)
    this.#scope = scope
    this.#transaction = transaction
    this.#paths = searchPathsOf(sharedSchemas, isolation)
    this.#turns = turns
    this.#seen = new TenantsSeen(maxTenantsPerConnection)
    if (turns !== undefined) {
      const queued = (): number => Number(Reflect.get(DriverPool.prototype, 'waitingCount', this))
      Object.defineProperty(this, 'waitingCount', { get: () => queued() + turns.waiting })
    }
  }

  /** As `pg.Pool.connect`: the client belongs to the tenant of the caller until its release. */
  override connect(): Promise<PoolClient>
  override connect(
    callback: (
      error: Error | undefined,
      client: PoolClient | undefined,
      done: (release?: unknown) => void,
    ) => void,
  ): void
  override connect(callback?: unknown): Promise<PoolClient> | void {
    const done = typeof callback === 'function' ? bindToContext(callback as ConnectCallback) : undefined
    const promise = new Promise<PoolClient>((resolve, reject) => {
      this.#borrow('pool.connect', true, (error, loan) => {
        if (loan === undefined) return done ? done(error, undefined, () => {}) : reject(error)
        const borrowed = checkOut({ ...loan, scope: this.#scope })
        if (done) done(undefined, borrowed, (problem) => borrowed.release(problem))
        else resolve(borrowed)
      })
    })
    if (done === undefined) return promise.catch(withTraceOf)
  }

  /** As `pg.Pool.query`. A connection outlives a statement that failed. */
  override query(text: unknown, values?: unknown, callback?: unknown): never {
    if (typeof text === 'function') {
      const refused: unknown = super.query(text as never)
      return refused as never
    }
    const given = typeof values === 'function' ? values : callback
    const parameters = typeof values === 'function' ? undefined : values
    if (typeof given === 'function') {
      this.#queryOnce(text, parameters, throwingLater(bindToContext(given as QueryCallback)))
      return undefined as never
    }
    const result = new Promise<unknown>((resolve, reject) => {
      this.#queryOnce(text, parameters, (error, result) => (error ? reject(error) : resolve(result)))
    }).catch(withTraceOf)
    return result as never
  }

  /** Listeners of a pool run outside every tenant: pg calls them wherever a connection happens to be opened or freed. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    // `acquire` and `release` come with every query, and mostly nobody listens.
    if (event !== 'error' && this.listenerCount(event) === 0) return false
    return outsideTenants(() => super.emit(event as 'error', ...(args as [Error, PoolClient])))
  }

  /** Sockets open outside every tenant: what the driver calls later finds no tenant, instead of a stranger's. */
  override newClient(pendingItem: unknown): void {
    outsideTenants(() => super.newClient(pendingItem))
  }

  /** As of pg-pool; who waits for the turn of its tenant is refused like everybody else. */
  override end(): Promise<void>
  override end(callback: () => void): void
  override end(callback?: () => void): Promise<void> | void {
    const ended = super.end(callback as () => void) as Promise<void> | void
    this.#turns?.open()
    return ended
  }

  /** Private in pg-pool, called by each release. Waits for what still runs; a connection in a transaction is closed. */
  override _release(client: PoolClient, idleListener: () => void, error?: Error | boolean): void {
    const connection = client as unknown as TenantClient
    connection.endLease()
    const giveBack = (problem?: Error | boolean): void => {
      // Taken first: who waits for the connection may have it before the release returns.
      const onReturn = this.#returns.get(connection)
      this.#returns.delete(connection)
      if (this.#seen.isFull(connection)) connection._poolUseCount = Infinity
      super._release(client, idleListener, problem)
      onReturn?.()
    }
    if (error) giveBack(error)
    else whenQuiet(connection, giveBack)
  }

  /** Begins a transaction for the tenant of the caller. */
  async [BEGIN](options: TransactionOptions): Promise<PostgresTransaction> {
    // Awaited, and not begun in the callback, whose context is whoever's gave the connection back.
    const loan = await new Promise<Loan>((resolve, reject) => {
      this.#borrow('tenancy.transaction', true, (error, given) => (given ? resolve(given) : reject(error!)))
    })
    return PostgresTransaction.begin({ ...loan, scope: this.#scope }, options)
  }

  #queryOnce(config: unknown, values: unknown, callback: QueryCallback): void {
    let lent: TenantClient | undefined
    const bound = isSubmittable(config) ? bindSubmittable(config, () => lent) : undefined
    this.#borrow('pool.query', false, (error, loan) => {
      if (loan === undefined) {
        bound?.abandon()
        return callback(error)
      }
      const { client, lease, release, steer } = loan
      let isSettled = false
      const settle = (problem: unknown, result?: unknown): void => {
        // A connection that dies tells so twice: by the query and by its `error` event.
        if (isSettled) return
        isSettled = true
        client.removeListener('error', settle)
        release(problem && !keepsConnection(problem) ? (problem as Error) : undefined)
        if (problem) callback(problem)
        else callback(undefined, result)
      }
      lent = client
      client.once('error', settle)
      try {
        const query = queryOf(config, values, settle)
        if (steer === undefined) client.send(lease, query)
        else steer(query)
      } catch (problem) {
        settle(problem)
      }
    })
  }

  /** Takes a connection for the tenant that the caller has *now*; pg calls back in any context. */
  #borrow(method: string, isLent: boolean, use: (error: Error | undefined, loan?: Loan) => void): void {
    const scope = this.#scope()
    if (scope === undefined) return process.nextTick(use, new TenantRequiredError(method))
    const level = this.#transaction?.()
    if (level !== undefined) {
      const { problem } = level
      if (problem !== undefined) return process.nextTick(use, problem)
      return use(undefined, joinLoan(level as TransactionLevel<PostgresTransaction>, isLent))
    }
    const lease: Lease = { wanted: this.#paths.of(scope), isLent, isActive: true }
    const { tenant } = lease.wanted
    const turns = this.#turns
    const onceThere = timed('postgres', tenant, use)
    if (turns === undefined || tenant === undefined) return this.#take(lease, onceThere)
    turns.take<Loan>(tenant, {
      take: (done) =>
        this.#take(lease, (error, loan) => {
          if (loan !== undefined) this.#returns.set(loan.client, () => turns.leave(tenant))
          done(error, loan)
        }),
      use: onceThere,
      giveBack: ({ release }) => release(),
    })
  }

  #take(lease: Lease, use: (error: Error | undefined, loan?: Loan) => void): void {
    super.connect((error, lent, done) => {
      if (error || lent === undefined) return use(this.#reasonOf(error, lease))
      const client = lent as unknown as TenantClient
      client.finishSetup()
      this.#seen.note(client, lease.wanted.schema)
      const release = (problem?: Error | boolean): void => {
        lease.isActive = false
        done(problem)
      }
      use(undefined, { client, lease, release })
    })
  }

  /** Why there is no connection, by the name of who wanted it. */
  #reasonOf(error: Error | undefined, { wanted }: Lease): Error {
    const { connectionTimeoutMillis = 0 } = this.options
    if (error?.message !== TIMEOUT) return error ?? new Error('The pool gave no client.')
    return new PoolTimeoutError(wanted.tenant, connectionTimeoutMillis, { cause: error })
  }
}

/**
 * A `pg.Pool` whose queries run in the schema of the tenant that the calling code has. Without one, and without
 * `withoutTenant`, nothing is sent and `ROWHOUSE_TENANT_REQUIRED` is the answer.
 */
export const TenantPool = ScopedPool as unknown as new (config: TenantPoolConfig) => Pool

/** An instance is a `pg.Pool` in every respect. */
export type TenantPool = Pool

function queryOf(config: unknown, values: unknown, settle: QueryCallback): Submittable {
  if (config === null || config === undefined)
    throw new TypeError('Client was passed a null or undefined query')
  if (!isSubmittable(config)) {
    const query = new DriverQuery(config, values, settle)
    query.query_timeout = (config as Partial<Submittable>).query_timeout
    return query
  }
  const own = config.callback
  const callback: QueryCallback = (error, result) => {
    settle(error, result)
    own?.(error, result)
  }
  config.callback = own === undefined ? callback : madeOf(givenOf(own), callback)
  return config
}

/** What an error says about its connection: the server refused a statement, or we did before anything was sent. */
function keepsConnection(error: unknown): boolean {
  return isStatementError(error) || error instanceof RowhouseError
}

function withTraceOf(error: unknown): never {
  if (error instanceof Error) Error.captureStackTrace(error)
  throw error
}
