import { sightings } from './canary'
import type { Sighting } from './canary'
import type { Ask, Row, SearchedTable } from './searched-table'
import { mysqlTables } from './tables-mysql'
import { postgresTables } from './tables-postgres'

/** A canary in a table. */
export interface StoredCanary extends Sighting {
  readonly table: string
  readonly column: string
}

/** What was found in one tenant's tables. */
export interface Scan {
  /** Canaries of other tenants. */
  readonly strange: readonly StoredCanary[]
  /** Whether the tenant's own is there. */
  readonly hasOwn: boolean
}

/** How many rows of one table are read. */
const LIMIT = 1000

/** What a pool of either engine is, as far as a scan needs it. */
export interface AnyPool {
  query(sql: string, values?: unknown[]): Promise<unknown>
}

/** Looks through every table of the running tenant for canaries of others, and for its own. */
export async function scanTables(
  pool: AnyPool,
  canaries: { readonly own: string; readonly others: readonly string[] },
): Promise<Scan> {
  const tables = await tablesOf(pool)
  const strange: StoredCanary[] = []
  let hasOwn = false
  for (const table of tables) {
    for (const row of await table.rowsWith(canaries.others, LIMIT)) {
      strange.push(...canariesIn(table.name, row).filter(({ canary }) => canaries.others.includes(canary)))
    }
    hasOwn ||= (await table.rowsWith([canaries.own], 1)).length > 0
  }
  return { strange, hasOwn }
}

function tablesOf(pool: AnyPool): Promise<readonly SearchedTable[]> {
  // The pool of mysql2/promise, and no other one, has this method.
  const isMysql = typeof (pool as { execute?: unknown }).execute === 'function'
  const ask: Ask = async (sql, values = []) => {
    const answer = (await pool.query(sql, [...values])) as { rows: Row[] } | [Row[], unknown]
    return Array.isArray(answer) ? answer[0] : answer.rows
  }
  return isMysql ? mysqlTables(ask) : postgresTables(ask)
}

function canariesIn(table: string, row: Row): StoredCanary[] {
  return Object.entries(row).flatMap(([column, value]) =>
    // One value may have the same canary many times.
    [...new Map(sightings(textOf(value)).map((found) => [JSON.stringify(found), found])).values()].map(
      (found) => ({ table, column, ...found }),
    ),
  )
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.startsWith('\\x') ? `${value} ${unhex(value)}` : value
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  return JSON.stringify(value) ?? ''
}

/** PostgreSQL's way to write bytes as a text. */
function unhex(text: string): string {
  return Buffer.from(text.slice(2), 'hex').toString('latin1')
}
