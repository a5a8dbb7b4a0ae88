import { escapeIdentifier } from 'pg'
import type { ClientBase, Pool } from 'pg'
import type { Mark, MarkedSchema, MarkState } from '../engine'
import type { SchemaName } from '../tenant/schema-name'

/** The table in each tenant that says whose the schema is. */
export const MARK_TABLE = '_rowhouse'

const COLUMNS = ['tenancy', 'tenant', 'state']
const CHUNK = 100
/** No such table, schema or column, no permission: whatever it is, no mark of ours can be read there. */
const UNREADABLE = new Set(['42P01', '3F000', '42703', '42501'])

/** Makes the mark of a schema on a connection of its owner. */
export async function writeMark(client: ClientBase, schema: SchemaName, mark: Mark): Promise<void> {
  const table = markTable(schema)
  await client.query(
    `create table ${table} (
       tenancy text not null,
       tenant text not null,
       state text not null check (state in ('creating', 'active', 'suspended')),
       created_at timestamptz not null default now(),
       is_only_row boolean primary key default true check (is_only_row)
     )`,
  )
  await client.query(`insert into ${table} (tenancy, tenant, state) values ($1, $2, $3)`, [
    mark.tenancy,
    mark.tenant,
    mark.state,
  ])
}

/** Changes the state in a mark. */
export async function writeState(client: ClientBase, schema: SchemaName, state: MarkState): Promise<void> {
  await client.query(`update ${markTable(schema)} set state = $1`, [state])
}

/** Reads the mark of one schema; undefined where there is none that this role can read. */
export async function readMark(client: ClientBase | Pool, schema: SchemaName): Promise<Mark | undefined> {
  try {
    const { rows } = await client.query<Mark>(`select tenancy, tenant, state from ${markTable(schema)}`)
    return rows[0]
  } catch (error) {
    if (UNREADABLE.has((error as { code?: string }).code ?? '')) return undefined
    throw error
  }
}

/** All marked schemas whose name begins with exactly this prefix, by name; many in one query. */
export async function* listMarked(client: Pool, prefix: string): AsyncGenerator<MarkedSchema> {
  const { rows } = await client.query<{ schema: string }>(
    `select n.nspname as schema
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and c.relkind = 'r' and starts_with(n.nspname, $2)
        and has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT')
        and (select count(*) from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = any ($3)) = $4
      order by n.nspname collate "C"`,
    [MARK_TABLE, prefix, COLUMNS, COLUMNS.length],
  )
  for (let at = 0; at < rows.length; at += CHUNK)
    yield* readChunk(
      client,
      rows.slice(at, at + CHUNK).map(({ schema }) => schema),
    )
}

async function* readChunk(client: Pool, schemas: readonly string[]): AsyncGenerator<MarkedSchema> {
  const parts = schemas.map(
    (schema, index) =>
      `select ${index} as index, tenancy::text, tenant::text, state::text from ${markTable(schema)}`,
  )
  const read = async (sql: string): Promise<readonly (Mark & { index: number })[]> =>
    (await client.query<Mark & { index: number }>(sql)).rows
  let rows: readonly (Mark & { index: number })[]
  try {
    rows = await read(parts.join(' union all '))
  } catch (error) {
    if (!UNREADABLE.has((error as { code?: string }).code ?? '')) throw error
    // One of them was dropped meanwhile: ask one by one.
    const each = await Promise.all(parts.map((part) => read(part).catch(() => [])))
    rows = each.flat()
  }
  for (const { index, tenancy, tenant, state } of [...rows].sort((one, other) => one.index - other.index)) {
    yield { schema: schemas[index]!, mark: { tenancy, tenant, state } }
  }
}

/** `"tenant_acme"."_rowhouse"` */
export function markTable(schema: string): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(MARK_TABLE)}`
}
