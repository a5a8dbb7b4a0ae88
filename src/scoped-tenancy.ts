import { ConfigError } from './errors'
import type { Engine, MigrationProgress } from './engine'
import { rememberEngine } from './engine-of'
import type { AnyTables } from './explicit/table-types'
import { TableCalls } from './explicit/table-calls'
import { TenantHandle } from './explicit/tenant-handle'
import type { HandleParts } from './explicit/tenant-handle'
import { TenantMoves } from './lifecycle/moves'
import type { LifecycleParts, TenantNames } from './lifecycle/options'
import { Tenants } from './lifecycle/tenants'
import { onScope } from './observe/scopes'
import { parseOptions } from './options'
import type { Settings, TenancyOptions } from './options'
import type { AdmitOptions } from './request/admit'
import { createDirectory } from './request/directory'
import type { Directory, DirectoryEntry, Lookup } from './request/directory'
import { expressMiddleware, resumeTenant } from './request/express'
import type { ExpressMiddleware } from './request/express'
import type { RequestParts } from './request/gate'
import { rememberParts } from './request/parts-of'
import type { RequestLike } from './request/request-like'
import { toLookup } from './request/to-lookup'
import { namer } from './tenant/namer'
import { bindWork, TenantContext } from './tenant/context'
import type { Scope, Tenant } from './tenant/context'
import { schemaNameOf } from './tenant/schema-name'
import type { SchemaName } from './tenant/schema-name'
import { parseTenantId } from './tenant/tenant-id'
import type { EngineTransaction, TransactionLevel } from './transaction/level'
import type { TransactionOptions } from './transaction/options'
import { runTransaction } from './transaction/run-transaction'
import type { TenantId, TenantInput } from './tenant/tenant-id'

/** What `req.tenant` is where the application has no directory of its own. */
export interface DefaultRecord {
  readonly id: string
  /** `tenant_acme` */
  readonly schema: string
}

/** The half of a tenancy that requests and queries meet: whose turn it is, and the pools that go by it. */
export class ScopedTenancy<
  Pool = unknown,
  Admin = unknown,
  Record extends object = DefaultRecord,
  CallbackPool = unknown,
> {
  protected readonly settings: Settings<Record>
  protected readonly nameOf: (tenant: TenantInput) => TenantNames
  protected readonly engine: Engine<Pool, Admin, CallbackPool>
  protected readonly tenants: Tenants
  protected readonly moves: TenantMoves
  /** Under which its tenant stands in the context of calls and requests. */
  readonly #place: string
  readonly #context: TenantContext<Record>
  readonly #directory: Directory<Record>
  readonly #tableCalls: TableCalls
  /** How far the migrations of tenants are; each is asked for once a second, for all its requests. */
  readonly #progress = createDirectory<MigrationProgress>({
    lookup: (id) => this.#lookUpProgress(this.nameOf(id)),
    ttlMs: 1000,
  })

  /** @throws ConfigError with every mistake in the options */
  constructor(options: TenancyOptions<Pool, Admin, Record, CallbackPool>) {
    const settings = parseOptions(options)
    const { name, prefix, migrations, migrationsTable, rules } = settings
    // Two tenancies that were both left without a name must not take each other's tenant for theirs.
    const place = `${options.engine.name} ${prefix} ${name}`
    const context = new TenantContext<Record>(place)
    const naming = { prefix, limit: options.engine.nameLimit }
    this.nameOf = namer((tenant) => {
      const id = parseTenantId(tenant, rules)
      return Object.freeze({ id, schema: schemaNameOf(id, naming) })
    }, rules)
    this.settings = settings
    this.#place = place
    this.#context = context
    this.engine = options.engine.open({
      tenancy: name,
      migrationsTable,
      scope: () => this.scope(),
      transaction: () => context.transaction() as TransactionLevel | undefined,
    })
    rememberEngine(this, this.engine)
    this.#tableCalls = new TableCalls(options.engine.name, this.engine)
    const parts: LifecycleParts = {
      engine: this.engine,
      tenancy: name,
      prefix,
      migrations,
      hooks: {
        hooks: settings.hooks,
        inContext: ({ tenant: id, schema }, hook, work) =>
          hook === 'afterDrop'
            ? context.withoutTenant(work)
            : this.runAs({ id: id as TenantId, schema: schema as SchemaName }, work),
      },
      onChange: (id) => this.#directory.forget(id),
    }
    this.tenants = new Tenants(parts)
    this.moves = new TenantMoves(parts)
    const { find, isSuspended, ...memory } = settings.directory
    const lookup = find === undefined ? this.#lookUpMark() : toLookup(find, isSuspended)
    this.#directory = createDirectory({ ...memory, lookup })
    rememberParts(this, this.#requestParts())
  }

  /** The drop-in pool: every query runs in the schema of the calling code's tenant, or not at all. */
  get pool(): Pool {
    return this.engine.pool
  }

  /** The same pool with callbacks, on MySQL; undefined on PostgreSQL, whose pool takes both. */
  get callbackPool(): CallbackPool {
    return this.engine.callbackPool as CallbackPool
  }

  /** A plain pool of the driver's, for shared tables, sessions and queues. */
  get admin(): Admin {
    return this.engine.admin
  }

  /** `tenant_acme`. @throws TenantIdError */
  schemaName(tenant: TenantInput): SchemaName {
    return this.nameOf(tenant).schema
  }

  /** Calls `work` with this tenant as the current one: jobs, scripts, tests. @throws TenantIdError */
  run<T>(tenant: TenantInput, work: () => T): T {
    return this.#context.run(this.nameOf(tenant), work)
  }

  /** The same for one that is named already: rules for new ids may have changed since. */
  protected runAs<T>(names: TenantNames, work: () => T): T {
    return this.#context.run(names, work)
  }

  /**
   * One tenant, named: queries, transactions and calls for single tables that are for it, whoever's turn it is.
   *
   * @typeParam Tables - the application's tables, as for Kysely: `{ widgets: { id: Generated<number>, name: string } }`
   * @throws TenantIdError
   */
  for<Tables extends object = AnyTables>(tenant: TenantInput): TenantHandle<Pool, Tables> {
    const names = this.nameOf(tenant)
    const run = <T>(work: () => T): T => this.runAs(names, work)
    const transact: HandleParts['transact'] = async (work, options) =>
      run(() => this.transaction(work, options))
    return new TenantHandle({
      ...{ tenant: names.id, schema: names.schema, pool: this.pool, run, transact, transaction: transact },
      ...this.#tableCalls.partsFor(run),
    })
  }

  /** Calls `work` with explicitly no tenant: `pool` then has the role's default search_path. */
  withoutTenant<T>(work: () => T): T {
    return this.#context.withoutTenant(work)
  }

  /**
   * Does work in one transaction of the current tenant: every query of the pool in it joins, whatever library makes it, and a
   * library's own transaction is a savepoint there, as this method is inside itself. What the work throws rolls it back.
   *
   * @returns what the work returns, once it is committed
   * @throws TenantRequiredError; TransactionError where the server would not commit; ConfigError for unknown options
   */
  transaction<T>(work: () => T | Promise<T>, options?: TransactionOptions): Promise<T> {
    return runTransaction({ context: this.#context, begin: (given) => this.#begin(given) }, work, options)
  }

  /** The tenant of the running call chain, or undefined. */
  current(): Tenant<Record> | undefined {
    return this.#context.current()
  }

  /**
   * What the running call chain may touch: its tenant, `'without-tenant'`, or undefined. For integrations with other
   * libraries, which read it where they are called.
   */
  scope(): Scope<Record> | undefined {
    const scope = this.#context.scope()
    onScope(this, scope)
    return scope
  }

  /** The tenant of the running call chain. @throws TenantRequiredError where there is none */
  require(): Tenant<Record> {
    return this.#context.require()
  }

  /** Binds a function to the running context, for callbacks that others call later. */
  bind<Args extends unknown[], Result>(work: (...args: Args) => Result): (...args: Args) => Result {
    return bindWork(work)
  }

  /** Express middleware: admits requests to their tenant. @throws ConfigError for a spoofable name without `authorize` */
  middleware<Req extends RequestLike = RequestLike>(
    options: AdmitOptions<Req, Record>,
  ): ExpressMiddleware<Req> {
    return expressMiddleware(options, this.#requestParts())
  }

  /** Express middleware for behind a body parser that loses the context. */
  resumeTenant(): ExpressMiddleware<object> {
    return resumeTenant(this.#requestParts())
  }

  /** Forgets what is remembered of a tenant, after the application has changed its record. */
  forget(tenant: TenantInput): void {
    this.#directory.forget(this.nameOf(tenant).id)
  }

  #requestParts(): RequestParts<Record> {
    return {
      name: this.#place,
      context: this.#context,
      directory: this.#directory,
      readProgress: async (id) => (await this.#progress.find(id))!.record,
      parse: (raw) => this.nameOf(raw as TenantInput),
    }
  }

  async #begin(options: TransactionOptions): Promise<EngineTransaction> {
    if (this.engine.begin !== undefined) return this.engine.begin(options)
    throw new ConfigError(['This engine has no server, and no transactions.'])
  }

  async #lookUpProgress(names: TenantNames): Promise<DirectoryEntry<MigrationProgress>> {
    const { engine } = this
    if (engine.readProgress === undefined)
      throw new ConfigError([
        'This engine does not tell how far migrations are (`migrating`, `schemaVersion`).',
      ])
    return {
      state: 'active',
      record: await this.runAs(names, async () => engine.readProgress!(names.schema)),
    }
  }

  /** Without a directory of the application's: the marks in the database say who is a tenant. */
  #lookUpMark(): Lookup<Record> {
    return async (id) => {
      const names = this.nameOf(id)
      const state = await this.tenants.find(names)
      return state && { state, record: { id, schema: names.schema } as unknown as Record }
    }
  }
}
