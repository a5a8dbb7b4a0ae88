import { createJiti } from 'jiti'
import { lilconfig } from 'lilconfig'
import { ConfigError } from '../errors'
import type { EngineFactory } from '../engine'
import type { MysqlOptions } from '../mysql/mysql'
import type { PostgresOptions } from '../postgres/postgres'
import { createTenancy } from '../tenancy'
import type { TenancyOptions } from '../options'
import type { Tenancy } from '../tenancy'
import { unknownKeys } from './plain-keys'

/** A tenancy of any engine and any record. */
export type AnyTenancy = Tenancy<unknown, unknown, object, unknown>

/** What a command needs. */
export interface Needs {
  /** False: it works on files alone, so that a project without a database yet can use it. Default true. */
  readonly database?: boolean
}

type AnyOptions = TenancyOptions<unknown, unknown, object>

/** What a JSON file can say: the engine by name, its options beside the tenancy's. */
interface PlainConfig extends Omit<AnyOptions, 'engine'> {
  readonly engine?: string | undefined
  readonly [option: string]: unknown
}

/** An engine by its name, and where its connections come from. */
interface KnownEngine {
  readonly urls: readonly [application: string, owner: string]
  readonly make: (options: Readonly<Record<string, unknown>>, urls: Urls) => EngineFactory
}

interface Urls {
  readonly url: string | undefined
  readonly migrationUrl: string | undefined
}

/* eslint-disable @typescript-eslint/no-require-imports -- a project has one of the two drivers, and import() would want ".js" */
const ENGINES: Readonly<Record<string, KnownEngine>> = {
  postgres: {
    urls: ['DATABASE_URL', 'OWNER_URL'],
    make(options, { url, migrationUrl }) {
      const { postgres } = require('../postgres/postgres') as typeof import('../postgres/postgres')
      return postgres({ ...(options as PostgresOptions), connectionString: url, migrationUrl })
    },
  },
  mysql: {
    urls: ['MYSQL_URL', 'MYSQL_OWNER_URL'],
    make(options, { url, migrationUrl }) {
      const { mysql } = require('../mysql/mysql') as typeof import('../mysql/mysql')
      return mysql({ ...(options as MysqlOptions), ...(url === undefined ? {} : { uri: url }), migrationUrl })
    },
  },
}
/* eslint-enable @typescript-eslint/no-require-imports */

/** How a configuration may be called. */
export const CONFIG_FILES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'].map(
  (kind) => `rowhouse.config.${kind}`,
)

/**
 * Finds `rowhouse.config.{ts,js,mjs,json}` here or above and makes the tenancy it describes. It may export a tenancy, the
 * options of one, or (JSON) plain values. Without a file, DATABASE_URL and OWNER_URL are taken.
 *
 * @param path - a file to take instead
 * @throws ConfigError when there is nothing to connect to, or the file is not what it should be
 */
export async function loadTenancy(path: string | undefined, needs: Needs = {}): Promise<AnyTenancy> {
  const found = await read(path)
  if (found === undefined) return createTenancy(fromPlain({}, 'the environment', needs))
  const { config, file } = found
  if (isTenancy(config)) return config
  if (typeof config !== 'object' || config === null) {
    throw new ConfigError([
      `${file} must export a tenancy or its options (export default { engine: postgres({...}) }).`,
    ])
  }
  const engine: unknown = 'engine' in config ? config.engine : undefined
  if (typeof engine === 'object' && engine !== null) return createTenancy(config as AnyOptions)
  return createTenancy(fromPlain(config as PlainConfig, file, needs))
}

async function read(path: string | undefined): Promise<{ config: unknown; file: string } | undefined> {
  const load = async (file: string): Promise<unknown> => createJiti(file).import(file, { default: true })
  const loaders = Object.fromEntries(
    ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'].map((kind) => [kind, load]),
  )
  const explorer = lilconfig('rowhouse', { searchPlaces: CONFIG_FILES, loaders })
  try {
    const result = path === undefined ? await explorer.search() : await explorer.load(path)
    return result ? { config: result.config as unknown, file: result.filepath } : undefined
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const file = path ?? 'rowhouse.config'
    const problem =
      code === 'ENOENT' ? `There is no config file at ${file}.` : `${file} can't be read: ${message}`
    throw new ConfigError([problem], { cause })
  }
}

function fromPlain(config: PlainConfig, source: string, { database = true }: Needs): AnyOptions {
  const {
    engine = defaultEngine(),
    name,
    prefix,
    migrations,
    migrationsTable,
    reserved,
    ...connection
  } = config
  const { connectionString, uri, migrationUrl: owner, ...rest } = connection
  const known = Object.hasOwn(ENGINES, engine) ? ENGINES[engine] : undefined
  if (known === undefined) {
    const names = Object.keys(ENGINES).map((one) => `"${one}"`)
    throw new ConfigError([`The engine "${engine}" of ${source} is not known. Known: ${names.join(', ')}.`])
  }
  const problems = unknownKeys(config, engine, source)
  if (problems.length > 0) throw new ConfigError(problems)
  const url = asUrl(connectionString ?? uri, known.urls[0])
  const migrationUrl = asUrl(owner, known.urls[1])
  if (database && url === undefined && rest.host === undefined) {
    throw new ConfigError([
      `There is no database to work on in ${source}. Write a rowhouse.config.ts, or set DATABASE_URL (and OWNER_URL for the ` +
        'owner of the schemas), or for MySQL MYSQL_URL (and MYSQL_OWNER_URL).',
    ])
  }
  const made = known.make(rest, { url, migrationUrl })
  return { engine: made, name, prefix, migrations, migrationsTable, reserved }
}

function asUrl(given: unknown, variable: string): string | undefined {
  return (given as string | undefined) ?? process.env[variable]
}

function defaultEngine(): string {
  return process.env.DATABASE_URL === undefined && process.env.MYSQL_URL !== undefined ? 'mysql' : 'postgres'
}

function isTenancy(config: unknown): config is AnyTenancy {
  const tenancy = config as Partial<AnyTenancy> | null | undefined
  return typeof tenancy?.migrateAll === 'function' && typeof tenancy.create === 'function'
}
