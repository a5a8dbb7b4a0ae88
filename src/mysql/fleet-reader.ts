import { createConnection } from 'mysql2/promise'
import type { Connection, ConnectionOptions, FieldPacket } from 'mysql2/promise'
import { ConfigError } from '../errors'
import type { FleetReader, PlainRow, ReadTenant, SqlAnswer } from '../fleet-reader'
import { placeSchema } from '../tenant-placeholder'
import { outsideTenants } from '../tenant/context'
import { splitStatements } from './split-statements'
import { quoteName } from './sql'

/** What a reader is opened with. */
export interface ReaderOptions {
  /** The application's connection. */
  readonly connection: ConnectionOptions
  readonly isolation: 'database' | 'role'
}

/** Opens a connection with the application's rights for reading many tenants, or running statements in one after the other. */
export async function openFleetReader({ connection, isolation }: ReaderOptions): Promise<FleetReader> {
  const hasRoles = isolation === 'role'
  const session = await outsideTenants(() => createConnection(withoutDatabase(connection)))
  session.on('error', () => {})
  const takeRole = async ({ schema }: ReadTenant): Promise<void> => {
    if (hasRoles) await session.query(`set role ${quoteName(schema)}`)
  }
  // Names without the placeholder must be found nowhere, and a database once entered can't be left for none.
  let hasEntered = false
  return {
    maxTogether: hasRoles ? 1 : Infinity,
    async read(tenants, sql, values) {
      if (hasEntered) throw new Error('This connection has been in a tenant.')
      await takeRole(tenants[0]!)
      await session.query('start transaction read only')
      return ended(session, () => readTogether(session, tenants, sql, values))
    },
    async run(tenant, sql, { write }) {
      hasEntered = true
      await session.reset()
      await takeRole(tenant)
      await session.query(`use ${quoteName(tenant.schema)}`)
      // Of the session: a COMMIT in the text must not end it.
      await session.query(`set session transaction ${write ? 'read write' : 'read only'}`)
      await session.query('start transaction')
      return ended(session, async () => {
        const answers: SqlAnswer[] = []
        for (const text of statementsOf(sql))
          answers.push(toAnswer(await session.query<never>({ sql: text, rowsAsArray: false })))
        return answers
      })
    },
    close: () => session.end(),
  }
}

function withoutDatabase(connection: ConnectionOptions): ConnectionOptions {
  const { database: _database, uri, ...rest } = connection
  const own = { ...rest, multipleStatements: false, namedPlaceholders: false, nestTables: false }
  if (uri === undefined) return own
  const url = new URL(uri)
  url.pathname = '/'
  return { ...own, uri: url.href }
}

function statementsOf(sql: string): readonly string[] {
  const split = splitStatements(sql)
  if (split.problem === undefined) return split.statements.map(({ text }) => text)
  throw new ConfigError([`${split.problem} (line ${split.line}). Nothing was sent.`])
}

async function ended<T>(session: Connection, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work()
    await session.query('commit')
    return result
  } catch (error) {
    await session.query('rollback').catch(() => {})
    throw error
  }
}

async function readTogether(
  session: Connection,
  tenants: readonly ReadTenant[],
  sql: string,
  values: readonly unknown[],
): Promise<readonly (readonly PlainRow[])[]> {
  // As the source of a query: what is no SELECT fails here, whatever it would do.
  const parts = tenants.map(({ schema }) => `(${placeSchema(sql, schema, quoteName)}\n) as q`)
  // By name: UNION goes by position, and in another tenant the same columns may stand in another order.
  const names = await describe(session, parts[0]!, values)
  const columns = names.map((name) => `, q.${quoteName(name)}`).join('')
  const [rows] = await ask(
    session,
    parts.map((part, index) => `select ${index}${columns} from ${part}`).join(' union all '),
    parts.flatMap(() => values),
  )
  const answers: PlainRow[][] = tenants.map(() => [])
  for (const [index, ...cells] of rows) {
    const row = Object.fromEntries(names.map((name, at) => [name, cells[at]]))
    answers[Number(index)]!.push(row)
  }
  return answers
}

async function describe(
  session: Connection,
  part: string,
  values: readonly unknown[],
): Promise<readonly string[]> {
  const [, fields] = await ask(session, `select * from ${part} limit 0`, values)
  return fields.map(({ name }) => name)
}

async function ask(
  session: Connection,
  sql: string,
  values: readonly unknown[],
): Promise<[unknown[][], FieldPacket[]]> {
  const [rows, fields] = await session.query({ sql, rowsAsArray: true, nestTables: false }, [...values])
  return [rows as unknown as unknown[][], fields]
}

function toAnswer([answer, fields]: [unknown, FieldPacket[] | undefined]): SqlAnswer {
  if (!Array.isArray(answer))
    return { columns: [], rows: [], affected: (answer as { affectedRows?: number }).affectedRows }
  const columns = (fields ?? []).map(({ name }) => name)
  return { columns, rows: answer as PlainRow[], affected: undefined }
}
