import { escapeIdentifier } from 'pg'
import type { Client } from 'pg'
import type { SchemaName } from '../tenant/schema-name'
import { scanSql } from './sql-scanner'

/** A CREATE INDEX CONCURRENTLY that failed leaves an INVALID index with the name that it needs the next time. */
export async function dropInvalidIndexes(
  client: Client,
  schema: SchemaName,
  statements: readonly string[],
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and n.nspname = $1`,
    [schema],
  )
  for (const { name } of rows) {
    if (!statements.some((sql) => isNamed(name, sql))) continue
    await client.query(
      `drop index concurrently if exists ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    )
  }
}

function isNamed(name: string, sql: string): boolean {
  if (sql.includes(escapeIdentifier(name))) return true
  for (const { type, text } of scanSql(sql)) if (type === 'word' && text === name) return true
  return false
}
