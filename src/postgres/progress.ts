import { escapeIdentifier } from 'pg'
import type { Pool } from 'pg'
import type { MigrationProgress } from '../engine'
import type { SchemaName } from '../tenant/schema-name'
import { lockKeyOf } from './migration-lock'

/** No books, or none that the application may read. */
const NO_BOOKS = new Set(['42P01', '42501'])

// A key of 64 bits is shown in two halves.
const PROGRESS = `select exists (
  select from pg_catalog.pg_locks
   where locktype = 'advisory' and granted and mode = 'ExclusiveLock' and objsubid = 1
     and database = (select oid from pg_catalog.pg_database where datname = current_database())
     and classid = (($1::bigint >> 32) & 4294967295)::oid and objid = ($1::bigint & 4294967295)::oid
  ) as "isMigrating"`

/**
 * How far a tenant's migrations are.
 *
 * @param pool - scoped to the tenant by who calls
 * @param table - of the books
 */
export async function readProgress(
  pool: Pool,
  schema: SchemaName,
  table: string,
): Promise<MigrationProgress> {
  const values = [lockKeyOf(schema)]
  const { rows } = await pool.query<{ isMigrating: boolean }>(PROGRESS, values)
  const { isMigrating } = rows[0]!
  try {
    // With its schema: where a tenant has no books, the shared schemas may have a table of that name.
    const books = `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`
    const newest = await pool.query<{ name: string | null }>(
      `select max(name) as name from ${books} where name ~ '^[0-9]{14}'`,
    )
    const name = newest.rows[0]?.name ?? undefined
    return { isMigrating, version: name === undefined ? undefined : Number(name.slice(0, 14)) }
  } catch (error) {
    if (NO_BOOKS.has((error as { code?: string }).code ?? '')) return { isMigrating, version: undefined }
    throw error
  }
}
