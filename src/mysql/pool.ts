import type { Pool } from 'mysql2'
import type { Pool as PromisePool } from 'mysql2/promise'
import { IsolationError, TenantRequiredError } from '../errors'
import { timed } from '../observe/checkouts'
import type { PoolCounts } from '../observe/pool-counts'
import type { ByScope } from '../tenant/by-scope'
import { bindToContext, outsideTenants } from '../tenant/context'
import type { Scope } from '../tenant/context'
import { Turns } from '../tenant/turns'
import type { TransactionLevel } from '../transaction/level'
import type { TransactionOptions } from '../transaction/options'
import { bindIfFunction, withBoundEvents } from './bound-calls'
import { ConnectionScope } from './connection-scope'
import type { ScopeOptions } from './connection-scope'
import { assertDriver } from './driver'
import type { Command, WireConnection, WirePool } from './driver'
import { MysqlTransaction } from './joined-loan'
import type { Lease, Target } from './lease'
import { isLoan, lend } from './loan'
import { countConnections, openPool } from './open-pool'
import { askQuickly } from './promise-face'
import type { Way } from './promise-face'
import { withoutEmptyUri } from './scoping-options'
import type { ScopingOptions } from './scoping-options'
import { STATEMENT_BUDGET } from './statements'
import { targetsOf } from './targets'
import { whenIdle } from './when-idle'
import { PARKING } from './wire'

/** Options of {@link createTenantPool}. */
export interface TenantPoolOptions extends ScopingOptions {
  /** What the calling code may touch: `() => context.scope()`. Read synchronously where a method of the pool is called. */
  readonly scope: () => Scope | undefined
  /** The transaction that the calling code belongs to: its queries run there. */
  readonly transaction?: (() => TransactionLevel | undefined) | undefined
}

/** One pool with its two faces, as of mysql2. */
export interface TenantPools {
  /** Of `mysql2/promise`. */
  readonly pool: PromisePool
  /** Of `mysql2`: callbacks, events, streams. */
  readonly callbackPool: Pool
  /** Begins a transaction for the tenant of the caller. */
  readonly begin: (options: TransactionOptions) => Promise<MysqlTransaction>
  /** How its connections are now. */
  readonly poolCounts: () => PoolCounts
}

type Method = (...args: unknown[]) => unknown
type Take = (error: Error | undefined, connection?: WireConnection) => void

/**
 * Makes a pool of mysql2 whose queries run in the database of the tenant that the calling code has. Without one, and without
 * `withoutTenant`, nothing is sent and `ROWHOUSE_TENANT_REQUIRED` is the answer. For `withoutTenant` the database is the one
 * of the options.
 *
 * @throws ConfigError for options that scoping can't be safe with; DriverError for an unfit version of mysql2
 */
export function createTenantPool(options: TenantPoolOptions): TenantPools {
  assertDriver()
  const {
    scope,
    transaction = () => undefined,
    hygiene = 'auto',
    switch: how = 'joined',
    statementBudget = STATEMENT_BUDGET,
    isolation = 'database',
    ...rest
  } = options
  const { maxPerTenant, acquireTimeoutMs: timeoutMs, ...config } = rest
  const hasTurns = maxPerTenant !== undefined || timeoutMs !== undefined
  const turns = hasTurns ? new Turns({ maxPerTenant, timeoutMs }) : undefined
  const { pool, allowsLocalFiles, isTraceChosen } = openPool(withoutEmptyUri(config), {
    hygiene,
    switch: how,
    statementBudget,
    isolation,
  })
  const wire = pool as unknown as WirePool
  const { connectionConfig } = wire.config
  const shared = connectionConfig.database || PARKING
  connectionConfig.database = PARKING
  const scoped = new ScopedPool(wire, {
    scope,
    transaction,
    shared,
    turns,
    session: { hygiene, switch: how, allowsLocalFiles, known: new Set(), hasRoles: isolation === 'role' },
  })
  const poolCounts = (): PoolCounts => countConnections(wire, turns?.waiting)
  const promisePool = pool.promise()
  if (!isTraceChosen) askQuickly(promisePool, (way, args, done) => scoped.ask(way, [...args, done]))
  return { pool: promisePool, callbackPool: pool, begin: (given) => scoped.begin(given), poolCounts }
}

interface ScopedPoolOptions {
  readonly scope: () => Scope | undefined
  readonly transaction: () => TransactionLevel | undefined
  /** The database of shared tables. */
  readonly shared: string
  readonly turns: Turns | undefined
  readonly session: ScopeOptions
}

/** What belongs to a connection of the pool. */
interface Member {
  readonly scope: ConnectionScope
  isOnLoan: boolean
  /** What is to be done when the connection is back, or gone. */
  onReturn?: (() => void) | undefined
}

/** Lends the connections of a pool to tenants, by replacing the methods that every other one goes through. */
class ScopedPool {
  readonly #options: ScopedPoolOptions
  readonly #targets: ByScope<Target>
  readonly #members = new WeakMap<WireConnection, Member>()
  readonly #pool: WirePool
  readonly #ways: Readonly<Record<Way, Method>>
  readonly #getConnection: WirePool['getConnection']
  readonly #releaseConnection: WirePool['releaseConnection']
  /** The pool is about to ask itself for a connection. */
  #isOwnCall = false

  constructor(pool: WirePool, options: ScopedPoolOptions) {
    this.#options = options
    this.#targets = targetsOf(options.shared, options.session.hasRoles)
    this.#pool = pool
    const getConnection = pool.getConnection.bind(pool)
    // Sockets open outside every tenant: what the driver calls later finds no tenant, instead of a stranger's. A free
    // connection has its socket.
    this.#getConnection = (callback) =>
      pool._freeConnections.length > 0
        ? getConnection(callback)
        : outsideTenants(() => getConnection(callback))
    this.#releaseConnection = pool.releaseConnection.bind(pool)
    this.#ways = { query: pool.query.bind(pool), execute: pool.execute.bind(pool) }
    const emit: (event: string | symbol, ...args: unknown[]) => boolean = pool.emit.bind(pool)
    pool.query = (...args) => withBoundEvents(this.ask('query', args.map(bindIfFunction)), args) as Command
    pool.execute = (...args) => this.ask('execute', args.map(bindIfFunction)) as void
    const end = pool.end.bind(pool)
    pool.end = (callback) => {
      end(callback)
      options.turns?.open()
    }
    pool.getConnection = this.#borrow
    pool.releaseConnection = (connection) => this.#takeBack(connection)
    // Listeners of a pool run outside every tenant: mysql2 calls them wherever a connection is opened or freed.
    // Several come with every query, and mostly nobody listens.
    pool.emit = (event, ...args: unknown[]) => {
      if (event === 'connection') this.#welcome(args[0] as WireConnection)
      return event !== 'error' && pool.listenerCount(event) === 0
        ? false
        : outsideTenants(() => emit(event, ...args))
    }
  }

  /** Not in a listener, which the application could remove. */
  #welcome(connection: WireConnection): void {
    const scope = new ConnectionScope(connection, this.#options.session)
    this.#members.set(connection, { scope, isOnLoan: false })
  }

  /** One call of the pool itself. Its callback runs in any context. */
  ask(way: Way, args: readonly unknown[]): unknown {
    this.#isOwnCall = true
    try {
      return this.#ways[way](...args)
    } finally {
      this.#isOwnCall = false
    }
  }

  /** Takes a connection for the tenant that the caller has *now*; mysql2 calls back in any context. */
  readonly #borrow: WirePool['getConnection'] = (callback) => {
    const { scope, transaction } = this.#options
    const isLent = !this.#isOwnCall
    this.#isOwnCall = false
    const current = scope()
    const use = isLent ? bindToContext(callback) : callback
    if (current === undefined) {
      const what = isLent ? 'pool.getConnection' : 'pool.query'
      return process.nextTick(use, new TenantRequiredError(what))
    }
    const level = transaction()
    if (level !== undefined) {
      const { problem } = level
      if (problem !== undefined) return process.nextTick(use, problem)
      return use(null, (level as TransactionLevel<MysqlTransaction>).engine.join(level, isLent))
    }
    const lease: Lease = { target: this.#targets.of(current), isLent, isActive: true }
    this.#borrowFor(lease, (error, connection) => {
      if (connection === undefined) return use(error ?? new Error('The pool gave no connection.'))
      const { gate } = this.#members.get(connection)!.scope
      if (isLent) use(null, lend({ connection, gate, lease, scope }))
      else gate.pass(() => use(null, connection))
    })
  }

  /** Begins a transaction for the tenant that the caller has *now*. */
  async begin(options: TransactionOptions): Promise<MysqlTransaction> {
    const { scope } = this.#options
    const current = scope()
    if (current === undefined) throw new TenantRequiredError('tenancy.transaction')
    const lease: Lease = { target: this.#targets.of(current), isLent: true, isActive: true }
    const connection = await new Promise<WireConnection>((resolve, reject) => {
      this.#borrowFor(lease, (error, given) => (given === undefined ? reject(error!) : resolve(given)))
    })
    const member = this.#members.get(connection)!.scope
    return MysqlTransaction.begin({ connection, gate: member.gate, lease, scope, member }, options)
  }

  #borrowFor(lease: Lease, use: Take): void {
    const { turns } = this.#options
    const { tenant } = lease.target
    const begin = timed('mysql', tenant, use)
    if (turns === undefined || tenant === undefined) return this.#take(lease, begin)
    turns.take<WireConnection>(tenant, {
      take: (done) => this.#take(lease, done, () => turns.leave(tenant)),
      use: begin,
      giveBack: (connection) => connection.release(),
    })
  }

  #take(lease: Lease, done: Take, onReturn?: () => void): void {
    this.#getConnection((error, connection) => {
      if (error || connection === undefined) return done(error ?? undefined)
      const member = this.#members.get(connection)
      if (member === undefined) {
        connection.destroy()
        return done(new IsolationError('The pool gave a connection that is not scoped; it was closed.'))
      }
      // Lost between its choice and this callback: it has left the pool, which has room for another one.
      if (!connection._pool) return this.#take(lease, done, onReturn)
      member.isOnLoan = true
      member.onReturn = onReturn
      member.scope.begin(lease)
      done(undefined, connection)
    })
  }

  #takeBack(connection: WireConnection): void {
    // What the application has of a connection (a loan, its promises) knows where it belongs, be it in another pool.
    const isOwn = this.#members.has(connection) || connection._pool === null
    if (isLoan(connection) || !isOwn) connection.release()
    else this.#giveBack(connection)
  }

  #giveBack(connection: WireConnection): void {
    const member = this.#members.get(connection)
    // No longer in the pool: it has only to make room for who waits.
    if (member === undefined || !connection._pool) return this.#release(connection, member)
    // Twice in the list of free ones, it would serve two tenants at once.
    if (!member.isOnLoan) return
    const { scope } = member
    member.isOnLoan = false
    scope.end()
    whenIdle(connection, scope, (problem) => {
      if (!connection._pool) return
      if (problem !== undefined) return connection.destroy()
      const parking = scope.park()
      if (this.#hasAnother()) parking.whenThrough(() => connection._pool && this.#release(connection, member))
      else this.#release(connection, member)
    })
  }

  /**
   * Whether who comes now needs not wait for a connection on its way back to the parking place. Where it is the only one, it
   * must be there to be waited for.
   */
  #hasAnother(): boolean {
    const { _freeConnections: free, _allConnections: all, config } = this.#pool
    return free.length > 0 || config.connectionLimit === 0 || all.length < config.connectionLimit
  }

  /** Lets mysql2 take a connection back. */
  #release(connection: WireConnection, member: Member | undefined): void {
    // Taken first: who waits for the connection may have it before this returns.
    const onReturn = member?.onReturn
    if (member !== undefined) member.onReturn = undefined
    if (connection._pool) this.#releaseConnection(connection)
    else this.#makeRoom(connection)
    onReturn?.()
  }

  /**
   * Where one is gone mysql2 asks itself anew for whoever waits, by `getConnection` and in the context of the moment: that must
   * not be ours, which would take the releasing tenant for the waiting one.
   */
  #makeRoom(connection: WireConnection): void {
    this.#pool.getConnection = this.#getConnection
    try {
      this.#releaseConnection(connection)
    } finally {
      this.#pool.getConnection = this.#borrow
    }
  }
}
