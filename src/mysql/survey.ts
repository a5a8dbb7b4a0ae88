import type { Books, Mark, SurveyedSchema } from '../engine'
import { MigrationTargetError } from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readThrown } from '../thrown'
import { columnsOf } from './journal'
import type { Journal, JournalEntry } from './journal'
import { digestOf, NO_JOURNAL, OLD_JOURNAL, readDigest, selectDigest, stateOf } from './journal-state'
import { isUnreadable, MARK_COLUMNS, MARK_TABLE, readOwnersMark } from './marks'
import type { MigrationSession } from './migration-session'
import { readUnfinished } from './repair'
import { sha256Of, tableIn } from './sql'

/** What a survey works with. */
export interface SurveyTools {
  readonly session: MigrationSession
  readonly journal: Journal
  /** `schema_migrations` */
  readonly table: string
}

type Row = Mark & { readonly digest: string }

/** A mark's half of a row, or a journal's. */
type Half = { readonly place: number } & ((Mark & { readonly digest: null }) | { readonly digest: string })

const CHUNK = 100
const NO_BOOKS: Books = { state: NO_JOURNAL, applied: [] }
/** No journal of ours there: none at all, or another tool's table. */
const NOT_AS_OURS = new Set(['ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR'])

/**
 * Reads marks and books of some databases, many in one question. Where one of them breaks it, since it has no journal,
 * another tool's table of that name, or was dropped meanwhile, the chunk is asked one by one.
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

/** The same for one, on a session of any settings that hold no other tenant's. */
export async function surveyOne(
  tools: SurveyTools,
  schema: SchemaName,
  known: Map<string, Books>,
): Promise<SurveyedSchema> {
  const row = (await ask(tools, [schema])).get(0)
  if (row !== undefined) return surveyed(tools, schema, row, known)
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
  const rows = await ask(tools, schemas)
  const found: SurveyedSchema[] = []
  for (const [place, schema] of schemas.entries()) {
    const row = rows.get(place)
    found.push(
      await (row === undefined ? surveyOne(tools, schema, known) : surveyed(tools, schema, row, known)),
    )
  }
  return found
}

/** One question for all of them, answered by their places; none where one can't be read in this way. */
async function ask(
  { session, table }: SurveyTools,
  schemas: readonly SchemaName[],
): Promise<ReadonlyMap<number, Row>> {
  const parts = schemas.map(
    (schema, place) =>
      // Not joined, and no sub-select: MariaDB would write a table for each of them, or plan each anew.
      `select ${place} as place, ${MARK_COLUMNS}, null as digest from ${tableIn(schema, MARK_TABLE)}
       union all ${selectDigest(schema, table, `${place}, null, null, null, `)}`,
  )
  try {
    return joined(await session.rows<Half>(parts.join(' union all ')))
  } catch (error) {
    if (isUnreadable(error)) return new Map()
    throw error
  }
}

/** Of those that have both halves. */
function joined(halves: readonly Half[]): ReadonlyMap<number, Row> {
  const marks = new Map<number, Mark>()
  const digests = new Map<number, string>()
  for (const half of halves) {
    if (half.digest === null) marks.set(Number(half.place), half)
    else digests.set(Number(half.place), half.digest)
  }
  const rows = new Map<number, Row>()
  for (const [place, mark] of marks) {
    const digest = digests.get(place)
    if (digest !== undefined) rows.set(place, { ...mark, digest })
  }
  return rows
}

async function surveyed(
  tools: SurveyTools,
  schema: SchemaName,
  { tenancy, tenant, state, digest }: Row,
  known: Map<string, Books>,
): Promise<SurveyedSchema> {
  const journal = readDigest(digest)
  const seen = journal.hasUnfinished ? undefined : known.get(journal.digest)
  const mark = { tenancy, tenant, state }
  return { schema, exists: true, mark, books: seen ?? (await readLone(tools, schema, known)) }
}

/** Reads the journal of one tenant whole. */
async function readLone(
  tools: SurveyTools,
  schema: SchemaName,
  known: Map<string, Books>,
): Promise<Books | Error> {
  const { session, journal, table } = tools
  try {
    // Tells a table that is not as ours: `read` would take it for an empty journal.
    await session.rows(selectDigest(schema, table))
    const entries = await journal.read(schema)
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
