import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { ClientConfig } from 'pg'
import type { MigrationWorker } from '../engine'
import { MigrationLockedError, PoolerError, SchemaNotOursError } from '../errors'
import { outsideTenants } from '../tenant/context'
import type { SchemaName } from '../tenant/schema-name'
import { accessOf } from './access'
import type { AccessOptions } from './access'
import { applyRun, prepareRun } from './apply-migrations'
import type { RunTools } from './apply-migrations'
import { Bookkeeping } from './bookkeeping'
import { createSchema } from './create-schema'
import { dropSchema } from './drop-schema'
import { emptySchema, snapshotSchema } from './empty-schema'
import { markTable, readMark, writeMark, writeState } from './marks'
import { LOCK_NOT_AVAILABLE, readRemains } from './migration-failure'
import type { Remains } from './migration-failure'
import type { MigrationRenderer } from './render-migration'
import { schemaMovesOf } from './schema-moves'
import { inTransaction } from './transaction'

/** What a worker is opened with. */
export interface WorkerOptions extends AccessOptions {
  /** The owner's connection. */
  readonly connection: ClientConfig
  readonly sharedSchemas: readonly string[]
  readonly migrationsTable: string
  readonly lockTimeoutMs: number
  readonly renderer: MigrationRenderer
}

/** node-pg-migrate's own lock: held in common by ours, so that its plain CLI stays out meanwhile (PG_MIGRATE_LOCK_ID). */
const PLAIN_RUNNER_LOCK = '7241865325823964'
const RETRY_MS = 50
/** The greatest that PostgreSQL takes for lock_timeout. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Opens a connection for DDL. It is nobody else's, so its session-level locks and search_path reach no request.
 *
 * @throws PoolerError when a pooler of transactions stands in between
 */
export async function openMigrationWorker(options: WorkerOptions): Promise<MigrationWorker> {
  const { renderer, migrationsTable, sharedSchemas } = options
  const client = await connect(options)
  const access = accessOf(client, options)
  const bookkeeping = new Bookkeeping(client, migrationsTable, access.readerIn)
  const tools: RunTools = { client, renderer, bookkeeping, migrationsTable, sharedSchemas }
  const keptIn = (schema: SchemaName): readonly string[] => [markTable(schema), bookkeeping.tableIn(schema)]
  let isUsable = true
  client.once('end', () => (isUsable = false))
  return {
    get isUsable() {
      return isUsable
    },
    withLock: (schema, tenant, work) => withLock(client, { schema, tenant, ...options }, work),
    async inspect(schema) {
      const { rowCount } = await client.query('select from pg_catalog.pg_namespace where nspname = $1', [
        schema,
      ])
      return { exists: rowCount !== 0, mark: rowCount === 0 ? undefined : await readMark(client, schema) }
    },
    readApplied: (schema) => bookkeeping.read(schema),
    create: (schema, mark, steps) => createSchema(tools, access, { schema, mark, steps }),
    async apply(schema, tenant, steps) {
      await access.settle(schema, bookkeeping)
      const parts = await prepareRun(renderer, steps)
      if (parts.length === 0) return
      const settle = (kept: readonly number[]): Promise<Remains> =>
        readRemains(bookkeeping, { schema, steps, kept })
      await applyRun(tools, { schema, tenant }, parts, { open: () => bookkeeping.ensure(schema), settle })
    },
    async adopt(schema, mark, files) {
      await access.expectRoom(schema)
      await inTransaction(client, async () => {
        await access.makeReader(schema)
        await bookkeeping.takeOver(schema, files)
        await writeMark(client, schema, mark)
        await access.giveExisting(schema, bookkeeping)
      })
    },
    setState: (schema, state) => writeState(client, schema, state),
    async drop(schema, tenant, drop) {
      if ((await readMark(client, schema)) === undefined) {
        throw new SchemaNotOursError(`Schema "${schema}" has no mark of Rowhouse and is not dropped.`)
      }
      await dropSchema(client, schema, { tenant, access, ...drop })
    },
    snapshot: (schema) => snapshotSchema(client, schema, keptIn(schema)),
    empty: (schema, snapshot) => emptySchema(client, schema, snapshot, keptIn(schema)),
    moves: schemaMovesOf(client, access),
    close: () => client.end(),
  }
}

async function connect({ connection, lockTimeoutMs }: WorkerOptions): Promise<Client> {
  const client = outsideTenants(() => new Client({ ...connection, application_name: 'rowhouse-migrate' }))
  // A connection that dies tells so by the query that was running; unheard, the event would end the process.
  client.on('error', () => {})
  await outsideTenants(() => client.connect())
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  if (rows[0]!.pid === (client as unknown as { processID: number }).processID) {
    await limitWaiting(client, lockTimeoutMs)
    return client
  }
  await client.end()
  throw new PoolerError(
    "A connection pooler stands between the migrations and PostgreSQL. Give `migrationUrl` a direct connection of the schemas' owner.",
  )
}

/** Who waits for a table's lock makes all others wait behind him, so no statement waits for ever. */
async function limitWaiting(client: Client, timeoutMs: number): Promise<void> {
  await client.query(`set lock_timeout to ${Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(timeoutMs)))}`)
}

async function withLock<T>(
  client: Client,
  { schema, tenant, lockTimeoutMs }: WorkerOptions & { readonly schema: string; readonly tenant: string },
  work: () => Promise<T>,
): Promise<T> {
  // Before the locks, which it would end: temporary tables, settings and prepared statements of the tenant before.
  await client.query('discard all')
  await limitWaiting(client, lockTimeoutMs)
  const key = createHash('sha256').update(`rowhouse:${schema}`).digest().readBigInt64BE(0)
  const values = [PLAIN_RUNNER_LOCK, String(key)]
  const deadline = Date.now() + lockTimeoutMs
  // Asked again and again, not waited for: a waiting statement holds a snapshot, for which CREATE INDEX CONCURRENTLY waits.
  while (!(await tryLock(client, values))) {
    if (Date.now() >= deadline) {
      throw new MigrationLockedError(
        `Schema "${schema}" is being created, migrated or dropped by another process, or node-pg-migrate runs in this database; ` +
          `it did not end within ${lockTimeoutMs} ms. Try again later.`,
        { tenant },
      )
    }
    await sleep(RETRY_MS * (0.5 + Math.random()))
  }
  try {
    return await work()
  } catch (cause) {
    if ((cause as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw cause
    throw new MigrationLockedError(
      `A transaction holds a lock in "${schema}" and did not end within ${lockTimeoutMs} ms. End it (pg_stat_activity, ` +
        'pg_blocking_pids), or raise `lockTimeoutMs`, and try again. Nothing was changed.',
      { tenant, cause },
    )
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
