import type { Finding } from './doctor/finding'
import type { DropOptions, Engine, EngineFactory, MigrationKind, Repair, TenantState } from './engine'
import { rememberEngine } from './engine-of'
import { ConfigError } from './errors'
import { migrateAll } from './lifecycle/migrate-all'
import type { MigrateAllOptions, MigrationRun } from './lifecycle/migrate-all'
import type {
  CreateResult,
  MigrationResult,
  RepairResult,
  TenantInfo,
  TenantResult,
  TenantStatus,
} from './lifecycle/results'
import { Tenants } from './lifecycle/tenants'
import type { CreateOptions, MigrateOptions, TenantNames } from './lifecycle/options'
import { createMigrationFile } from './migrations/new-file'
import type { Target } from './migrations/target'
import { onScope } from './observe/scopes'
import { parseOptions } from './options'
import type { Settings, TenancyOptions } from './options'
import type { AdmitOptions } from './request/admit'
import { createDirectory } from './request/directory'
import type { Directory, Lookup } from './request/directory'
import { expressMiddleware, resumeTenant } from './request/express'
import type { ExpressMiddleware, ExpressParts } from './request/express'
import type { RequestLike } from './request/request-like'
import { toLookup } from './request/to-lookup'
import { namer } from './tenant/namer'
import { bindToContext, TenantContext } from './tenant/context'
import type { Scope, Tenant } from './tenant/context'
import { schemaNameOf } from './tenant/schema-name'
import type { SchemaName } from './tenant/schema-name'
import { parseTenantId } from './tenant/tenant-id'
import type { TenantInput } from './tenant/tenant-id'

type Templates = EngineFactory['migrationTemplates']

/** What `req.tenant` is where the application has no directory of its own. */
export interface DefaultRecord {
  readonly id: string
  /** `tenant_acme` */
  readonly schema: string
}

/** One set of tenants in one database: who they are, whose turn it is, and their births, migrations and ends. */
export class Tenancy<
  Pool = unknown,
  Admin = unknown,
  Record extends object = DefaultRecord,
  CallbackPool = unknown,
> {
  readonly #settings: Settings<Record>
  readonly #name: (tenant: TenantInput) => TenantNames
  readonly #engine: Engine<Pool, Admin, CallbackPool>
  /** Under which its tenant stands in the context of calls and requests. */
  readonly #place: string
  readonly #context: TenantContext<Record>
  readonly #directory: Directory<Record>
  readonly #tenants: Tenants
  readonly #templates: Templates

  /** @throws ConfigError with every mistake in the options */
  constructor(options: TenancyOptions<Pool, Admin, Record, CallbackPool>) {
    const settings = parseOptions(options)
    const { name, prefix, migrations, migrationsTable, rules } = settings
    // Two tenancies that were both left without a name must not take each other's tenant for theirs.
    const place = `${options.engine.name} ${prefix} ${name}`
    const context = new TenantContext<Record>(place)
    const naming = { prefix, limit: options.engine.nameLimit }
    this.#name = namer((tenant) => {
      const id = parseTenantId(tenant, rules)
      return Object.freeze({ id, schema: schemaNameOf(id, naming) })
    }, rules)
    this.#settings = settings
    this.#place = place
    this.#templates = options.engine.migrationTemplates
    this.#context = context
    this.#engine = options.engine.open({ tenancy: name, migrationsTable, scope: () => this.scope() })
    rememberEngine(this, this.#engine)
    this.#tenants = new Tenants({
      engine: this.#engine,
      tenancy: name,
      prefix,
      migrations,
      onChange: (id) => this.#directory.forget(id),
    })
    const { find, isSuspended, ...memory } = settings.directory
    const lookup = find === undefined ? this.#lookUpMark() : toLookup(find, isSuspended)
    this.#directory = createDirectory({ ...memory, lookup })
  }

  /** The drop-in pool: every query runs in the schema of the calling code's tenant, or not at all. */
  get pool(): Pool {
    return this.#engine.pool
  }

  /** The same pool with callbacks, on MySQL; undefined on PostgreSQL, whose pool takes both. */
  get callbackPool(): CallbackPool | undefined {
    return this.#engine.callbackPool
  }

  /** A plain pool of the driver's, for shared tables, sessions and queues. */
  get admin(): Admin {
    return this.#engine.admin
  }

  /** `tenant_acme`. @throws TenantIdError */
  schemaName(tenant: TenantInput): SchemaName {
    return this.#name(tenant).schema
  }

  /** Calls `work` with this tenant as the current one: jobs, scripts, tests. @throws TenantIdError */
  run<T>(tenant: TenantInput, work: () => T): T {
    return this.#context.run(this.#name(tenant), work)
  }

  /** Calls `work` with explicitly no tenant: `pool` then has the role's default search_path. */
  withoutTenant<T>(work: () => T): T {
    return this.#context.withoutTenant(work)
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
    return bindToContext(work)
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
    this.#directory.forget(this.#name(tenant).id)
  }

  /** Makes a tenant: its schema and all migrations, on PostgreSQL in one transaction. A failure leaves nothing. */
  create(tenant: TenantInput, options?: CreateOptions): Promise<CreateResult> {
    return this.#tenants.create(this.#name(tenant), options)
  }

  /** Runs pending migrations of one tenant, up to a version (inclusive), by steps, or all. */
  migrate(tenant: TenantInput, options?: MigrateOptions): Promise<MigrationResult> {
    return this.#tenants.migrate(this.#name(tenant), 'up', options)
  }

  /** Reverts migrations of one tenant: one step, or down to and including a version, by steps, or all. */
  rollback(tenant: TenantInput, target?: Target): Promise<MigrationResult> {
    return this.#tenants.migrate(this.#name(tenant), 'down', target)
  }

  /** Migrates all tenants, or some, some at a time: iterate over the outcomes, or await `.report()`. */
  migrateAll({
    tenants,
    ...options
  }: MigrateAllOptions & { tenants?: Iterable<TenantInput> } = {}): MigrationRun {
    const { concurrency = 4 } = options
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new ConfigError(['The option `concurrency` must be a whole number from 1.'])
    }
    // Named at once, so that a bad id stops the run before it begins.
    const named = tenants === undefined ? undefined : [...tenants].map(this.#name)
    return migrateAll({ engine: this.#engine, tenants: this.#tenants }, this.#namesOf(named), options)
  }

  /**
   * Drops a tenant with all its data.
   * @throws TenantNotFoundError, SchemaNotOursError, TenantInUseError where something outside stands on it
   */
  drop(tenant: TenantInput, options?: DropOptions): Promise<TenantResult> {
    return this.#tenants.drop(this.#name(tenant), options)
  }

  /** Whether there is such a tenant of this tenancy. */
  exists(tenant: TenantInput): Promise<boolean> {
    return this.#tenants.exists(this.#name(tenant))
  }

  /** All tenants, by schema name. */
  async list(): Promise<TenantInfo[]> {
    const all: TenantInfo[] = []
    for await (const tenant of this.#tenants.list()) all.push(tenant)
    return all
  }

  /** Takes over a schema that another tool made, with its record of migrations. */
  adopt(tenant: TenantInput): Promise<MigrationResult> {
    return this.#tenants.adopt(this.#name(tenant))
  }

  /**
   * Ends an interrupted migration that can't be gone on with before a person has looked, on MySQL.
   *
   * @param repair - `{ retry: true }`: the statement in doubt did nothing; `{ skip: true }`: it is done;
   * `{ mark: 'applied' }` or `{ mark: 'reverted' }`: all of the migration was brought to its end, or back, by hand
   * @throws MigrationTargetError where nothing is unfinished
   */
  repair(tenant: TenantInput, repair: Repair): Promise<RepairResult> {
    return this.#tenants.repair(this.#name(tenant), repair)
  }

  /** Stops serving a tenant: its requests are answered 403 or 503. */
  suspend(tenant: TenantInput): Promise<TenantResult> {
    return this.#setState(tenant, 'suspended')
  }

  /** Serves a suspended tenant again. */
  unsuspend(tenant: TenantInput): Promise<TenantResult> {
    return this.#setState(tenant, 'active')
  }

  /** Where a tenant stands: versions, pending migrations, missing files. */
  status(tenant: TenantInput): Promise<TenantStatus> {
    return this.#tenants.status(this.#name(tenant))
  }

  /** Writes a new, empty migration and tells its path. */
  newMigration(name: string, { kind = 'ts' }: { readonly kind?: MigrationKind } = {}): Promise<string> {
    return createMigrationFile(this.#settings.migrations, name, { kind, template: this.#templates[kind] })
  }

  /** Looks at the set-up in the database, changes nothing, and tells what is wrong: errors first. See docs/doctor.md. */
  async doctor(): Promise<readonly Finding[]> {
    const findings = (await this.#engine.diagnose?.(this.#settings.prefix)) ?? []
    return [...findings].sort((one, other) => one.severity.localeCompare(other.severity))
  }

  /** Ends the pools. */
  close(): Promise<void> {
    return this.#engine.close()
  }

  #setState(tenant: TenantInput, state: TenantState): Promise<TenantResult> {
    return this.#tenants.setState(this.#name(tenant), state)
  }

  #requestParts(): ExpressParts<Record> {
    return {
      name: this.#place,
      context: this.#context,
      directory: this.#directory,
      parse: (raw) => this.#name(raw as TenantInput),
    }
  }

  /** Without a directory of the application's: the marks in the database say who is a tenant. */
  #lookUpMark(): Lookup<Record> {
    return async (id) => {
      const names = this.#name(id)
      const state = await this.#tenants.find(names)
      return state && { state, record: { id, schema: names.schema } as unknown as Record }
    }
  }

  async *#namesOf(named: readonly TenantNames[] | undefined): AsyncGenerator<TenantNames> {
    if (named !== undefined) yield* named
    else yield* this.#tenants.names()
  }
}

/**
 * Makes a tenancy. Nothing is connected before it is used.
 *
 * @throws ConfigError with every mistake in the options
 */
export function createTenancy<Pool, Admin, Record extends object = DefaultRecord, CallbackPool = unknown>(
  options: TenancyOptions<Pool, Admin, Record, CallbackPool>,
): Tenancy<Pool, Admin, Record, CallbackPool> {
  return new Tenancy(options)
}
