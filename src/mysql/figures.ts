import type { AppliedMigration, Figures, SchemaFigures, TableFigures } from '../schema-facts'
import type { SchemaName } from '../tenant/schema-name'
import { MARK_TABLE, isUnreadable } from './marks'
import type { MigrationSession } from './migration-session'
import { tableIn } from './sql'

interface Sighting {
  readonly place: number
  readonly tables: number | null
  readonly bytes: number | null
}

interface TableRow {
  readonly name: string
  readonly kind: string
  readonly amount: number | null
  readonly bytes: number | null
}

/** When it was, in seconds since 1970 with a fraction. */
interface Time {
  readonly at: string | number | null
}

/** Of the journal: a row for each migration that is applied. */
const APPLIED = "number = 0 and state = 'applied'"

/** Counts and sizes of databases, with the owner's eyes. */
export function figuresIn(session: MigrationSession, migrationsTable: string): Figures {
  const ours = [MARK_TABLE, migrationsTable]
  const seconds = 'unix_timestamp'
  const migratedAt = async (schemas: readonly SchemaName[]): Promise<ReadonlyMap<SchemaName, Date>> => {
    if (schemas.length === 0) return new Map()
    const parts = schemas.map(
      (schema, place) =>
        `select ${place} as place, ${seconds}(max(run_on)) as at from ${tableIn(schema, migrationsTable)} where ${APPLIED}`,
    )
    try {
      const rows = await session.rows<Time & { place: number }>(parts.join(' union all '))
      return new Map(
        rows.flatMap(({ place, at }) => (at === null ? [] : [[schemas[Number(place)]!, dateOf(at)]])),
      )
    } catch (error) {
      if (!isUnreadable(error)) throw error
      const each: [SchemaName, Date][] = []
      // One of them has no journal, or went.
      if (schemas.length > 1) for (const one of schemas) each.push(...(await migratedAt([one])))
      return new Map(each)
    }
  }
  return {
    async ofSchemas(schemas) {
      const found = await sightingsOf(session, schemas, ours)
      const dates = await migratedAt([...found.keys()])
      return new Map([...found].map(([schema, row]) => [schema, figuresOf(row, dates.get(schema))]))
    },
    async tables(schema) {
      const rows = await session.rows<TableRow>(
        `select table_name as name, table_type as kind, table_rows as amount, data_length + index_length as bytes
           from information_schema.tables where table_schema = ? and table_name not in (?, ?)`,
        [schema, ...ours],
      )
      // By the letter: the server's collation may take `_` for less, or for more.
      return rows.map(tableOf).sort((one, other) => (one.name < other.name ? -1 : 1))
    },
    async history(schema) {
      try {
        const rows = await session.rows<Time & { name: string }>(
          `select name, ${seconds}(run_on) as at from ${tableIn(schema, migrationsTable)} where ${APPLIED} order by run_order, version, name`,
        )
        return rows.map(({ name, at }): AppliedMigration => ({
          name,
          appliedAt: at === null ? undefined : dateOf(at),
        }))
      } catch (error) {
        if (isUnreadable(error)) return []
        throw error
      }
    },
  }
}

/** A database is named as a value in a part of its own: in a list the server would look into all of them. */
async function sightingsOf(
  session: MigrationSession,
  schemas: readonly SchemaName[],
  ours: readonly string[],
): Promise<ReadonlyMap<SchemaName, Sighting>> {
  if (schemas.length === 0) return new Map()
  const parts = schemas.map(
    (_, place) =>
      `select ${place} as place, sum(table_type = 'BASE TABLE' and table_name not in (?, ?)) as tables, sum(if(table_name in (?, ?), 0, data_length + index_length)) as bytes
         from information_schema.tables where table_schema = ?`,
  )
  const values = schemas.flatMap((schema) => [...ours, ...ours, schema])
  const rows = await session.rows<Sighting>(parts.join(' union all '), values)
  // A sum over no table at all is null: then there is no such database.
  return new Map(
    rows.flatMap((row) => (row.tables === null ? [] : [[schemas[Number(row.place)]!, row] as const])),
  )
}

function figuresOf({ tables, bytes }: Sighting, migratedAt: Date | undefined): SchemaFigures {
  return { tables: Number(tables), bytes: numberOf(bytes), migratedAt }
}

function tableOf({ name, kind, amount, bytes }: TableRow): TableFigures {
  const isView = kind.includes('VIEW')
  return {
    ...{ name, kind: isView ? 'view' : 'table' },
    rows: isView ? undefined : numberOf(amount),
    bytes: isView ? undefined : numberOf(bytes),
  }
}

function numberOf(value: number | null): number | undefined {
  return value === null ? undefined : Number(value)
}

function dateOf(seconds: string | number): Date {
  return new Date(Number(seconds) * 1000)
}
