import { escapeLiteral } from 'pg'
import type { Client } from 'pg'
import type { Books, Mark, SurveyedSchema } from '../engine'
import type { SchemaName } from '../tenant/schema-name'
import type { Bookkeeping } from './bookkeeping'
import { isReadableMark, MARK_TABLE, markTable, UNREADABLE } from './marks'

/** Books of a tenant that has none yet. */
export const NO_BOOKS: Books = { state: 'none', applied: [] }

/** What a survey asks with. */
export interface SurveyTools {
  readonly client: Client
  readonly bookkeeping: Bookkeeping
  readonly migrationsTable: string
}

/** What the catalogue says of one schema. */
interface Sighting {
  readonly schema: SchemaName
  readonly isMarked: boolean
  /** Of the table of the books: it has its columns; undefined where there is no relation of that name. */
  readonly isOurs: boolean | null
}

interface Row extends Mark {
  readonly schema: SchemaName
  readonly state: Mark['state']
  readonly books: string | null
}

// By the schemas' ids: a look-up by name alone would read the entries of all tenants' tables.
const SIGHTINGS = `
  select n.nspname as schema,
         exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = $2 and ${isReadableMark('c')}) as "isMarked",
         (select c.relkind = 'r' and (select count(*) = 3 from pg_catalog.pg_attribute a
                                       where a.attrelid = c.oid and a.attname in ('id', 'name', 'run_on') and not a.attisdropped)
            from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = $3) as "isOurs"
    from pg_catalog.pg_namespace n where n.nspname = any ($1)`

/** A text that tells the books in a table apart from all others, as SQL. */
export function stateOf(table: string): string {
  return `(select encode(sha256(convert_to(coalesce(array_agg(name order by run_on, id), '{}')::text, 'UTF8')), 'hex') from ${table})`
}

/**
 * Reads marks and books of some schemas in two questions.
 *
 * @param known - books by state; what is missing in it is read and added
 */
export async function survey(
  tools: SurveyTools,
  schemas: readonly SchemaName[],
  known: Map<string, Books>,
): Promise<readonly SurveyedSchema[]> {
  try {
    return await surveyTogether(tools, schemas, known)
  } catch (error) {
    if (!UNREADABLE.has((error as { code?: string }).code ?? '')) throw error
    const [schema] = schemas
    if (schema !== undefined && schemas.length === 1) return [nothingAt(schema)]
    // One of them went in between.
    const each: SurveyedSchema[] = []
    for (const one of schemas) each.push(...(await survey(tools, [one], known)))
    return each
  }
}

async function surveyTogether(
  tools: SurveyTools,
  schemas: readonly SchemaName[],
  known: Map<string, Books>,
): Promise<readonly SurveyedSchema[]> {
  const { client, bookkeeping, migrationsTable } = tools
  const sightings = await client.query<Sighting>(SIGHTINGS, [schemas, MARK_TABLE, migrationsTable])
  const seen = new Map(sightings.rows.map((sighting) => [sighting.schema, sighting]))
  const marked = sightings.rows.filter(({ isMarked }) => isMarked)
  const found = await readRows(tools, marked)
  const result: SurveyedSchema[] = []
  for (const schema of schemas) {
    const sighting = seen.get(schema)
    const row = found.get(schema)
    if (sighting === undefined) result.push(nothingAt(schema))
    else if (row === undefined) result.push({ schema, exists: true, mark: undefined, books: NO_BOOKS })
    else {
      const { tenancy, tenant, state, books } = row
      const kept =
        sighting.isOurs === false
          ? await oddBooks(bookkeeping, schema)
          : await booksOf(tools, schema, books, known)
      result.push({ schema, exists: true, mark: { tenancy, tenant, state }, books: kept })
    }
  }
  return result
}

async function readRows(
  { client, bookkeeping }: SurveyTools,
  marked: readonly Sighting[],
): Promise<ReadonlyMap<SchemaName, Row>> {
  if (marked.length === 0) return new Map()
  const parts = marked.map(({ schema, isOurs }) => {
    const books = isOurs === true ? stateOf(bookkeeping.tableIn(schema)) : 'null'
    return `select ${escapeLiteral(schema)} as schema, tenancy::text, tenant::text, state::text, ${books} as books from ${markTable(schema)}`
  })
  const { rows } = await client.query<Row>(parts.join(' union all '))
  return new Map(rows.map((row) => [row.schema, row]))
}

/** Books of one state, read for the first tenant in it and shared by all others. */
async function booksOf(
  { client, bookkeeping }: SurveyTools,
  schema: SchemaName,
  state: string | null,
  known: Map<string, Books>,
): Promise<Books | Error> {
  if (state === null) return NO_BOOKS
  const kept = known.get(state)
  if (kept !== undefined) return kept
  const table = bookkeeping.tableIn(schema)
  // Together, so that the names are those of the state, whatever happens in between.
  const { rows } = await client.query<{ state: string; applied: (string | null)[] }>(
    `select ${stateOf(table)} as state, array(select name::text from ${table} order by run_on, id) as applied`,
  )
  const { state: read, applied } = rows[0]!
  if (applied.includes(null)) return oddBooks(bookkeeping, schema)
  const books: Books = { state: read, applied: applied as string[] }
  known.set(read, books)
  return books
}

/** Says what is wrong with them. */
async function oddBooks(bookkeeping: Bookkeeping, schema: SchemaName): Promise<Books | Error> {
  try {
    await bookkeeping.read(schema)
    // They were mended in between; the next look finds them whole.
    return new Error(`The books of "${schema}" changed while they were read.`)
  } catch (error) {
    return error as Error
  }
}

function nothingAt(schema: SchemaName): SurveyedSchema {
  return { schema, exists: false, mark: undefined, books: NO_BOOKS }
}
