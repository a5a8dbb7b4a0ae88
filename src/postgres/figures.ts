import { escapeIdentifier, escapeLiteral } from 'pg'
import type { Client } from 'pg'
import type { AppliedMigration, Figures, SchemaFigures, TableFigures } from '../schema-facts'
import type { SchemaName } from '../tenant/schema-name'
import { MARK_TABLE, UNREADABLE } from './marks'

/** SQLSTATE of a lock that somebody holds for longer than the connection waits. */
const LOCKED = '55P03'

interface Sighting {
  readonly schema: SchemaName
  readonly tables: string
  readonly bytes: string | null
  readonly hasBooks: boolean
}

interface TableRow {
  readonly name: string
  readonly kind: string
  readonly rows: string | null
  readonly bytes: string | null
}

const KINDS: Readonly<Record<string, TableFigures['kind']>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
}
/** What an exact size is read by: it waits for whoever alters the table. */
const SIZE = 'pg_catalog.pg_total_relation_size(c.oid)'

/** `size`: an expression over `c`. Texts, so that no parser of types that the application has set turns them into others. */
function selectSchemas(size: string): string {
  return `
  select n.nspname as schema, count(*) filter (where c.relkind in ('r', 'p', 'f') and not c.relispartition and c.relname <> all ($2))::text as tables,
         coalesce(sum(${size}) filter (where c.relname <> all ($2)), 0)::text as bytes,
         coalesce(bool_or(c.relkind = 'r' and c.relname = $3 and exists (select from pg_catalog.pg_attribute a
           where a.attrelid = c.oid and a.attname = 'run_on' and not a.attisdropped)), false) as "hasBooks"
    from pg_catalog.pg_namespace n left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'm', 'f')
   where n.nspname = any ($1) group by n.nspname`
}

function selectTables(size: string): string {
  return `
  select c.relname as name, c.relkind::text as kind, case when c.relkind in ('r', 'p', 'm') and c.reltuples >= 0 then c.reltuples::bigint::text end as rows,
         case when c.relkind in ('r', 'p', 'm') then (${size})::text end as bytes
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname <> all ($2) order by c.relname collate "C"`
}

/** When it was, in milliseconds since 1970, as text; the column has no time zone, and was written by a session like this one. */
function millisecondsOf(time: string): string {
  return `(extract(epoch from (${time})::timestamptz) * 1000)::bigint::text`
}

/** Counts and sizes of schemas, with the owner's eyes. */
export function figuresIn(client: Client, migrationsTable: string): Figures {
  const ours = [MARK_TABLE, migrationsTable]
  const bookIn = (schema: SchemaName): string =>
    `${escapeIdentifier(schema)}.${escapeIdentifier(migrationsTable)}`
  const ask = async <Row extends object>(sql: string, values?: unknown[]): Promise<Row[]> =>
    (await client.query<Row>(sql, values)).rows
  /** Asks with sizes, and without where a table is locked. */
  const sized = async <Row extends object>(
    select: (size: string) => string,
    values: unknown[],
  ): Promise<Row[]> => {
    try {
      return await ask<Row>(select(SIZE), values)
    } catch (error) {
      if (codeOf(error) !== LOCKED) throw error
      return (await ask<Row>(select('0'), values)).map((row) => ({ ...row, bytes: null }))
    }
  }
  const migratedAt = async (schemas: readonly SchemaName[]): Promise<ReadonlyMap<string, Date>> => {
    if (schemas.length === 0) return new Map()
    const parts = schemas.map(
      (schema) =>
        `select ${escapeLiteral(schema)} as schema, ${millisecondsOf('max(run_on)')} as at from ${bookIn(schema)}`,
    )
    try {
      const rows = await ask<{ schema: string; at: string | null }>(parts.join(' union all '))
      return new Map(rows.flatMap(({ schema, at }) => (at === null ? [] : [[schema, new Date(Number(at))]])))
    } catch (error) {
      if (!isPassing(error)) throw error
      const each: [string, Date][] = []
      // One of them went, or is being altered.
      if (schemas.length > 1) for (const one of schemas) each.push(...(await migratedAt([one])))
      return new Map(each)
    }
  }
  return {
    async ofSchemas(schemas) {
      const rows = await sized<Sighting>(selectSchemas, [schemas, ours, migrationsTable])
      const dates = await migratedAt(rows.filter(({ hasBooks }) => hasBooks).map(({ schema }) => schema))
      return new Map(rows.map((row) => [row.schema, figuresOf(row, dates.get(row.schema))]))
    },
    async tables(schema) {
      const rows = await sized<TableRow>(selectTables, [schema, ours])
      return rows.map(({ name, kind, rows: count, bytes }) => ({
        ...{ name, kind: KINDS[kind]!, rows: numberOf(count), bytes: numberOf(bytes) },
      }))
    },
    async history(schema) {
      try {
        const rows = await ask<{ name: string | null; at: string | null }>(
          `select name, ${millisecondsOf('run_on')} as at from ${bookIn(schema)} order by run_on, id`,
        )
        return rows.map(({ name, at }): AppliedMigration => ({
          name: name ?? '',
          appliedAt: at === null ? undefined : new Date(Number(at)),
        }))
      } catch (error) {
        if (isPassing(error)) return []
        throw error
      }
    },
  }
}

function figuresOf({ tables, bytes }: Sighting, migratedAt: Date | undefined): SchemaFigures {
  return { tables: Number(tables), bytes: numberOf(bytes), migratedAt }
}

function numberOf(text: string | null): number | undefined {
  return text === null ? undefined : Number(text)
}

function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return code === LOCKED || UNREADABLE.has(code)
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? ''
}
