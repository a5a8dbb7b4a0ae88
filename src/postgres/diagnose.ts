import type { Pool } from 'pg'
import { judgePostgres } from '../doctor/postgres'
import type { DefaultPath, PostgresFacts } from '../doctor/postgres'
import type { ConnectionFacts } from '../doctor/connections'
import type { Finding } from '../doctor/finding'
import { failedBy } from '../doctor/migrations-connection'
import type { MigrationsConnection } from '../doctor/migrations-connection'
import type { TenantRights } from '../doctor/postgres-rights'
import type { MigrationWorker } from '../engine'
import { PoolerError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readBackends } from './backends'
import { readRoles } from './diagnose-roles'
import * as sql from './diagnose-sql'
import { listMarked, MARK_TABLE } from './marks'
import type { ScopingOptions } from './scoping-options'
import { canonicalPath } from './search-path'

/** Whom to ask, and what of. */
export interface DiagnoseParts {
  readonly pool: Pool
  /** Asked as the application's role, outside of every tenant. */
  readonly admin: Pool
  readonly scoping: ScopingOptions
  readonly tenancy: string
  readonly migrationsTable: string
  readonly sharedSchemas: readonly string[]
  /** The owner is another role. */
  readonly hasOwner: boolean
  /** Opens the connection of `migrationUrl`; undefined without. */
  readonly openOwner: (() => Promise<MigrationWorker>) | undefined
}

/** How many tenants are looked into. */
const SAMPLE = 20

interface TenantRow extends Omit<TenantRights, 'isKnown'> {
  readonly relations: number
}

interface ServerRow {
  readonly number: number
  readonly text: string
  readonly role: string
  readonly isSuperuser: boolean
  readonly bypassesRls: boolean
  readonly connections: number
  readonly reserved: number
  readonly roleLimit: number
  readonly databaseLimit: number
  readonly locks: number
  readonly prepared: number
}

/** Looks at a set-up, changes nothing, and tells what is wrong. */
export async function diagnose(parts: DiagnoseParts, prefix: string): Promise<Finding[]> {
  // With `mode: 'local'` another backend with each transaction is as it should be.
  const backends = parts.scoping.mode === 'local' ? { rounds: [] } : await readBackends(parts.scoping)
  const owner = await openOwner(parts)
  try {
    return judgePostgres({
      backends,
      migrations: owner.connection,
      ...(await readFacts(parts, prefix, owner.worker)),
    })
  } finally {
    await owner.worker?.close()
  }
}

interface OpenOwner {
  readonly worker?: MigrationWorker
  readonly connection: MigrationsConnection
}

async function openOwner({ openOwner: open }: DiagnoseParts): Promise<OpenOwner> {
  if (open === undefined) return { connection: { state: 'none' } }
  try {
    return { worker: await open(), connection: { state: 'direct' } }
  } catch (error) {
    if (error instanceof PoolerError) return { connection: { state: 'indirect' } }
    return { connection: failedBy(error) }
  }
}

async function readFacts(
  parts: DiagnoseParts,
  prefix: string,
  owner: MigrationWorker | undefined,
): Promise<Omit<PostgresFacts, 'backends' | 'migrations'>> {
  const { admin, sharedSchemas, hasOwner } = parts
  const [server] = await ask<ServerRow>(admin, sql.SERVER)
  const { number, text, role, isSuperuser, bypassesRls } = server!
  const tenants = await readTenants(parts, prefix, owner)
  const schemas = tenants.map(({ schema }) => schema)
  const major = Math.floor(number / 10_000)
  const creatable = await ask<{ schema: string }>(admin, sql.CREATABLE, [['public', ...sharedSchemas]])
  return {
    version: { major, text },
    rights: {
      ...{ role, isSuperuser, bypassesRls, tenants, hasOwner },
      creatable: creatable.map(({ schema }) => schema),
    },
    roles: parts.scoping.isolation === 'role' ? await readRoles(admin, schemas, major) : undefined,
    defaultPaths: await readDefaultPaths(admin, schemas),
    doubled: await readDoubled(parts, schemas),
    extensions: await ask(admin, sql.EXTENSIONS, [schemas]),
    locks: locksOf(server!, tenants),
    connections: connectionsOf(server!, parts),
  }
}

/** The tenants of this tenancy, and those of which nobody could say whose they are. */
async function readTenants(
  { admin, tenancy }: DiagnoseParts,
  prefix: string,
  owner: MigrationWorker | undefined,
): Promise<(TenantRights & TenantRow)[]> {
  const rows = await ask<TenantRow>(admin, sql.TENANTS, [MARK_TABLE, prefix])
  const tenancies = new Map<string, string>()
  for await (const { schema, mark } of listMarked(admin, prefix)) tenancies.set(schema, mark.tenancy)
  const shut = rows.filter(({ schema }) => !tenancies.has(schema))
  for (const { schema } of shut.slice(0, SAMPLE)) {
    const mark = (await owner?.inspect(schema as SchemaName))?.mark
    if (mark !== undefined) tenancies.set(schema, mark.tenancy)
  }
  return rows
    .filter(({ schema }) => (tenancies.get(schema) ?? tenancy) === tenancy)
    .map((row) => ({ ...row, isKnown: tenancies.has(row.schema) }))
}

async function readDefaultPaths(admin: Pool, schemas: readonly string[]): Promise<DefaultPath[]> {
  const rows = await ask<{ role: string | null; database: string | null; path: string }>(
    admin,
    sql.DEFAULT_PATHS,
  )
  return rows.map(({ role, database, path }) => {
    const where = [role === null ? [] : `role "${role}"`, database === null ? [] : `database "${database}"`]
    const canonical = canonicalPath(path) ?? ''
    return {
      where: where.flat().join(' in ') || 'server (of all roles)',
      path,
      tenant: schemas.find((schema) => canonical.split(',').includes(`"${schema}"`)),
    }
  })
}

async function readDoubled(
  { admin, sharedSchemas, migrationsTable }: DiagnoseParts,
  schemas: readonly string[],
): Promise<PostgresFacts['doubled']> {
  // Spread over all of them: tenants that were made at the same time look alike.
  const step = Math.max(1, schemas.length / SAMPLE)
  const sample = schemas.filter(
    (_schema, index) => Math.floor(index / step) !== Math.floor((index - 1) / step),
  )
  const own = [MARK_TABLE, migrationsTable]
  return {
    tables: sharedSchemas.length === 0 ? [] : await ask(admin, sql.DOUBLED, [sharedSchemas, sample, own]),
    lookedAt: sample.length,
    tenants: schemas.length,
  }
}

function locksOf(
  { locks, connections, prepared }: ServerRow,
  tenants: readonly TenantRow[],
): PostgresFacts['locks'] {
  const largest = tenants.reduce<TenantRow | undefined>(
    (most, tenant) => (most === undefined || tenant.relations > most.relations ? tenant : most),
    undefined,
  )
  return {
    capacity: locks * (connections + prepared),
    sum: `max_locks_per_transaction ${locks} * (max_connections ${connections} + max_prepared_transactions ${prepared})`,
    largest,
  }
}

function connectionsOf(
  { connections, reserved, roleLimit, databaseLimit, role }: ServerRow,
  { pool, admin }: DiagnoseParts,
): ConnectionFacts {
  const limits = [
    {
      available: connections - reserved,
      limit: `max_connections ${connections}, ${reserved} of them reserved`,
    },
    { available: roleLimit, limit: `CONNECTION LIMIT of role "${role}"` },
    { available: databaseLimit, limit: 'CONNECTION LIMIT of the database' },
  ].filter(({ available }) => available >= 0)
  const least = limits.reduce((one, other) => (other.available < one.available ? other : one))
  return { pool: pool.options.max, admin: admin.options.max, ...least }
}

async function ask<Row extends object>(
  pool: Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return (await pool.query<Row & Record<string, unknown>>(text, [...values])).rows
}
