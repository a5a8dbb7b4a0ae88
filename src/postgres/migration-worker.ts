import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, escapeIdentifier } from 'pg'
import type { ClientConfig } from 'pg'
import type { MigrationWorker } from '../engine'
import { MigrationLockedError, PoolerError, SchemaNotOursError } from '../errors'
import { outsideTenants } from '../tenant/context'
import { applyRun, prepareRun } from './apply-migrations'
import type { RunTools } from './apply-migrations'
import { Bookkeeping } from './bookkeeping'
import { grantExisting, grantReading, grantUse } from './grants'
import { MARK_TABLE, readMark, writeMark, writeState } from './marks'
import type { MigrationRenderer } from './render-migration'

/** What a worker is opened with. */
export interface WorkerOptions {
  /** The owner's connection. */
  readonly connection: ClientConfig
  /** Role that is granted the use of new schemas; undefined where the owner is the application itself. */
  readonly applicationRole: string | undefined
  readonly sharedSchemas: readonly string[]
  readonly migrationsTable: string
  readonly lockTimeoutMs: number
  readonly renderer: MigrationRenderer
}

/** node-pg-migrate's own lock: held in common by ours, so that its plain CLI stays out meanwhile (PG_MIGRATE_LOCK_ID). */
const PLAIN_RUNNER_LOCK = '7241865325823964'
const RETRY_MS = 50

/**
 * Opens a connection for DDL. It is nobody else's, so its session-level locks and search_path reach no request.
 *
 * @throws PoolerError when a pooler of transactions stands in between
 */
export async function openMigrationWorker(options: WorkerOptions): Promise<MigrationWorker> {
  const { renderer, migrationsTable, sharedSchemas, applicationRole: role, lockTimeoutMs } = options
  const client = await connect(options.connection)
  const bookkeeping = new Bookkeeping(client, migrationsTable)
  const tools: RunTools = { client, renderer, bookkeeping, migrationsTable, sharedSchemas }
  let isUsable = true
  client.once('end', () => (isUsable = false))
  return {
    get isUsable() {
      return isUsable
    },
    withLock: (schema, work) => withLock(client, schema, lockTimeoutMs, work),
    async inspect(schema) {
      const { rowCount } = await client.query('select from pg_catalog.pg_namespace where nspname = $1', [
        schema,
      ])
      if (rowCount === 0) return { exists: false, mark: undefined, applied: [] }
      return { exists: true, mark: await readMark(client, schema), applied: await bookkeeping.read(schema) }
    },
    async create(schema, mark, steps) {
      const parts = await prepareRun(renderer, steps)
      let isCreated = false
      const opening = async (): Promise<void> => {
        await client.query(`create schema ${escapeIdentifier(schema)}`)
        await writeMark(client, schema, mark)
        await bookkeeping.ensure(schema)
        if (role !== undefined) {
          await grantUse(client, schema, role)
          for (const table of [MARK_TABLE, migrationsTable])
            await grantReading(client, `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`, role)
        }
        isCreated = true
      }
      try {
        await applyRun(tools, { schema, tenant: mark.tenant, isNew: true }, parts, opening)
      } catch (error) {
        // With a migration outside of transactions the schema is committed before that one runs.
        if (isCreated) await client.query(`drop schema if exists ${escapeIdentifier(schema)} cascade`)
        throw error
      }
    },
    async apply(schema, tenant, steps) {
      const parts = await prepareRun(renderer, steps)
      if (parts.length > 0) await applyRun(tools, { schema, tenant }, parts, () => bookkeeping.ensure(schema))
    },
    async adopt(schema, mark, files) {
      await applyRun(tools, { schema, tenant: mark.tenant }, [], async () => {
        await bookkeeping.takeOver(schema, files)
        await writeMark(client, schema, mark)
        if (role === undefined) return
        await grantUse(client, schema, role)
        await grantExisting(client, schema, role)
        for (const table of [MARK_TABLE, migrationsTable])
          await grantReading(client, `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`, role)
      })
    },
    setState: (schema, state) => writeState(client, schema, state),
    async drop(schema) {
      if ((await readMark(client, schema)) === undefined) {
        throw new SchemaNotOursError(`Schema "${schema}" has no mark of Rowhouse and is not dropped.`)
      }
      await client.query(`drop schema ${escapeIdentifier(schema)} cascade`)
    },
    close: () => client.end(),
  }
}

async function connect(connection: ClientConfig): Promise<Client> {
  const client = outsideTenants(() => new Client({ ...connection, application_name: 'rowhouse-migrate' }))
  // A connection that dies tells so by the query that was running; unheard, the event would end the process.
  client.on('error', () => {})
  await outsideTenants(() => client.connect())
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  if (rows[0]!.pid === (client as unknown as { processID: number }).processID) return client
  await client.end()
  throw new PoolerError(
    "A connection pooler stands between the migrations and PostgreSQL. Give `migrationUrl` a direct connection of the schemas' owner.",
  )
}

async function withLock<T>(
  client: Client,
  schema: string,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const key = createHash('sha256').update(`rowhouse:${schema}`).digest().readBigInt64BE(0)
  const values = [PLAIN_RUNNER_LOCK, String(key)]
  const deadline = Date.now() + timeoutMs
  // Asked again and again, not waited for: a waiting statement holds a snapshot, for which CREATE INDEX CONCURRENTLY waits.
  while (!(await tryLock(client, values))) {
    if (Date.now() >= deadline) {
      throw new MigrationLockedError(
        `Schema "${schema}" is being created, migrated or dropped by another process, or node-pg-migrate runs in this database; ` +
          `it did not end within ${timeoutMs} ms. Try again later.`,
      )
    }
    await sleep(RETRY_MS * (0.5 + Math.random()))
  }
  try {
    return await work()
  } finally {
    await client.query('select pg_advisory_unlock_all()').catch(() => {})
  }
}

async function tryLock(client: Client, values: readonly string[]): Promise<boolean> {
  const { rows } = await client.query<{ plain: boolean; own: boolean }>(
    'select pg_try_advisory_lock_shared($1::bigint) as plain, pg_try_advisory_lock($2::bigint) as own',
    [...values],
  )
  const { plain, own } = rows[0]!
  if (plain && own) return true
  await client.query('select pg_advisory_unlock_all()')
  return false
}
