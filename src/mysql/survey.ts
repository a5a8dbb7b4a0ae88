import type { Books, SurveyedSchema } from '../engine'
import { MigrationTargetError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readThrown } from '../thrown'
import { columnsOf } from './journal'
import type { Journal, JournalEntry } from './journal'
import { digestOf, NO_JOURNAL, OLD_JOURNAL, stateOf } from './journal-state'
import { lookUpMarks, readOwnersMark } from './marks'
import type { MigrationSession } from './migration-session'
import { readUnfinished } from './repair'
import { sha256Of } from './sql'
import { askApart, askTogether } from './survey-question'
import type { SurveyedRow, SurveyTools } from './survey-question'

/**
 * How many are asked for in one question: for 1,000 of them the server took 104 ms at 25 and 113 at 15 (MariaDB 10.11). At 50 and 100
 * it took longer, too. Measured before mark and journal were joined.
 */
const CHUNK = 25
const NO_BOOKS: Books = { state: NO_JOURNAL, applied: [] }
/** No journal of ours there: none at all, or another tool's table. */
const NOT_AS_OURS = new Set(['ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR'])

/**
 * Reads marks and books of some databases, many in one question. One of them breaks it that has no mark or no journal,
 * another tool's table of that name, or was dropped meanwhile: it is found, and asked alone.
 */
export async function survey(
  tools: SurveyTools,
  schemas: readonly SchemaName[],
  known: Map<string, Books>,
): Promise<readonly SurveyedSchema[]> {
  await tools.session.look()
  const found: SurveyedSchema[] = []
  for (let at = 0; at < schemas.length; at += CHUNK)
    found.push(...(await surveyChunk(tools, schemas.slice(at, at + CHUNK), known)))
  return found
}

/** The same for one, in one question whatever is in its journal. */
export async function surveyOne(
  tools: SurveyTools,
  schema: SchemaName,
  known: Map<string, Books>,
): Promise<SurveyedSchema> {
  const row = (await askApart(tools, [schema]))?.[0]
  return surveyRow(tools, schema, row, known)
}

/** One that can't be read in the common way. */
async function surveyAlone(
  tools: SurveyTools,
  schema: SchemaName,
  known: Map<string, Books>,
): Promise<SurveyedSchema> {
  const { session } = tools
  const mark = await readOwnersMark(session, schema)
  if (mark !== undefined) return { schema, exists: true, mark, books: await readLone(tools, schema, known) }
  return { schema, exists: await exists(session, schema), mark, books: NO_BOOKS }
}

/** Whether there is a database of exactly this name. */
export async function exists(session: MigrationSession, schema: string): Promise<boolean> {
  const rows = await session.rows<{ name: string }>(
    'select schema_name as name from information_schema.schemata where schema_name = ?',
    [schema],
  )
  return rows.some(({ name }) => name === schema)
}

async function surveyChunk(
  tools: SurveyTools,
  schemas: readonly SchemaName[],
  known: Map<string, Books>,
): Promise<readonly SurveyedSchema[]> {
  const rows = await askTogether(tools, schemas)
  if (rows !== undefined) return surveyRows(tools, schemas, rows, known)
  const strays = await findStrays(tools, schemas)
  const others = schemas.filter((schema) => !strays.has(schema))
  // Without a stray to leave out, the question would be the one that failed.
  const asked = strays.size === 0 ? askHalves(tools, others) : askAll(tools, others)
  const found = await surveyRows(tools, others, await asked, known)
  const byName = new Map(found.map((one) => [one.schema, one]))
  return schemas.map((schema) => strays.get(schema) ?? byName.get(schema)!)
}

async function surveyRows(
  tools: SurveyTools,
  schemas: readonly SchemaName[],
  rows: readonly (SurveyedRow | undefined)[],
  known: Map<string, Books>,
): Promise<readonly SurveyedSchema[]> {
  const found: SurveyedSchema[] = []
  for (const [place, schema] of schemas.entries()) {
    const row = rows[place]
    const books = row && known.get(row.digest)
    // Nothing is awaited where nothing is asked: for each of thousands that took as long as the questions.
    if (row !== undefined && books !== undefined) found.push(surveyed(schema, row, books))
    else found.push(await surveyRow(tools, schema, row, known))
  }
  return found
}

/** Databases without a mark, of which a prefix may have thousands: one question tells all that were asked for together. */
async function findStrays(
  { session }: SurveyTools,
  schemas: readonly SchemaName[],
): Promise<ReadonlyMap<SchemaName, SurveyedSchema>> {
  // The server may tell other names than it is asked for; halving finds strays, too.
  if (session.facts.foldsNames) return new Map()
  const { databases, marked } = await lookUpMarks((sql, values) => session.rows(sql, values), schemas)
  const strays = schemas.filter((schema) => !marked.has(schema))
  return new Map(
    strays.map((schema) => {
      const isThere = databases.has(schema)
      return [schema, { schema, exists: isThere, mark: undefined, books: NO_BOOKS }]
    }),
  )
}

/** By their places. What breaks the question, a mark without a journal or another tool's, is found by halving. */
async function askAll(
  tools: SurveyTools,
  schemas: readonly SchemaName[],
): Promise<readonly (SurveyedRow | undefined)[]> {
  if (schemas.length === 0) return []
  return (await askTogether(tools, schemas)) ?? askHalves(tools, schemas)
}

async function askHalves(
  tools: SurveyTools,
  schemas: readonly SchemaName[],
): Promise<readonly (SurveyedRow | undefined)[]> {
  if (schemas.length < 2) return [undefined]
  const middle = schemas.length >> 1
  const first = await askAll(tools, schemas.slice(0, middle))
  return [...first, ...(await askAll(tools, schemas.slice(middle)))]
}

async function surveyRow(
  tools: SurveyTools,
  schema: SchemaName,
  row: SurveyedRow | undefined,
  known: Map<string, Books>,
): Promise<SurveyedSchema> {
  if (row === undefined) return surveyAlone(tools, schema, known)
  return surveyed(schema, row, known.get(row.digest) ?? (await readLone(tools, schema, known)))
}

function surveyed(
  schema: SchemaName,
  { tenancy, tenant, state }: SurveyedRow,
  books: Books | Error,
): SurveyedSchema {
  return { schema, exists: true, mark: { tenancy, tenant, state }, books }
}

/** Reads the journal of one tenant whole. */
async function readLone(
  tools: SurveyTools,
  schema: SchemaName,
  known: Map<string, Books>,
): Promise<Books | Error> {
  const { session, journal } = tools
  try {
    const entries = await journal.readOurs(schema)
    if (entries.some(({ state }) => state !== 'applied')) return await readOpen(journal, schema, entries)
    const state = stateOf(entries)
    const books = known.get(state) ?? { state, ...contentsOf(entries) }
    known.set(state, books)
    // Of what was read here, and not of what the survey saw: somebody may have changed it in between.
    known.set(digestOf(entries), books)
    return books
  } catch (error) {
    if (!session.isUsable) throw error
    const { code = '' } = readThrown(error)
    return NOT_AS_OURS.has(code) ? readOther(tools, schema) : unreadable(tools, schema, error)
  }
}

/** Books with a migration on the way; its state tells of each of its statements. */
async function readOpen(
  journal: Journal,
  schema: SchemaName,
  entries: readonly JournalEntry[],
): Promise<Books> {
  const open = entries.filter(({ state }) => state !== 'applied')
  const statements = await Promise.all(open.map(({ name }) => journal.readStatements(schema, name)))
  const state = `open ${sha256Of(JSON.stringify([entries, statements]))}`
  return { state, ...contentsOf(entries), unfinished: await readUnfinished(journal, schema, entries) }
}

/** No journal yet, one of the first that is to be mended, or another tool's table. */
async function readOther(tools: SurveyTools, schema: SchemaName): Promise<Books | Error> {
  const { session, journal, table } = tools
  try {
    if (!(await expectJournal(session, schema, table))) return NO_BOOKS
  } catch (error) {
    if (error instanceof MigrationTargetError) return error
    throw error
  }
  const old = await readOpen(journal, schema, await journal.read(schema))
  return { ...old, state: OLD_JOURNAL + old.state }
}

/**
 * Whether there is a journal.
 *
 * @throws MigrationTargetError where something else has its name
 */
export async function expectJournal(
  session: MigrationSession,
  schema: string,
  table: string,
): Promise<boolean> {
  const columns = await columnsOf(session, schema, table)
  if (['name', 'number', 'checksum', 'run_order'].every((column) => columns.has(column))) return true
  if (columns.size === 0) return false
  throw new MigrationTargetError(
    `The table "${table}" of database "${schema}" is another tool's, and no journal of Rowhouse. Give the journals a name of ` +
      'their own: the option `migrationsTable`.',
  )
}

function unreadable({ table }: SurveyTools, schema: SchemaName, cause: unknown): Error {
  return new MigrationTargetError(
    `The journal "${table}" of database "${schema}" can't be read: ${readThrown(cause).message}`,
    { cause },
  )
}

function contentsOf(entries: readonly JournalEntry[]): Pick<Books, 'applied' | 'checksums'> {
  const done = entries.filter(({ state }) => state === 'applied')
  return {
    applied: done.map(({ name }) => name),
    checksums: new Map(done.map(({ name, checksum }) => [name, checksum])),
  }
}
