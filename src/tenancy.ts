import type { EngineFactory, MigrationKind, Repair, TenantState } from './engine'
import { ConfigError } from './errors'
import { forEachTenant } from './explicit/for-each-tenant'
import type { ForEachOptions, ForEachReport } from './explicit/for-each-tenant'
import { queryAll } from './explicit/query-all'
import type { QueryAllOptions, TenantRow } from './explicit/query-all'
import { dryRun } from './fleet/dry-run'
import type { DryRun } from './fleet/dry-run'
import { migrateFleet } from './fleet/migrate-fleet'
import type { MigrationRun } from './fleet/migrate-fleet'
import type { FleetParts } from './fleet/plan-fleet'
import { parseControl } from './fleet/options'
import type { MigrateAllOptions } from './fleet/options'
import type { FleetReader, PlainRow } from './fleet-reader'
import type {
  DroppedInfo,
  DroppedResult,
  PurgeOptions,
  RenameResult,
  TenantDropOptions,
  UndropOptions,
} from './lifecycle/kept'
import type {
  CreateResult,
  MigrationResult,
  RepairResult,
  TenantInfo,
  TenantResult,
} from './lifecycle/results'
import type { BookEntry } from './lifecycle/book-entry'
import type { CreateOptions, MigrateOptions, TenantNames } from './lifecycle/options'
import { expectCount, KnowingTenancy } from './knowing-tenancy'
import { toldOf } from './observe/tenants'
import type { TenantAction } from './observe/tenants'
import { createMigrationFile } from './migrations/new-file'
import type { Target } from './migrations/target'
import type { TenancyOptions } from './options'
import type { DefaultRecord } from './scoped-tenancy'
import type { TenantInput } from './tenant/tenant-id'

type Templates = EngineFactory['migrationTemplates']

/** One set of tenants in one database: who they are, whose turn it is, and their births, migrations and ends. */
export class Tenancy<
  Pool = unknown,
  Admin = unknown,
  Record extends object = DefaultRecord,
  CallbackPool = unknown,
> extends KnowingTenancy<Pool, Admin, Record, CallbackPool> {
  readonly #templates: Templates

  /** @throws ConfigError with every mistake in the options */
  constructor(options: TenancyOptions<Pool, Admin, Record, CallbackPool>) {
    super(options)
    this.#templates = options.engine.migrationTemplates
  }

  /** Makes a tenant: its schema and all migrations, on PostgreSQL in one transaction. A failure leaves nothing. */
  create(tenant: TenantInput, options?: CreateOptions): Promise<CreateResult> {
    return this.#told('create', tenant, (names) => this.tenants.create(names, options))
  }

  /** Runs pending migrations of one tenant, up to a version (inclusive), by steps, or all. */
  migrate(tenant: TenantInput, options?: MigrateOptions): Promise<MigrationResult> {
    return this.#told('migrate', tenant, (names) => this.tenants.migrate(names, 'up', options))
  }

  /** Reverts migrations of one tenant: one step, or down to and including a version, by steps, or all. */
  rollback(tenant: TenantInput, target?: Target): Promise<MigrationResult> {
    return this.#told('rollback', tenant, (names) => this.tenants.migrate(names, 'down', target))
  }

  /**
   * Migrates all tenants, or some, some at a time: iterate over the outcomes, or await `.report()`.
   *
   * @throws ConfigError, TenantIdError at once; what concerns all tenants from the iteration or the report
   */
  migrateAll(options: MigrateAllOptions = {}): MigrationRun {
    return migrateFleet(this.#fleetOf(options), parseControl(options))
  }

  /** What `migrateAll` with these options would do. Writes nothing. @throws as its report does */
  async planAll(options: MigrateAllOptions = {}): Promise<DryRun> {
    return dryRun(this.#fleetOf(options), parseControl(options))
  }

  /**
   * Calls `work` once for each tenant, in its context, some at a time: all whole tenants, suspended ones included, or these.
   *
   * @returns how many went well, and with `onError: 'continue'` who did not
   * @throws TenantWorkError for the first error, with that as its `cause`; ConfigError
   */
  async forEachTenant(
    work: (tenant: string) => unknown,
    { tenants, ...options }: ForEachOptions & { tenants?: Iterable<TenantInput> } = {},
  ): Promise<ForEachReport> {
    expectCount(options.concurrency)
    const names = this.#namesOf(tenants)
    return forEachTenant(names, (names) => this.runAs(names, () => work(names.id)), options)
  }

  /**
   * Reads many tenants: one SELECT, which names their tables as `{schema}.widgets`, a batch of tenants in one statement, in a
   * transaction that can't write, on a connection of its own.
   *
   * @param sql - in the placeholders of the driver, `select id, name from {schema}.widgets where name = $1`
   * @returns each row with the tenant whose it is, as it comes
   * @throws TenantWorkError where a tenant's query fails; ConfigError
   */
  queryAll<Row extends object = PlainRow>(
    sql: string,
    values?: readonly unknown[],
    { tenants, ...options }: QueryAllOptions & { tenants?: Iterable<TenantInput> } = {},
  ): AsyncGenerator<TenantRow<Row>> {
    const parts = {
      openReader: () => this.openReader(),
      names: this.#namesOf(tenants),
      exists: async (names: TenantNames) => (await this.tenants.find(names)) !== undefined,
    }
    return queryAll(parts, sql, values, options) as AsyncGenerator<TenantRow<Row>>
  }

  /**
   * Opens a connection for tools that read many tenants, or run SQL in one after the other. Close it.
   * @throws ConfigError where the engine has no server
   */
  async openReader(): Promise<FleetReader> {
    if (this.engine.openReader !== undefined) return this.engine.openReader()
    throw new ConfigError(['This engine has no server that could be read.'])
  }

  /**
   * Drops a tenant with all its data, or, with `keep`, puts its data aside for so long.
   * @throws TenantNotFoundError, SchemaNotOursError, HookError; TenantInUseError where something outside stands on it;
   * TenantMoveError where it can't be put aside
   */
  drop(
    tenant: TenantInput,
    options: Extract<TenantDropOptions, { keep: string | number }>,
  ): Promise<DroppedResult>
  /** The same, at once. */
  drop(tenant: TenantInput, options?: TenantDropOptions): Promise<TenantResult>
  drop(tenant: TenantInput, { keep, cascade }: TenantDropOptions = {}): Promise<TenantResult> {
    const drop = (names: TenantNames): Promise<TenantResult> =>
      keep === undefined ? this.tenants.drop(names, { cascade }) : this.moves.drop(names, keep)
    return this.#told('drop', tenant, drop)
  }

  /**
   * Brings a tenant back that was dropped with `keep`: the newest, or one of several.
   * @throws TenantNotFoundError, TenantExistsError where there is a tenant of that id
   */
  undrop(tenant: TenantInput, options?: UndropOptions): Promise<TenantResult> {
    return this.#told('undrop', tenant, (names) => this.moves.undrop(names, options))
  }

  /** Dropped tenants whose data is kept: by schema name, of each the newest first. */
  listDropped(): Promise<DroppedInfo[]> {
    return this.moves.list()
  }

  /**
   * Drops the data of dropped tenants for good: of those whose time is over, or of this one in any case.
   * @returns what was dropped
   * @throws TenantNotFoundError where nothing is kept of the tenant, TenantInUseError without `cascade`
   */
  async purge({
    tenant,
    expired,
    ...options
  }: PurgeOptions &
    ({ expired: true; tenant?: undefined } | { tenant: TenantInput; expired?: undefined })): Promise<
    DroppedInfo[]
  > {
    if ((expired === true) === (tenant !== undefined))
      throw new ConfigError(['Say `expired: true`, or a `tenant`, and not both. Nothing was dropped.'])
    return this.moves.purge(tenant === undefined ? options : { ...options, tenant: this.nameOf(tenant) })
  }

  /**
   * Gives a tenant another id, and its schema the name of that.
   * @throws TenantNotFoundError, TenantExistsError, SchemaNotOursError; TenantMoveError where something would not come along
   */
  rename(tenant: TenantInput, newId: TenantInput): Promise<RenameResult> {
    return this.#told('rename', tenant, (names) => this.moves.rename(names, this.nameOf(newId)))
  }

  /** Whether there is such a tenant of this tenancy. */
  exists(tenant: TenantInput): Promise<boolean> {
    return this.tenants.exists(this.nameOf(tenant))
  }

  /** All tenants, by schema name. */
  async list(): Promise<TenantInfo[]> {
    const all: TenantInfo[] = []
    for await (const tenant of this.tenants.list()) all.push(tenant)
    return all
  }

  /** Takes over a schema that another tool made, with its record of migrations. */
  adopt(tenant: TenantInput): Promise<MigrationResult> {
    return this.#told('adopt', tenant, (names) => this.tenants.adopt(names))
  }

  /**
   * Ends an interrupted migration that can't be gone on with before a person has looked, on MySQL.
   *
   * @param repair - `{ retry: true }`: the statement in doubt did nothing; `{ skip: true }`: it is done;
   * `{ mark: 'applied' }` or `{ mark: 'reverted' }`: all of the migration was brought to its end, or back, by hand
   * @throws MigrationTargetError where nothing is unfinished
   */
  repair(tenant: TenantInput, repair: Repair): Promise<RepairResult> {
    return this.tenants.repair(this.nameOf(tenant), repair)
  }

  /**
   * Writes into a tenant's books that a migration is applied, or is not, and runs nothing: after it was done or undone by hand.
   *
   * @param version - of a file, 20261124101500
   * @returns what was written, as `migrate` and `rollback` tell it
   * @throws MigrationTargetError where no file has the version, or the books say so already; MigrationUnfinishedError
   */
  async mark(
    tenant: TenantInput,
    version: number | bigint | string,
    entry: BookEntry,
  ): Promise<MigrationResult> {
    if (entry !== 'applied' && entry !== 'reverted')
      throw new ConfigError(['Say `applied` or `reverted`. Nothing was changed.'])
    return this.tenants.mark(this.nameOf(tenant), version, entry)
  }

  /** Stops serving a tenant: its requests are answered 403 or 503. */
  suspend(tenant: TenantInput): Promise<TenantResult> {
    return this.#setState(tenant, 'suspended')
  }

  /** Serves a suspended tenant again. */
  unsuspend(tenant: TenantInput): Promise<TenantResult> {
    return this.#setState(tenant, 'active')
  }

  /** Writes a new, empty migration and tells its path. */
  newMigration(name: string, { kind = 'ts' }: { readonly kind?: MigrationKind } = {}): Promise<string> {
    return createMigrationFile(this.settings.migrations, name, { kind, template: this.#templates[kind] })
  }

  /** Ends the pools. */
  async close(): Promise<void> {
    await this.tenants.close()
    await this.engine.close()
  }

  /** Named at once, and drawn one by one. */
  #namesOf(tenants: Iterable<TenantInput> | undefined): AsyncIterable<TenantNames> {
    return tenants === undefined ? this.tenants.names() : oneByOne([...tenants].map(this.nameOf))
  }

  #fleetOf({ direction = 'up', tenants, ...options }: MigrateAllOptions): FleetParts {
    const { allowOutOfOrder, allowChanged, to, steps, all } = options
    return {
      ...this.placeOf(tenants),
      direction,
      options: { allowOutOfOrder, allowChanged, to, steps, all } as MigrateOptions,
      afterMigrate: (info) => this.tenants.afterMigrate(info),
    }
  }

  #setState(tenant: TenantInput, state: TenantState): Promise<TenantResult> {
    const action = state === 'active' ? 'unsuspend' : 'suspend'
    return this.#told(action, tenant, (names) => this.tenants.setState(names, state))
  }

  #told<T>(action: TenantAction, given: TenantInput, work: (names: TenantNames) => Promise<T>): Promise<T> {
    const names = this.nameOf(given)
    return toldOf({ tenancy: this.settings.name, action, tenant: names.id }, work(names))
  }
}

async function* oneByOne<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
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
