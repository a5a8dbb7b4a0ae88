// The module itself, as src/ sees it: a namespace import would be a copy.
import mysql from 'mysql2/promise'
import type { Connection, ConnectionOptions } from 'mysql2/promise'

/** What is called around every query of the migrations' connections. */
export interface CrashHook {
  /** Nothing is sent yet. */
  before?(sql: string, connection: Connection): void
  /** It is in the hands of the operating system. */
  sent?(sql: string, connection: Connection): void
  /** The answer is here, and nobody has seen it yet. */
  after?(sql: string, connection: Connection): void
}

type Open = (options: ConnectionOptions) => Promise<Connection>

/** Calls a hook around every query of connections that are opened from now on. Returns the way back. */
export function hookConnections(hook: CrashHook): () => void {
  const driver = mysql as unknown as { createConnection: Open }
  const open = driver.createConnection
  driver.createConnection = async (options) => {
    const connection = await open(options)
    const query = connection.query.bind(connection) as (sql: string, values?: unknown) => Promise<unknown>
    const hooked = async (sql: string, values?: unknown): Promise<unknown> => {
      hook.before?.(sql, connection)
      const answer = query(sql, values)
      hook.sent?.(sql, connection)
      const result = await answer
      hook.after?.(sql, connection)
      return result
    }
    return Object.assign(connection, { query: hooked })
  }
  return () => {
    driver.createConnection = open
  }
}
