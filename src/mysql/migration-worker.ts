import type { ConnectionOptions } from 'mysql2/promise'
import type { Mark, MigrationFile, MigrationStep, MigrationWorker } from '../engine'
import { MigrationChangedError, SchemaNotOursError, TenantIdError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { accessOf } from './access'
import type { Access, AccessOptions } from './access'
import { applyRun, prepareRun } from './apply-migrations'
import type { ApplyTools } from './apply-migrations'
import { Journal } from './journal'
import { takeOver } from './journal-adopt'
import type { MigrationLoader } from './load-migrations'
import { MARK_TABLE, makeMarkTable, readOwnersMark, writeMark, writeState } from './marks'
import { withLock } from './migration-lock'
import { MigrationSession } from './migration-session'
import { readUnfinished, repair } from './repair'
import { schemaMovesOf } from './schema-moves'
import { quoteName } from './sql'

/** What a worker is opened with. */
export interface WorkerOptions extends AccessOptions {
  /** The owner's connection. */
  readonly connection: ConnectionOptions
  readonly migrationsTable: string
  readonly lockTimeoutMs: number
  readonly loader: MigrationLoader
}

interface Parts {
  readonly session: MigrationSession
  readonly journal: Journal
  readonly tools: ApplyTools
  readonly table: string
  readonly loader: MigrationLoader
  readonly access: Access
}

/** Opens a connection for DDL. It is nobody else's, so its lock and its settings reach no request. */
export async function openMigrationWorker(options: WorkerOptions): Promise<MigrationWorker> {
  const { connection, migrationsTable, lockTimeoutMs, loader } = options
  const session = await MigrationSession.open(connection)
  const journal = new Journal(session, migrationsTable)
  const tools = { session, journal, ownTables: [MARK_TABLE, migrationsTable] }
  const access = accessOf(session, options)
  const parts: Parts = { session, journal, tools, table: migrationsTable, loader, access }
  return {
    get isUsable() {
      return session.isUsable
    },
    resumesCreation: true,
    withLock: (schema, _tenant, work) => withLock(session, schema, lockTimeoutMs, work),
    async inspect(schema) {
      expectUnfolded(session, schema)
      if (!(await exists(session, schema))) return { exists: false, mark: undefined }
      return {
        exists: true,
        mark: await readOwnersMark(session, schema),
        unfinished: await readUnfinished(journal, schema, await journal.read(schema)),
      }
    },
    async readApplied(schema) {
      const entries = await journal.read(schema)
      return entries.filter(({ state }) => state === 'applied').map(({ name }) => name)
    },
    create: (schema, mark, steps) => create(parts, schema, mark, steps),
    async apply(schema, tenant, steps) {
      const prepared = await prepareRun({ loader, session }, steps, { schema, tenant })
      await access.settle(schema)
      if (prepared.length === 0) return
      await journal.ensure(schema)
      await applyRun(tools, { schema, tenant }, prepared)
    },
    adopt: (schema, mark, files) => adopt(parts, schema, mark, files),
    setState: (schema, state) => writeState(session, schema, state),
    async drop(schema) {
      if ((await readOwnersMark(session, schema)) === undefined) {
        throw new SchemaNotOursError(`Database "${schema}" has no mark of Rowhouse and is not dropped.`)
      }
      await dropDatabase(session, schema, access)
    },
    checkUnchanged: (schema, files, accept) => checkUnchanged({ journal, loader, schema }, files, accept),
    repair: (schema, how) => repair(journal, schema, how),
    moves: schemaMovesOf(session, access, lockTimeoutMs),
    close: () => session.close(),
  }
}

async function create(
  { session, journal, tools, loader, access }: Parts,
  schema: SchemaName,
  mark: Mark,
  steps: readonly MigrationStep[],
): Promise<void> {
  const prepared = await prepareRun({ loader, session }, steps, { schema, tenant: mark.tenant })
  await access.expectRoom(schema)
  const isNew = !(await exists(session, schema))
  if (isNew) await session.query(`create database ${quoteName(schema)} default character set utf8mb4`)
  try {
    if (isNew) await writeMark(session, schema, mark, true)
    await journal.ensure(schema)
    await access.give(schema)
    await applyRun(tools, { schema, tenant: mark.tenant, isNew }, prepared)
    await writeState(session, schema, mark.state)
  } catch (error) {
    // On a lost connection the lock is lost, too: what is there stays half made, and the next call goes on with it.
    if (isNew && session.isUsable) await dropDatabase(session, schema, access)
    throw error
  }
}

async function adopt(
  { session, journal, table, loader, access }: Parts,
  schema: SchemaName,
  mark: Mark,
  files: readonly MigrationFile[],
): Promise<void> {
  await access.expectRoom(schema)
  await takeOver(session, journal, { schema, table, files, checksumOf: (file) => loader.checksum(file) })
  // The table of the mark may be what is granted.
  await makeMarkTable(session, schema)
  await access.give(schema)
  // Last: until then it is nobody's, and the call can be made again.
  await writeMark(session, schema, mark, false)
}

async function exists(session: MigrationSession, schema: string): Promise<boolean> {
  const rows = await session.rows<{ name: string }>(
    'select schema_name as name from information_schema.schemata where schema_name = ?',
    [schema],
  )
  return rows.some(({ name }) => name === schema)
}

/** Where the server folds names, `Acme` would be the database of `acme`. */
function expectUnfolded({ facts }: MigrationSession, schema: string): void {
  if (!facts.foldsNames || schema === schema.toLowerCase()) return
  throw new TenantIdError(
    'ROWHOUSE_TENANT_ID_INVALID',
    `This server does not tell upper from lower case in names (lower_case_table_names), so "${schema}" could be another ` +
      "tenant's database. Use ids in lower case.",
    { status: 404 },
  )
}

async function dropDatabase(session: MigrationSession, schema: string, access: Access): Promise<void> {
  await session.query(`drop database if exists ${quoteName(schema)}`)
  await access.take(schema)
}

async function checkUnchanged(
  {
    journal,
    loader,
    schema,
  }: { readonly journal: Journal; readonly loader: MigrationLoader; readonly schema: string },
  files: readonly MigrationFile[],
  accept: boolean,
): Promise<void> {
  const byName = new Map(files.map((file) => [file.name, file]))
  for (const { name, state, checksum } of await journal.read(schema)) {
    const file = byName.get(name)
    if (state !== 'applied' || file === undefined) continue
    const now = await loader.checksum(file)
    if (now === checksum) continue
    if (accept) await journal.acceptChecksum(schema, name, now)
    else throw changed(schema, name)
  }
}

function changed(schema: string, name: string): MigrationChangedError {
  return new MigrationChangedError(
    `Migration ${name} is applied in "${schema}", and its file has changed since. Put it back and write a new migration, or ` +
      'take it as it is now: `allowChanged: true` (--allow-changed). Nothing was run.',
    { migration: name, prefix: schema },
  )
}
