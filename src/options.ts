import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EngineFactory } from './engine'
import { ConfigError } from './errors'
import { hookProblems } from './lifecycle/hooks'
import type { Hooks } from './lifecycle/hooks'
import type { FindRecord } from './request/to-lookup'
import type { TenantIdRules } from './tenant/tenant-id'

/** What the directory of the request half remembers, and whom it asks. */
export interface DirectoryConfig<Record extends object> {
  /** Finds the application's own record of a tenant; undefined: the marks in the database are asked. */
  readonly find?: FindRecord<Record> | undefined
  /** Whether a record says that its tenant is suspended. Default: a truthy `suspended`. */
  readonly isSuspended?: ((record: Record) => boolean) | undefined
  /** Milliseconds a tenant is remembered. Default 30,000. */
  readonly ttlMs?: number | undefined
  /** Milliseconds it is remembered that there is no such tenant. Default 5,000. */
  readonly negativeTtlMs?: number | undefined
  /** Milliseconds that a lookup may take before it is answered 503. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** How many are remembered. Default 10,000. */
  readonly maxEntries?: number | undefined
}

/** Options of `createTenancy()`. */
export interface TenancyOptions<
  Pool,
  Admin,
  Record extends object,
  CallbackPool = unknown,
> extends TenantIdRules {
  /** The database: `postgres({ connectionString })` of `rowhouse/postgres`, or `mysql({ uri })` of `rowhouse/mysql`. */
  readonly engine: EngineFactory<Pool, Admin, CallbackPool>
  /** Tells several tenancies of one engine and prefix apart, in a process and in a database. Default `default`. */
  readonly name?: string | undefined
  /** In front of each tenant id, as it is. Default `tenant_`. */
  readonly prefix?: string | undefined
  /** Folder of the tenants' migrations. Default: `tenant-migrations/<engine>` if there is one, else `tenant-migrations`. */
  readonly migrations?: string | undefined
  /** Bookkeeping table in each tenant. Default `schema_migrations`. */
  readonly migrationsTable?: string | undefined
  /** The application's own list of tenants: a function that finds a record, or more. Its records become `req.tenant`. */
  readonly directory?: FindRecord<Record> | DirectoryConfig<Record> | undefined
  /** Code of the application in the life of a tenant: seeds, backups. */
  readonly hooks?: Hooks | undefined
}

/** Options, checked and complete. */
export interface Settings<Record extends object> {
  readonly name: string
  readonly prefix: string
  /** Absolute path. */
  readonly migrations: string
  readonly migrationsTable: string
  readonly rules: TenantIdRules
  readonly directory: DirectoryConfig<Record>
  readonly hooks: Hooks
}

const PREFIX = /^([a-z][a-z0-9_]*)?$/
const TABLE = /^[a-z_][a-z0-9_]{0,62}$/
const MAX_NAME_LENGTH = 63

/**
 * Checks the options of a tenancy and fills in the defaults.
 *
 * @throws {@link ConfigError} with every mistake at once
 */
export function parseOptions<Pool, Admin, Record extends object>(
  options: TenancyOptions<Pool, Admin, Record>,
): Settings<Record> {
  const {
    engine,
    name = 'default',
    prefix = 'tenant_',
    migrationsTable = 'schema_migrations',
    validate,
    reserved,
    hooks = {},
  } = options
  const problems: string[] = []
  if (typeof (engine as EngineFactory | undefined)?.open !== 'function') {
    problems.push(
      'The option `engine` must be an engine, such as postgres({ connectionString }) of rowhouse/postgres.',
    )
  }
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH) {
    problems.push(`The option \`name\` must be a text of 1 to ${MAX_NAME_LENGTH} characters.`)
  }
  if (typeof prefix !== 'string' || !PREFIX.test(prefix) || prefix.startsWith('pg_')) {
    problems.push(
      `The option \`prefix\` is ${JSON.stringify(prefix)} and must be lower-case letters, digits and "_", starting with a letter, not with "pg_".`,
    )
  }
  if (!TABLE.test(migrationsTable) || migrationsTable === '_rowhouse') {
    problems.push('The option `migrationsTable` must be a table name in lower case, and not "_rowhouse".')
  }
  problems.push(...hookProblems(hooks))
  if (problems.length > 0) throw new ConfigError(problems)
  const { directory = {} } = options
  return {
    name,
    prefix,
    migrations: resolve(options.migrations ?? defaultFolder(engine.name)),
    migrationsTable,
    rules: { validate, reserved },
    hooks,
    directory: typeof directory === 'function' ? { find: directory } : directory,
  }
}

function defaultFolder(engine: string): string {
  const own = join('tenant-migrations', engine)
  return existsSync(own) ? own : 'tenant-migrations'
}
