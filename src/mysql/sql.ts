import { createHash } from 'node:crypto'

/** Quotes one name, `tenant_acme` with backticks around it. mysql2's own escapeId takes a dot for a separator. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** Names a table with its database, both quoted. */
export function tableIn(schema: string, table: string): string {
  return `${quoteName(schema)}.${quoteName(table)}`
}

/** SHA-256 of a text, 64 hex digits. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Whether a table is there, 1 or 0: its database and name, given as values, make the server open nothing else. */
export const COUNT_TABLES =
  'select count(*) from information_schema.tables where table_schema = ? and table_name = ?'
