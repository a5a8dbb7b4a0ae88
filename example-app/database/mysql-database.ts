import { join } from 'node:path'
import { escapeId } from 'mysql2'
import type { ResultSetHeader } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import type { Connection, Pool } from 'mysql2/promise'
import { mysql } from 'rowhouse/mysql'
import { plainReport } from '../widgets/widget-report'
import type { Database, DatabaseOptions, Sql } from './database'

// Ids beyond 2^53 as exact as small ones, and times as what they are in the tables, whatever zone the server is in.
const FORMS = { supportBigNumbers: true, bigNumberStrings: true, timezone: 'Z' } as const

/** The application on MySQL or MariaDB. Nothing is connected before it is used. */
export function mysqlDatabase(options: DatabaseOptions): Database<Pool> {
  const { appUrl, ownerUrl } = options
  const schema = escapeId(options.mainSchema ?? databaseOf(appUrl) ?? 'rowhouse_example', true)
  const tenantTable = `${schema}.tenants`
  return {
    engine: mysql({ uri: appUrl, migrationUrl: ownerUrl, ...FORMS }),
    migrations: join(__dirname, '../../tenant-migrations/mysql'),
    tenantTable,
    setUp: () => setUp(options, { schema, tenantTable }),
    reportOf: ({ sql }) => plainReport(sql),
    sqlOf,
  }
}

/** `mysql://app@db/main` -> `main` */
function databaseOf(url: string): string | undefined {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || undefined
}

async function setUp(
  { appUrl, ownerUrl }: DatabaseOptions,
  { schema, tenantTable }: { readonly schema: string; readonly tenantTable: string },
): Promise<void> {
  const owner = await createConnection(ownerUrl)
  try {
    await owner.query(`create database if not exists ${schema}`)
    await owner.query(`
      create table if not exists ${tenantTable} (
        id bigint auto_increment primary key,
        name varchar(255) not null,
        subdomain varchar(63) character set ascii collate ascii_bin unique,
        inserted_at datetime(6) not null default (utc_timestamp(6)),
        updated_at datetime(6) not null default (utc_timestamp(6))
      ) engine = InnoDB, character set utf8mb4`)
    const account = await accountOf(appUrl)
    // Nobody can grant to himself.
    if (account === (await accountOn(owner))) return
    await owner.query(`grant select, insert, update, delete on ${tenantTable} to ${account}`)
  } finally {
    await owner.end()
  }
}

/** Who the server takes the application for, who may not even enter its database yet. */
async function accountOf(appUrl: string): Promise<string> {
  const url = new URL(appUrl)
  url.pathname = ''
  const app = await createConnection(url.href)
  try {
    return await accountOn(app)
  } finally {
    await app.end()
  }
}

/** `'app'@'%'` */
async function accountOn(connection: Connection): Promise<string> {
  const [rows] = await connection.query('select current_user() as account')
  const { account } = (rows as { account: string }[])[0]!
  const at = account.lastIndexOf('@')
  return `${connection.escape(account.slice(0, at))}@${connection.escape(account.slice(at + 1))}`
}

function sqlOf(pool: Pool): Sql {
  const send = async (text: string, values: readonly unknown[]): Promise<ResultSetHeader> =>
    (await pool.query<ResultSetHeader>(text, [...values]))[0]
  return {
    rows: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await pool.query(text, [...values]))[0] as Row[],
    insert: async (text, values) => String((await send(text, values)).insertId),
    change: async (text, values) => (await send(text, values)).affectedRows,
    now: 'utc_timestamp(6)',
  }
}
