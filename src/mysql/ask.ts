import type { Connection, Pool } from 'mysql2/promise'

/** Rows as objects of plain values, whatever the options of the pool make of them. */
export async function ask<Row>(
  connection: Pick<Connection | Pool, 'query'>,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const plain = { rowsAsArray: false, nestTables: false, typeCast: true, namedPlaceholders: false }
  const [rows] = await connection.query({ sql, ...plain }, [...values])
  return rows as unknown as Row[]
}
