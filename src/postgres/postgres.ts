import { Client } from 'pg'
import type { ClientConfig, Pool, PoolConfig } from 'pg'
import type { Returning } from '../answered'
import type { Engine, EngineFactory, EngineSettings, MigrationWorker, WorkerLimits } from '../engine'
import { ConfigError } from '../errors'
import { WITHOUT_TENANT } from '../tenant/context'
import { diagnose } from './diagnose'
import { openFleetReader } from './fleet-reader'
import { lintFiles } from './lint-files'
import { listMarked, readMark } from './marks'
import { MIGRATION_TEMPLATES } from './migration-templates'
import { openMigrationWorker } from './migration-worker'
import { BEGIN } from './joined-loan'
import type { BeginningPool } from './joined-loan'
import { TenantPool } from './pool'
import type { ScopingOptions } from './scoping-options'
import { readProgress } from './progress'
import { createMigrationRenderer } from './render-migration'
import { scopingProblems } from './scoping-problems'

/** Options of the PostgreSQL engine. */
export interface PostgresOptions extends ScopingOptions {
  /**
   * Connection of the schemas' owner, for DDL and migrations: direct, never through a pooler of transactions. Default:
   * the application's own connection.
   */
  readonly migrationUrl?: string | undefined
  /** Role to be granted the use of the tenants' schemas. Default: the one that the application connects as. */
  readonly applicationRole?: string | undefined
  /** How long to wait for another process that migrates the same tenant, in milliseconds. Default 10,000. */
  readonly lockTimeoutMs?: number | undefined
  /** Connections of the plain pool for shared tables, opened on demand. Default 2. */
  readonly adminMax?: number | undefined
}

// PostgreSQL cuts a longer name without an error (NAMEDATALEN - 1, "Identifiers and Key Words" of its manual).
const NAME_LIMIT = { max: 63, unit: 'bytes' } as const

/**
 * The PostgreSQL engine: a schema per tenant, scoped by search_path. Nothing is connected before it is used.
 *
 * @param options - as `pg.Pool` takes them, and {@link PostgresOptions}
 * @throws ConfigError for options that scoping can't be safe with
 */
export function postgres(options: PostgresOptions): EngineFactory<Pool, Pool> {
  const problems = problemsOf(options)
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    name: 'postgres',
    nameLimit: NAME_LIMIT,
    migrationTemplates: MIGRATION_TEMPLATES,
    open: (settings) => open(options, settings),
  }
}

function open(options: PostgresOptions, settings: EngineSettings): Engine<Pool, Pool> {
  const {
    migrationUrl,
    applicationRole,
    sharedSchemas = [],
    hygiene,
    pooler,
    mode,
    isolation = 'schema',
    maxPerTenant,
    maxTenantsPerConnection,
    lockTimeoutMs = 10_000,
    adminMax = 2,
    ...connection
  } = options
  const scoping = {
    ...{
      scope: settings.scope,
      transaction: settings.transaction,
      sharedSchemas,
      hygiene,
      pooler,
      mode,
      isolation,
    },
    ...{ maxPerTenant, maxTenantsPerConnection },
  }
  const pool = new TenantPool({ ...connection, ...scoping })
  // The same class, so that a callback of it never sees the tenant who happened to open its connection.
  const admin = new TenantPool({
    ...connection,
    max: adminMax,
    scope: () => WITHOUT_TENANT,
    pooler,
    mode,
    isolation,
  })
  const worker = {
    connection: ownerConnection(migrationUrl, connection),
    applicationRole: applicationRole ?? roleBeside(migrationUrl, connection),
    isolation,
    sharedSchemas,
    migrationsTable: settings.migrationsTable,
    lockTimeoutMs,
    renderer: createMigrationRenderer(),
  }
  const openWorker = (limits?: WorkerLimits): Promise<MigrationWorker> => openMigrationWorker(worker, limits)
  const patient = {
    ...{ pool, admin, sharedSchemas, tenancy: settings.tenancy, migrationsTable: settings.migrationsTable },
    scoping: { ...connection, hygiene, pooler, mode, isolation },
    hasOwner: roleBeside(migrationUrl, connection) !== undefined,
    openOwner: migrationUrl === undefined ? undefined : openWorker,
  }
  return {
    pool,
    admin,
    readMark: (schema) => readMark(admin, schema),
    listMarked: (prefix) => listMarked(admin, prefix),
    readProgress: (schema) => readProgress(pool, schema, settings.migrationsTable),
    begin: (options) => (pool as BeginningPool)[BEGIN](options),
    async send(sql, values) {
      const { rows, rowCount } = await pool.query<object>(sql, [...values])
      return { rows, affected: rowCount ?? 0 }
    },
    returning: async () => RETURNING,
    openWorker,
    openReader: () => openFleetReader({ connection, sharedSchemas, isolation }),
    poolCounts: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    diagnose: (prefix) => diagnose(patient, prefix),
    lint: (files) => lintFiles(worker, files),
    async close() {
      // A library that was given the pool may have ended it.
      await Promise.all([pool.ending ? undefined : pool.end(), admin.end()])
    },
  }
}

const RETURNING: Returning = new Set(['insert', 'update', 'delete'])

/** Limits on how long a query of the application may take are not meant for migrations. */
function ownerConnection(
  url: string | undefined,
  { statement_timeout: _s, query_timeout: _q, lock_timeout: _l, ...rest }: PoolConfig,
): ClientConfig {
  return url === undefined
    ? rest
    : { connectionString: url, ...(rest.ssl === undefined ? {} : { ssl: rest.ssl }) }
}

/** The application's role, where the owner is another one. */
function roleBeside(url: string | undefined, connection: PoolConfig): string | undefined {
  if (url === undefined) return undefined
  const [owner, application] = [{ connectionString: url }, connection].map(
    (config) => new Client(config).user,
  )
  return owner === application ? undefined : application
}

function problemsOf(all: PostgresOptions): string[] {
  const { lockTimeoutMs = 0, migrationUrl, applicationRole, ...options } = all
  const problems = scopingProblems(options)
  if (options.isolation === 'role' && (applicationRole ?? roleBeside(migrationUrl, options)) === undefined)
    problems.push(
      'The option `isolation: "role"` needs `migrationUrl`, an owner who makes a role for each tenant, and an application that ' +
        'connects as another role: an owner has all rights in all tenants.',
    )
  if (!(lockTimeoutMs >= 0)) problems.push('The option `lockTimeoutMs` is a number of milliseconds.')
  return problems
}
