import { createJiti } from 'jiti'
import { lilconfig } from 'lilconfig'
import { ConfigError } from '../errors'
import { postgres } from '../postgres/postgres'
import type { PostgresOptions } from '../postgres/postgres'
import { createTenancy } from '../tenancy'
import type { TenancyOptions } from '../options'
import type { Tenancy } from '../tenancy'

/** A tenancy of any engine and any record. */
export type AnyTenancy = Tenancy<unknown, unknown, object>

/** What a command needs. */
export interface Needs {
  /** False: it works on files alone, so that a project without a database yet can use it. Default true. */
  readonly database?: boolean
}

type AnyOptions = TenancyOptions<unknown, unknown, object>

/** What a JSON file can say: the engine by name, its options beside the tenancy's. */
interface PlainConfig extends Omit<AnyOptions, 'engine'>, Omit<PostgresOptions, 'options'> {
  readonly engine?: 'postgres' | undefined
}

const PLACES = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'].map((kind) => `rowhouse.config.${kind}`)

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
  return createTenancy(fromPlain(config, file, needs))
}

async function read(path: string | undefined): Promise<{ config: unknown; file: string } | undefined> {
  const load = async (file: string): Promise<unknown> => createJiti(file).import(file, { default: true })
  const loaders = Object.fromEntries(
    ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'].map((kind) => [kind, load]),
  )
  const explorer = lilconfig('rowhouse', { searchPlaces: PLACES, loaders })
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
  const { engine = 'postgres', name, prefix, migrations, migrationsTable, reserved, ...rest } = config
  if (engine !== 'postgres')
    throw new ConfigError([`The engine "${String(engine)}" of ${source} is not known. Known: "postgres".`])
  const connectionString = rest.connectionString ?? process.env.DATABASE_URL
  const migrationUrl = rest.migrationUrl ?? process.env.OWNER_URL
  if (database && connectionString === undefined && rest.host === undefined) {
    throw new ConfigError([
      `There is no database to work on in ${source}. Write a rowhouse.config.ts, or set DATABASE_URL (and OWNER_URL for the schemas' owner).`,
    ])
  }
  return {
    engine: postgres({ ...rest, connectionString, migrationUrl }),
    name,
    prefix,
    migrations,
    migrationsTable,
    reserved,
  }
}

function isTenancy(config: unknown): config is AnyTenancy {
  const tenancy = config as Partial<AnyTenancy> | null | undefined
  return typeof tenancy?.migrateAll === 'function' && typeof tenancy.create === 'function'
}
