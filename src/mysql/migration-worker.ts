import type { ConnectionOptions } from 'mysql2/promise'
import type {
  Mark,
  MigrationFile,
  MigrationStep,
  MigrationWorker,
  PreparedSteps,
  SurveyedSchema,
  SurveyedTenant,
} from '../engine'
import { MigrationChangedError, SchemaNotOursError, TenantIdError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { withSettled } from '../with-settled'
import { accessOf } from './access'
import type { Access, AccessOptions } from './access'
import { applyRun } from './apply-migrations'
import type { ApplyTools } from './apply-migrations'
import { figuresIn } from './figures'
import { Journal } from './journal'
import { takeOver } from './journal-adopt'
import { needsMending } from './journal-state'
import type { MigrationLoader } from './load-migrations'
import { findNamed, MARK_TABLE, makeMarkTable, readOwnersMark, writeMark, writeState } from './marks'
import { withLock } from './migration-lock'
import { MigrationSession } from './migration-session'
import { prepareRun, refuseUnsafe } from './prepare-migrations'
import type { PreparedRun } from './prepare-migrations'
import { readUnfinished, repair } from './repair'
import { schemaMovesOf } from './schema-moves'
import { quoteName } from './sql'
import { structuresIn } from './structure'
import { exists, expectJournal, survey, surveyOne } from './survey'

/** What a worker is opened with. */
export interface WorkerOptions extends AccessOptions {
  /** The owner's connection. */
  readonly connection: ConnectionOptions
  readonly migrationsTable: string
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly loader: MigrationLoader
}

interface Parts {
  readonly session: MigrationSession
  readonly journal: Journal
  readonly tools: ApplyTools
  readonly table: string
  readonly lockTimeoutMs: number
  readonly loader: MigrationLoader
  readonly access: Access
}

/** Opens a connection for DDL. It is nobody else's, so its lock and its settings reach no request. */
export async function openMigrationWorker(options: WorkerOptions): Promise<MigrationWorker> {
  const { connection, migrationsTable, lockTimeoutMs, loader } = options
  const session = await MigrationSession.open(connection, options)
  const journal = new Journal(session, migrationsTable)
  const tools = { session, journal, ownTables: [MARK_TABLE, migrationsTable] }
  const access = accessOf(session, options)
  const parts: Parts = { session, journal, tools, table: migrationsTable, lockTimeoutMs, loader, access }
  return {
    ...fleetMembers(parts),
    get isUsable() {
      return session.isUsable
    },
    resumesCreation: true,
    withLock: (schema, tenant, work) => withLock(session, { schema, tenant, timeoutMs: lockTimeoutMs }, work),
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
    note: (schema, step) => note(parts, schema, step),
    create: (schema, mark, steps) => create(parts, schema, mark, steps),
    async apply(schema, tenant, steps) {
      const run = await prepareRun(loader, steps, { schema, tenant })
      await refuseUnsafe(session, run, { schema, tenant })
      await access.settle(schema)
      if (steps.length === 0) return
      await journal.ensure(schema)
      await applyRun(tools, { schema, tenant }, run.prepared)
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
    structures: structuresIn(session, migrationsTable),
    figures: figuresIn(session, migrationsTable),
    close: () => session.close(),
  }
}

/** What a fleet asks for: most of it once for many tenants. */
function fleetMembers(
  parts: Parts,
): Pick<MigrationWorker, 'candidates' | 'survey' | 'prepare' | 'advance' | 'checksums'> {
  const { session, loader } = parts
  return {
    async candidates(prefix) {
      return (await findNamed((sql, values) => session.rows(sql, values), prefix)) as readonly SchemaName[]
    },
    survey: async (schemas, known) =>
      withSettled(await survey(parts, schemas, known), parts.access.isSettled),
    prepare: (steps) => prepareRun(loader, steps),
    advance: (tenant, prepared) => advance(parts, tenant, prepared),
    async checksums(files) {
      const all = files.map(async (file) => [file.name, await loader.checksum(file)] as const)
      return new Map(await Promise.all(all))
    },
  }
}

async function advance(parts: Parts, surveyed: SurveyedTenant, prepared: PreparedSteps): Promise<boolean> {
  const { session, journal, tools, access, lockTimeoutMs } = parts
  const { schema, mark, books } = surveyed
  return withLock(session, { schema, tenant: mark.tenant, timeoutMs: lockTimeoutMs }, async () => {
    await session.look()
    // The books that were surveyed are known by their state; if these are others, they are not read.
    const now = await surveyOne(parts, schema, new Map([[books.state, books]]))
    if (!isSame(surveyed, now)) return false
    const home = { schema, tenant: mark.tenant }
    await refuseUnsafe(session, prepared as PreparedRun, home)
    await access.settle(schema)
    if (prepared.steps.length === 0) return true
    if (needsMending(books.state)) await journal.ensure(schema)
    await applyRun(tools, home, (prepared as PreparedRun).prepared)
    return true
  })
}

function isSame({ mark, books }: SurveyedTenant, now: SurveyedSchema): boolean {
  if (now.mark === undefined || now.books instanceof Error) return false
  const { tenancy, tenant, state } = now.mark
  const isSameMark = tenancy === mark.tenancy && tenant === mark.tenant && state === mark.state
  return isSameMark && now.books.state === books.state
}

async function create(
  { session, journal, tools, loader, access }: Parts,
  schema: SchemaName,
  mark: Mark,
  steps: readonly MigrationStep[],
): Promise<void> {
  const home = { schema, tenant: mark.tenant }
  const run = await prepareRun(loader, steps, home)
  await refuseUnsafe(session, run, home)
  await access.expectRoom(schema)
  const isNew = !(await exists(session, schema))
  if (isNew) await session.query(`create database ${quoteName(schema)} default character set utf8mb4`)
  try {
    if (isNew) await writeMark(session, schema, mark, true)
    await journal.ensure(schema)
    await access.give(schema)
    await applyRun(tools, { ...home, isNew }, run.prepared)
    await writeState(session, schema, mark.state)
  } catch (error) {
    // On a lost connection the lock is lost, too: what is there stays half made, and the next call goes on with it.
    if (isNew && session.isUsable) await dropDatabase(session, schema, access)
    throw error
  }
}

async function note(
  { session, journal, loader, table }: Parts,
  schema: SchemaName,
  { file, direction }: MigrationStep,
): Promise<void> {
  if (direction === 'down') return journal.remove(schema, file.name)
  await expectJournal(session, schema, table)
  await journal.ensure(schema)
  await journal.add(schema, file, await loader.checksum(file))
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
