import * as mysql2 from 'mysql2'
import type { Pool as CallbackPool, PoolOptions, ResultSetHeader, RowDataPacket } from 'mysql2'
import type { ConnectionOptions, Pool } from 'mysql2/promise'
import type { Answered, Returning } from '../answered'
import type { Engine, EngineFactory, EngineSettings } from '../engine'
import { ConfigError } from '../errors'
import { once } from '../once'
import { outsideTenants } from '../tenant/context'
import { diagnose } from './diagnose'
import type { WirePool } from './driver'
import { openFleetReader } from './fleet-reader'
import { lintFiles } from './lint-files'
import { createMigrationLoader } from './load-migrations'
import { listMarked, readMark } from './marks'
import { MIGRATION_TEMPLATES } from './migration-templates'
import { openMigrationWorker } from './migration-worker'
import { readProgress } from './progress'
import { createTenantPool } from './pool'
import { withoutEmptyUri } from './scoping-options'
import type { ScopingOptions } from './scoping-options'
import { isFrom, readVersion } from './server-version'

/** Options of the MySQL and MariaDB engine. */
export interface MysqlOptions extends ScopingOptions {
  /**
   * Connection of the databases' owner, for DDL and migrations: direct, never through a proxy. Default: the application's
   * own connection.
   */
  readonly migrationUrl?: string | undefined
  /**
   * Account to be granted the use of the tenants' databases, `app` or `app@10.0.0.%`. Default: the one that the server
   * takes the application for. False: you grant it yourself.
   */
  readonly applicationUser?: string | false | undefined
  /**
   * How long to wait for another process that migrates the same tenant, and how long a statement of a migration waits for a
   * table or a row that an open transaction holds (the server counts whole seconds there, from 1), in milliseconds. Default
   * 10,000.
   */
  readonly lockTimeoutMs?: number | undefined
  /** Connections of the plain pool for shared tables, opened on demand. Default 2. */
  readonly adminMax?: number | undefined
}

// "Identifier Length Limits" of the manuals: 64 characters, not bytes.
const NAME_LIMIT = { max: 64, unit: 'characters' } as const

/**
 * The MySQL and MariaDB engine: a database per tenant. Nothing is connected before it is used.
 *
 * @param options - as `createPool` of mysql2 takes them, `{ uri: 'mysql://app@db/main' }`, and {@link MysqlOptions}
 * @throws ConfigError for options that scoping can't be safe with
 */
export function mysql(options: MysqlOptions): EngineFactory<Pool, Pool, CallbackPool> {
  const { lockTimeoutMs = 0, adminMax = 1, isolation = 'database', migrationUrl, applicationUser } = options
  const problems: string[] = []
  if (!(lockTimeoutMs >= 0)) problems.push('The option `lockTimeoutMs` is a number of milliseconds.')
  if (!Number.isSafeInteger(adminMax) || adminMax < 1)
    problems.push('The option `adminMax` is a whole number from 1.')
  if (isolation === 'role' && (migrationUrl === undefined || applicationUser === false))
    problems.push(
      'The option `isolation: "role"` needs `migrationUrl`, an owner who makes a role for each tenant and grants it: an account ' +
        'that could do so itself would have all rights in all tenants. `applicationUser: false` is not for it.',
    )
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    name: 'mysql',
    nameLimit: NAME_LIMIT,
    migrationTemplates: MIGRATION_TEMPLATES,
    open: (settings) => open(options, settings),
  }
}

function open(options: MysqlOptions, settings: EngineSettings): Engine<Pool, Pool, CallbackPool> {
  const { migrationUrl, applicationUser, lockTimeoutMs = 10_000, adminMax = 2, ...scoping } = options
  const { hygiene: _hygiene, switch: _switch, statementBudget: _budget, ...less } = scoping
  const { isolation = 'database', ...unscoped } = less
  const { maxPerTenant: _share, acquireTimeoutMs: _wait, ...given } = unscoped
  const connection = withoutEmptyUri(given)
  const { scope, transaction } = settings
  const { pool, callbackPool, begin, poolCounts } = createTenantPool({ ...scoping, scope, transaction })
  const admin = createAdminPool({ ...connection, connectionLimit: adminMax })
  const worker = {
    connection: ownerConnection(migrationUrl, connection),
    application: once(async () => {
      if (applicationUser !== undefined)
        return applicationUser === false ? undefined : withHost(applicationUser)
      return migrationUrl === undefined ? undefined : accountOf(admin)
    }),
    isolation,
    migrationsTable: settings.migrationsTable,
    loader: createMigrationLoader(),
  }
  const patient = {
    ...{ callbackPool, admin, statementBudget: scoping.statementBudget, switch: scoping.switch },
    owner: migrationUrl === undefined ? undefined : worker.connection,
    ...{ isolation, tenancy: settings.tenancy },
  }
  return {
    pool,
    callbackPool,
    admin,
    begin,
    send: (sql, values) => sendOver(pool, sql, values),
    returning: once(async () => returningOf(await versionOf(admin))),
    readMark: (schema) => readMark(admin, schema),
    readProgress: (schema) => readProgress(pool, schema, settings.migrationsTable),
    listMarked: (prefix) => listMarked(admin, prefix),
    openWorker: ({ lockTimeoutMs: wait = lockTimeoutMs, statementTimeoutMs = 0 } = {}) =>
      openMigrationWorker({ ...worker, lockTimeoutMs: wait, statementTimeoutMs }),
    openReader: () => openFleetReader({ connection, isolation }),
    poolCounts,
    diagnose: (prefix) => diagnose(patient, prefix),
    lint: (files) => lintFiles(worker.loader, files),
    async close() {
      // A library that was given the pool may have ended it.
      const { _closed: isEnded } = callbackPool as unknown as WirePool
      await Promise.all([isEnded ? undefined : pool.end(), admin.end()])
    },
  }
}

async function sendOver(pool: Pool, sql: string, values: readonly unknown[]): Promise<Answered> {
  const [answer] = await pool.query<RowDataPacket[] | ResultSetHeader>({
    ...{ sql, values: [...values], rowsAsArray: false, nestTables: false, namedPlaceholders: false },
  })
  if (Array.isArray(answer)) return { rows: answer, affected: answer.length }
  return { rows: [], affected: answer.affectedRows, insertId: answer.insertId }
}

/** A plain pool. Its sockets open outside every tenant, so that no callback of the driver finds a stranger's. */
function createAdminPool(options: PoolOptions): Pool {
  const pool = mysql2.createPool(options)
  const getConnection = pool.getConnection.bind(pool)
  pool.getConnection = (callback) => outsideTenants(() => getConnection(callback))
  return pool.promise()
}

function ownerConnection(url: string | undefined, connection: PoolOptions): ConnectionOptions {
  if (url === undefined) return connection
  return { uri: url, ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }) }
}

async function versionOf(admin: Pool): Promise<string> {
  const [rows] = await admin.query('select version() as version')
  return (rows as { version: string }[])[0]!.version
}

/** MariaDB: INSERT ... RETURNING since 10.5, DELETE ... RETURNING since 10.0, no UPDATE ... RETURNING (its manual). MySQL: none. */
function returningOf(text: string): Returning {
  const version = readVersion(text)
  return new Set(version.isMariadb && isFrom(version, 10, 5) ? ['insert', 'delete'] : [])
}

/** The account that the server takes the application for, host pattern included: GRANT needs both. */
async function accountOf(admin: Pool): Promise<string> {
  const [rows] = await admin.query('select current_user() as account')
  return (rows as { account: string }[])[0]!.account
}

function withHost(account: string): string {
  return account.includes('@') ? account : `${account}@%`
}
