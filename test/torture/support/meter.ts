import { Client } from 'pg'
import { Connection } from 'mysql2'

interface Patchable {
  addCommand: (this: { readonly config: { readonly port?: number } }, command: object) => unknown
}
interface Queryable {
  query: (this: { readonly port: number }, ...args: unknown[]) => unknown
}

/** What mysql2 calls the commands that carry a statement of the application. */
const STATEMENTS = new Set(['Query', 'Execute', 'ScopedCommand'])

/**
 * Counts the statements that the drivers are given for one port, by whatever pool. What a switch adds is not counted.
 *
 * @param port - of a proxy that stands between one pool and its server
 */
export async function countStatements<T>(port: number, work: () => Promise<T>): Promise<[T, number]> {
  const pg = Client.prototype as unknown as Queryable
  const mysql = mysqlPrototype()
  const { query } = pg
  const { addCommand } = mysql
  let count = 0
  pg.query = function (...args) {
    if (this.port === port) count++
    return query.apply(this, args)
  }
  mysql.addCommand = function (command) {
    if (this.config.port === port && STATEMENTS.has(command.constructor.name)) count++
    return addCommand.call(this, command)
  }
  try {
    return [await work(), count]
  } finally {
    pg.query = query
    mysql.addCommand = addCommand
  }
}

function mysqlPrototype(): Patchable {
  let prototype = Connection.prototype as object
  while (!Object.hasOwn(prototype, 'addCommand')) prototype = Object.getPrototypeOf(prototype) as object
  return prototype as Patchable
}
