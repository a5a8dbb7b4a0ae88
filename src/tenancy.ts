import type { Finding } from './doctor/finding'
import type { DropOptions, EngineFactory, MigrationKind, Repair, TenantState } from './engine'
import { dryRun } from './fleet/dry-run'
import type { DryRun } from './fleet/dry-run'
import { migrateFleet } from './fleet/migrate-fleet'
import type { MigrationRun } from './fleet/migrate-fleet'
import type { FleetParts } from './fleet/plan-fleet'
import { parseControl } from './fleet/options'
import type { MigrateAllOptions } from './fleet/options'
import type {
  CreateResult,
  MigrationResult,
  RepairResult,
  TenantInfo,
  TenantResult,
  TenantStatus,
} from './lifecycle/results'
import type { CreateOptions, MigrateOptions } from './lifecycle/options'
import { readMigrationFolder } from './migrations/folder'
import { createMigrationFile } from './migrations/new-file'
import type { Target } from './migrations/target'
import type { TenancyOptions } from './options'
import { ScopedTenancy } from './scoped-tenancy'
import type { DefaultRecord } from './scoped-tenancy'
import type { TenantInput } from './tenant/tenant-id'

type Templates = EngineFactory['migrationTemplates']

/** One set of tenants in one database: who they are, whose turn it is, and their births, migrations and ends. */
export class Tenancy<
  Pool = unknown,
  Admin = unknown,
  Record extends object = DefaultRecord,
  CallbackPool = unknown,
> extends ScopedTenancy<Pool, Admin, Record, CallbackPool> {
  readonly #templates: Templates

  /** @throws ConfigError with every mistake in the options */
  constructor(options: TenancyOptions<Pool, Admin, Record, CallbackPool>) {
    super(options)
    this.#templates = options.engine.migrationTemplates
  }

  /** Makes a tenant: its schema and all migrations, on PostgreSQL in one transaction. A failure leaves nothing. */
  create(tenant: TenantInput, options?: CreateOptions): Promise<CreateResult> {
    return this.tenants.create(this.nameOf(tenant), options)
  }

  /** Runs pending migrations of one tenant, up to a version (inclusive), by steps, or all. */
  migrate(tenant: TenantInput, options?: MigrateOptions): Promise<MigrationResult> {
    return this.tenants.migrate(this.nameOf(tenant), 'up', options)
  }

  /** Reverts migrations of one tenant: one step, or down to and including a version, by steps, or all. */
  rollback(tenant: TenantInput, target?: Target): Promise<MigrationResult> {
    return this.tenants.migrate(this.nameOf(tenant), 'down', target)
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
   * Drops a tenant with all its data.
   * @throws TenantNotFoundError, SchemaNotOursError, TenantInUseError where something outside stands on it
   */
  drop(tenant: TenantInput, options?: DropOptions): Promise<TenantResult> {
    return this.tenants.drop(this.nameOf(tenant), options)
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
    return this.tenants.adopt(this.nameOf(tenant))
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
    return this.tenants.status(this.nameOf(tenant))
  }

  /** Writes a new, empty migration and tells its path. */
  newMigration(name: string, { kind = 'ts' }: { readonly kind?: MigrationKind } = {}): Promise<string> {
    return createMigrationFile(this.settings.migrations, name, { kind, template: this.#templates[kind] })
  }

  /** Looks at the set-up in the database, changes nothing, and tells what is wrong: errors first. See docs/doctor.md. */
  async doctor(): Promise<readonly Finding[]> {
    const findings = (await this.engine.diagnose?.(this.settings.prefix)) ?? []
    return [...findings].sort((one, other) => one.severity.localeCompare(other.severity))
  }

  /** Ends the pools. */
  async close(): Promise<void> {
    await this.tenants.close()
    await this.engine.close()
  }

  #fleetOf({ direction = 'up', tenants, ...options }: MigrateAllOptions): FleetParts {
    const { allowOutOfOrder, allowChanged, to, steps, all } = options
    return {
      engine: this.engine,
      owner: { tenancy: this.settings.name, prefix: this.settings.prefix },
      readFiles: () => readMigrationFolder(this.settings.migrations),
      // Named at once, so that a bad id stops the run before it begins.
      names: tenants === undefined ? undefined : [...tenants].map(this.nameOf),
      direction,
      options: { allowOutOfOrder, allowChanged, to, steps, all } as MigrateOptions,
    }
  }

  #setState(tenant: TenantInput, state: TenantState): Promise<TenantResult> {
    return this.tenants.setState(this.nameOf(tenant), state)
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
