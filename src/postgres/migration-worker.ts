import { Client } from 'pg'
import type { ClientConfig } from 'pg'
import type { MigrationWorker, PreparedSteps, WorkerLimits } from '../engine'
import { PoolerError, SchemaNotOursError } from '../errors'
import { outsideTenants } from '../tenant/context'
import { withSettled } from '../with-settled'
import type { SchemaName } from '../tenant/schema-name'
import { accessOf } from './access'
import type { AccessOptions } from './access'
import { advance, birth, prepare } from './advance'
import type { AdvanceTools, PostgresSteps } from './advance'
import { applyRun, prepareRun } from './apply-migrations'
import type { PreparedRun } from './apply-migrations'
import { Bookkeeping } from './bookkeeping'
import { createSchema } from './create-schema'
import { dropSchema } from './drop-schema'
import { emptySchema, snapshotSchema } from './empty-schema'
import { figuresIn } from './figures'
import { MARK_TABLE, markTable, readMark, schemasWith, writeMark, writeState } from './marks'
import { readRemains } from './migration-failure'
import type { Remains } from './migration-failure'
import { settingsOf, withLock } from './migration-lock'
import type { Limits } from './migration-lock'
import { rehearse } from './rehearse'
import type { MigrationRenderer } from './render-migration'
import { schemaMovesOf } from './schema-moves'
import { structuresIn } from './structure'
import { survey } from './survey'
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

/**
 * Opens a connection for DDL. It is nobody else's, so its session-level locks and search_path reach no request.
 *
 * @throws PoolerError when a pooler of transactions stands in between
 */
export async function openMigrationWorker(
  options: WorkerOptions,
  { lockTimeoutMs = options.lockTimeoutMs, statementTimeoutMs = 0 }: WorkerLimits = {},
): Promise<MigrationWorker> {
  const { renderer, migrationsTable, sharedSchemas } = options
  const limits: Limits = { lockTimeoutMs, statementTimeoutMs }
  const client = await connect(options, limits)
  const access = accessOf(client, options)
  const bookkeeping = new Bookkeeping(client, migrationsTable, access.readerIn)
  const apply = async (schema: SchemaName, tenant: string, parts: PreparedRun): Promise<void> => {
    await access.settle(schema, bookkeeping)
    if (parts.length === 0) return
    const steps = parts.flatMap((part) => part.steps.map(({ step }) => step))
    const settle = (kept: readonly number[]): Promise<Remains> =>
      readRemains(bookkeeping, { schema, steps, kept })
    await applyRun(tools, { schema, tenant }, parts, { open: () => bookkeeping.ensure(schema), settle })
  }
  const tools: AdvanceTools = {
    ...{ client, renderer, bookkeeping, migrationsTable, sharedSchemas, limits, access, apply },
  }
  const keptIn = (schema: SchemaName): readonly string[] => [markTable(schema), bookkeeping.tableIn(schema)]
  let isUsable = true
  // An idle connection that the server ends refuses queries from its last words on, which come before the end.
  for (const event of ['error', 'end'] as const) client.once(event, () => (isUsable = false))
  return {
    get isUsable() {
      return isUsable
    },
    withLock: (schema, tenant, work) => withLock(client, { schema, tenant, limits }, work),
    async inspect(schema) {
      const { rowCount } = await client.query('select from pg_catalog.pg_namespace where nspname = $1', [
        schema,
      ])
      return { exists: rowCount !== 0, mark: rowCount === 0 ? undefined : await readMark(client, schema) }
    },
    readApplied: (schema) => bookkeeping.read(schema),
    note: (schema, step) =>
      inTransaction(client, async () => {
        await bookkeeping.ensure(schema)
        await bookkeeping.write(schema, step)
      }),
    candidates: (prefix) => schemasWith(client, MARK_TABLE, prefix),
    survey: async (schemas, known) => withSettled(await survey(tools, schemas, known), access.isSettled),
    prepare: (steps) => prepare(renderer, steps),
    advance: (tenant, steps, { isThorough = false } = {}) =>
      advance(tools, tenant, steps as PreparedSteps & PostgresSteps, isThorough),
    rehearse: (files, pending) => rehearse(tools, files, pending),
    birth: (schema, mark, steps) => birth(tools, schema, mark, steps as PreparedSteps & PostgresSteps),
    create: (schema, mark, steps) => createSchema(tools, access, { schema, mark, steps }),
    apply: async (schema, tenant, steps) => apply(schema, tenant, await prepareRun(renderer, steps)),
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
    structures: structuresIn(client, migrationsTable),
    figures: figuresIn(client, migrationsTable),
    close: () => client.end(),
  }
}

async function connect({ connection }: WorkerOptions, limits: Limits): Promise<Client> {
  const client = outsideTenants(() => new Client({ ...connection, application_name: 'rowhouse-migrate' }))
  // A connection that dies tells so by the query that was running; unheard, the event would end the process.
  client.on('error', () => {})
  await outsideTenants(() => client.connect())
  const asked = await client.query(`${settingsOf(limits)}; select pg_backend_pid() as pid`)
  const { rows } = (asked as unknown as { rows: { pid: number }[] }[]).at(-1)!
  if (rows[0]!.pid === (client as unknown as { processID: number }).processID) return client
  await client.end()
  throw new PoolerError(
    "A connection pooler stands between the migrations and PostgreSQL. Give `migrationUrl` a direct connection of the schemas' owner.",
  )
}
