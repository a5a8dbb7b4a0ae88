import { escapeIdentifier, escapeLiteral } from 'pg'
import type { ClientBase, Pool } from 'pg'
import type { Mark, MarkedSchema, MarkState } from '../engine'
import type { SchemaName } from '../tenant/schema-name'

/** The table in each tenant that says whose the schema is. */
export const MARK_TABLE = '_rowhouse'

const CHUNK = 100
/** SQLSTATE of no such table, schema or column, no permission: whatever it is, no mark of ours can be read there. */
export const UNREADABLE: ReadonlySet<string> = new Set(['42P01', '3F000', '42703', '42501'])

/** Makes the mark of a schema on a connection of its owner. */
export async function writeMark(client: ClientBase, schema: SchemaName, mark: Mark): Promise<void> {
  await client.query(markCreation(schema, mark))
}

/** The same as SQL. */
export function markCreation(schema: SchemaName, { tenancy, tenant, state }: Mark): string {
  const table = markTable(schema)
  return `create table ${table} (
      tenancy text not null,
      tenant text not null,
      state text not null check (state in ('creating', 'active', 'suspended')),
      created_at timestamptz not null default now(),
      is_only_row boolean primary key default true check (is_only_row)
    );
    insert into ${table} (tenancy, tenant, state)
      values (${escapeLiteral(tenancy)}, ${escapeLiteral(tenant)}, ${escapeLiteral(state)})`
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

/** Whether a row of pg_class with the mark's name is a mark that this role can read, as SQL. */
export function isReadableMark(row: string): string {
  return `${row}.relkind = 'r' and has_schema_privilege(${row}.relnamespace, 'USAGE') and has_table_privilege(${row}.oid, 'SELECT')
        and (select count(*) = 3 from pg_catalog.pg_attribute a
              where a.attrelid = ${row}.oid and a.attname in ('tenancy', 'tenant', 'state') and not a.attisdropped)`
}

/** Names of the schemas that begin with exactly this prefix and have a table of a name, by name; with the owner's eyes. */
export async function schemasWith(
  client: ClientBase,
  table: string,
  prefix: string,
): Promise<readonly SchemaName[]> {
  const { rows } = await client.query<{ schema: SchemaName }>(
    `select n.nspname as schema from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and c.relkind = 'r' and starts_with(n.nspname, $2) order by n.nspname collate "C"`,
    [table, prefix],
  )
  return rows.map(({ schema }) => schema)
}

/** All marked schemas whose name begins with exactly this prefix, by name; many in one query. */
export async function* listMarked(client: Pool, prefix: string): AsyncGenerator<MarkedSchema> {
  const { rows } = await client.query<{ schema: string }>(
    `select n.nspname as schema
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relname = $1 and starts_with(n.nspname, $2) and ${isReadableMark('c')}
      order by n.nspname collate "C"`,
    [MARK_TABLE, prefix],
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
