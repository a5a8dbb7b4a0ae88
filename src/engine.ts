import type { Answered, Returning } from './answered'
import type { Finding } from './doctor/finding'
import type { FleetReader } from './fleet-reader'
import type { PoolCounts } from './observe/pool-counts'
import type { LintFinding } from './lint-finding'
import type { Figures, Structures } from './schema-facts'
import type { SchemaMoves } from './schema-moves'
import type { Scope } from './tenant/context'
import type { NameLimit, SchemaName } from './tenant/schema-name'
import type { TenantId } from './tenant/tenant-id'
import type { EngineTransaction, TransactionLevel } from './transaction/level'
import type { TransactionOptions } from './transaction/options'

/** One file of the migration folder. */
export interface MigrationFile {
  /** File name without extension: what the bookkeeping table holds, `20261124101500_create_widgets`. */
  readonly name: string
  /** The 14-digit UTC number in front, `20261124101500`; below 2^53, so a number is exact. */
  readonly version: number
  /** Absolute path. */
  readonly path: string
}

/** Language of a migration. */
export type MigrationKind = 'ts' | 'js' | 'sql'

/** Forwards or back. */
export type Direction = 'up' | 'down'

/** One migration to run, in one direction. */
export interface MigrationStep {
  readonly file: MigrationFile
  readonly direction: Direction
}

/** Whether a tenant is served. */
export type TenantState = 'active' | 'suspended'

/** State in a mark: `creating` is a tenant that is made in several transactions and not yet whole, so nobody is served. */
export type MarkState = TenantState | 'creating'

/** The one row of `_rowhouse` that says whose a schema is. */
export interface Mark {
  /** Name of the tenancy that owns the schema. */
  readonly tenancy: string
  readonly tenant: string
  readonly state: MarkState
}

/** A schema that carries a mark. */
export interface MarkedSchema {
  readonly schema: string
  readonly mark: Mark
}

/** A migration that began and did not end, on an engine whose DDL is in no transaction. */
export interface UnfinishedMigration {
  /** File name without extension. */
  readonly name: string
  readonly direction: Direction
  /** Number of the statement that comes next, or that is in doubt, from 1. */
  readonly statement: number
  /** What the statement answered; undefined where the run was killed. */
  readonly error: string | undefined
}

/**
 * What a person says of an unfinished migration. `mark`: it was brought to its end, or back, by hand. `retry`: the statement
 * in doubt did nothing, the next run sends it again. `skip`: it is done, the next run goes on behind it.
 */
export type Repair =
  | { readonly mark: 'applied' | 'reverted'; readonly retry?: never; readonly skip?: never }
  | { readonly retry: true; readonly mark?: never; readonly skip?: never }
  | { readonly skip: true; readonly mark?: never; readonly retry?: never }

/** What stands in the database under one schema name. */
export interface SchemaReport {
  readonly exists: boolean
  /** Undefined: not marked, so not ours to touch. */
  readonly mark: Mark | undefined
  /** A migration that must be ended before another one runs. */
  readonly unfinished?: UnfinishedMigration | undefined
}

/** How long a connection for DDL may wait. */
export interface WorkerLimits {
  /** For another process that migrates the same tenant, and for each lock that a statement needs, in milliseconds. Default: the engine's option. */
  readonly lockTimeoutMs?: number | undefined
  /** A statement that takes longer is ended, in milliseconds. Default 0, which is never. */
  readonly statementTimeoutMs?: number | undefined
}

/** How far a tenant's migrations are. */
export interface MigrationProgress {
  /** The newest that is applied; undefined where none is. */
  readonly version: number | undefined
  /** Somebody is at it now. */
  readonly isMigrating: boolean
}

/** What the books of a tenant hold. */
export interface Books {
  /** The same text for equal books and for no others; part of what is compared before a plan is run. */
  readonly state: string
  /** Names of the applied migrations in the order they ran. */
  readonly applied: readonly string[]
  /** A migration that must be ended before another one runs. */
  readonly unfinished?: UnfinishedMigration | undefined
  /** Checksums of the applied files by name, on an engine that keeps them. */
  readonly checksums?: ReadonlyMap<string, string> | undefined
}

/** What a survey finds under one schema name. */
export interface SurveyedSchema {
  readonly schema: SchemaName
  readonly exists: boolean
  /** Undefined: not marked, so not ours to touch. */
  readonly mark: Mark | undefined
  /** An error where there is something else in their place. */
  readonly books: Books | Error
  /** False: the application lacks rights that `apply` would give it, also without a step. */
  readonly isSettled?: boolean
}

/** A schema that was surveyed and is to be migrated. */
export interface SurveyedTenant extends SurveyedSchema {
  readonly mark: Mark
  readonly books: Books
}

/** Steps that were loaded, turned into SQL and looked through; for any worker of the engine. */
export interface PreparedSteps {
  readonly steps: readonly MigrationStep[]
  /** What they will send, as far as that is known before, for people. */
  readonly sql: readonly string[]
}

/** One connection for DDL, apart from the request pool. Close it. */
export interface MigrationWorker {
  /** False once its connection is gone: close it and open another. */
  readonly isUsable: boolean
  /**
   * Calls `work` while no other process may migrate, create or drop this schema, in a session that no tenant before
   * has left anything in.
   * @throws MigrationLockedError when somebody else holds it, or what `work` needs, for longer than the lock timeout
   */
  withLock<T>(schema: SchemaName, tenant: TenantId, work: () => Promise<T>): Promise<T>
  inspect(schema: SchemaName): Promise<SchemaReport>
  /**
   * Names of the applied migrations in the order they were run; empty without a bookkeeping table.
   * @throws MigrationTargetError for a table of that name that is none of ours
   */
  readApplied(schema: SchemaName): Promise<readonly string[]>
  /** True where `create` goes on with what an interrupted one has made; otherwise that is to be dropped first. */
  readonly resumesCreation?: boolean
  /**
   * Makes schema, mark, bookkeeping and grants, and runs the steps; a failure leaves nothing of it, or, where the
   * connection was lost, a mark in the state `creating`.
   * @throws SchemaNotOursError, MigrationFailedError, MigrationRefusedError
   */
  create(schema: SchemaName, mark: Mark, steps: readonly MigrationStep[]): Promise<void>
  /**
   * Runs the steps in their order.
   * @throws MigrationFailedError with the versions that stay, MigrationRefusedError
   */
  apply(schema: SchemaName, tenant: TenantId, steps: readonly MigrationStep[]): Promise<void>
  /** Writes into the books that a step was run, and runs nothing. @throws MigrationTargetError for a table that is none of ours */
  note(schema: SchemaName, step: MigrationStep): Promise<void>
  /** Names of the schemas that begin with exactly this prefix and may be marked, by name; one question. */
  candidates(prefix: string): Promise<readonly SchemaName[]>
  /**
   * Marks and books of some schemas, in their order, in as few questions as can be.
   *
   * @param known - books by their state, shared by all that look at one fleet: each state is read once
   */
  survey(schemas: readonly SchemaName[], known: Map<string, Books>): Promise<readonly SurveyedSchema[]>
  /**
   * Makes steps ready for all tenants that need them.
   * @throws MigrationRefusedError, MigrationTargetError for one without a way down, MigrationFailedError for one that throws
   */
  prepare(steps: readonly MigrationStep[]): Promise<PreparedSteps>
  /**
   * Runs prepared steps for one tenant, if its mark and books are still what the survey found, under the locks of `withLock`
   * and in as few round trips as can be.
   *
   * @param options - `isThorough`: statement by statement, so that also an error that comes and goes (a lock) is told with its place
   * @returns false, with nothing done, where they are not: survey it anew
   * @throws MigrationLockedError, MigrationFailedError with the versions that stay, MigrationRefusedError
   */
  advance(
    tenant: SurveyedTenant,
    prepared: PreparedSteps,
    options?: { readonly isThorough?: boolean },
  ): Promise<boolean>
  /**
   * Makes a tenant with all that `create` makes, in one round trip.
   *
   * @returns false, with nothing done, where it can't be, or something is wrong: `create` does it, or says what is
   */
  birth?(schema: SchemaName, mark: Mark, prepared: PreparedSteps): Promise<boolean>
  /** The checksum of each file as it is now, by name, on an engine that keeps them. */
  checksums?(files: readonly MigrationFile[]): Promise<ReadonlyMap<string, string>>
  /**
   * Runs migrations up in a scratch schema and takes all of it back.
   *
   * @param pending - names of those that some tenant lacks; the others are run because these build on them
   * @returns how many of the pending ones were run; none behind one that can't be taken back
   * @throws MigrationRefusedError for one that reaches beyond its schema, MigrationFailedError
   */
  rehearse?(files: readonly MigrationFile[], pending: ReadonlySet<string>): Promise<number>
  /** Marks an existing schema as ours and takes over what another tool wrote of its migrations. */
  adopt(schema: SchemaName, mark: Mark, files: readonly MigrationFile[]): Promise<void>
  setState(schema: SchemaName, state: TenantState): Promise<void>
  /** @throws TenantInUseError where that would take along what stands outside of the schema, without `cascade` */
  drop(schema: SchemaName, tenant: TenantId, options?: DropOptions): Promise<void>
  /** Compares applied files with what they were; with `accept` they are taken as they are now. @throws MigrationChangedError */
  checkUnchanged?(schema: SchemaName, files: readonly MigrationFile[], accept: boolean): Promise<void>
  /** Describes a tenant without rows, to come back to it; undefined where it has rows, or can't be emptied for certain. */
  snapshot?(schema: SchemaName): Promise<string | undefined>
  /** Takes all rows out of what `snapshot` described; false, with nothing done, where it is not built as it was. */
  empty?(schema: SchemaName, snapshot: string): Promise<boolean>
  /** What can be done with schemas as a whole. Missing where there are none. */
  readonly moves?: SchemaMoves
  /** Tells how schemas are built. Missing where there are none. */
  readonly structures?: Structures
  /** Counts and sizes. Missing where there are none. */
  readonly figures?: Figures
  /** Ends what can't be known of an unfinished migration. Missing where there are none. */
  repair?(schema: SchemaName, repair: Repair): Promise<void>
  close(): Promise<void>
}

/** Options of `drop`. */
export interface DropOptions {
  /** Drop what stands on the tenant outside of its schema, too: views, columns, foreign keys, extensions. Default false. */
  readonly cascade?: boolean | undefined
}

/** What a tenancy tells its engine. */
export interface EngineSettings {
  /** Name of the tenancy, in marks and locks. */
  readonly tenancy: string
  /** Name of the bookkeeping table in each tenant. */
  readonly migrationsTable: string
  /** What the running call chain may touch. Read once, where the user calls. */
  readonly scope: () => Scope | undefined
  /** The transaction that the running call chain belongs to, which the pool's queries join. */
  readonly transaction: () => TransactionLevel | undefined
}

/** What a database must do for us. Implemented once per database, called by lifecycle and migrations. */
export interface Engine<Pool = unknown, Admin = unknown, CallbackPool = unknown> {
  /** The drop-in pool whose queries are scoped to the tenant of the call chain. */
  readonly pool: Pool
  /** The same pool with callbacks, where the driver has two faces. */
  readonly callbackPool?: CallbackPool
  /** A plain pool of the driver for shared tables; it knows nothing of tenants. */
  readonly admin: Admin
  /** Reads one mark with the application's own role. */
  readMark(schema: SchemaName): Promise<Mark | undefined>
  /** Every marked schema whose name begins with the prefix, whoever owns it, by name. */
  listMarked(prefix: string): AsyncIterable<MarkedSchema>
  /** How far a tenant's migrations are, with the application's own rights. To be called in the tenant's context. */
  readProgress?(schema: SchemaName): Promise<MigrationProgress>
  /** Begins a transaction on a connection of the pool, for the tenant of the caller. Missing where there is no server. */
  begin?(options: TransactionOptions): Promise<EngineTransaction>
  /** Sends one statement over the pool, for the tenant of the caller. Missing where there is no server. */
  send?(sql: string, values: readonly unknown[]): Promise<Answered>
  /** What the server's RETURNING is for. Missing where `send` is. */
  returning?(): Promise<Returning>
  /** Opens a connection for DDL. */
  openWorker(limits?: WorkerLimits): Promise<MigrationWorker>
  /** Opens a connection with the application's rights for reading many tenants. Missing where there is no server. */
  openReader?(): Promise<FleetReader>
  /** The pool's connections now. Missing where there is no server. */
  poolCounts?(): PoolCounts
  /** Looks at the set-up with its own and the application's eyes, and changes nothing. */
  diagnose?(prefix: string): Promise<readonly Finding[]>
  /** Looks through migrations without a database. Missing where there is no server. @throws MigrationFolderError */
  lint?(files: readonly MigrationFile[]): Promise<readonly LintFinding[]>
  /** Ends the pools. */
  close(): Promise<void>
}

/** An engine with its connection options, not yet open: what `postgres({...})` returns. */
export interface EngineFactory<Pool = unknown, Admin = unknown, CallbackPool = unknown> {
  /** Also the name of its sub-folder in the migration folder, and part of what tells tenancies apart. */
  readonly name: 'postgres' | 'mysql'
  readonly nameLimit: NameLimit
  /** What a new migration begins with. */
  readonly migrationTemplates: Readonly<Record<MigrationKind, string>>
  /** Makes pools; nothing is connected before they are used. */
  open(settings: EngineSettings): Engine<Pool, Admin, CallbackPool>
}
