import { provideMysql } from '../scripts/embedded-mysql/provide'
import { providePostgres } from '../scripts/embedded-postgres/provide'
import type { Database } from './database/database'
import { mysqlDatabase } from './database/mysql-database'
import { postgresDatabase } from './database/postgres-database'

/** A server that runs, and the application's database on it. */
export interface StartedDatabase {
  /** `PostgreSQL 18` */
  readonly name: string
  /** What connects the command line to it, `export DATABASE_URL=...`; on a server of your own, the variables you have. */
  readonly variables: readonly string[]
  readonly database: Database<any>
  /** Leaves a server of your own alone. */
  stop(): Promise<void>
}

const STARTS: Readonly<Record<string, () => Promise<StartedDatabase>>> = {
  postgres: startPostgres,
  mysql: startMysql,
}

/**
 * Starts a server, or takes your own: that of DATABASE_URL, or of MYSQL_URL.
 *
 * @param engine - `postgres` or `mysql`
 */
export async function startDatabase(engine: string): Promise<StartedDatabase> {
  const start = Object.hasOwn(STARTS, engine) ? STARTS[engine] : undefined
  if (start === undefined)
    throw new Error(`ENGINE is "${engine}" and must be ${Object.keys(STARTS).join(' or ')}.`)
  return start()
}

async function startPostgres(): Promise<StartedDatabase> {
  const server = await providePostgres()
  const { version, appUrl, ownerUrl } = server
  return {
    name: `PostgreSQL ${version}`,
    variables: process.env.DATABASE_URL
      ? ['(with the same DATABASE_URL and OWNER_URL)']
      : [`export DATABASE_URL=${appUrl}`, `export OWNER_URL=${ownerUrl}`],
    database: postgresDatabase({ appUrl, ownerUrl }),
    stop: () => server.stop(),
  }
}

async function startMysql(): Promise<StartedDatabase> {
  const server = await provideMysql()
  const { version, appUrl, ownerUrl } = server
  return {
    name: version.includes('MariaDB') ? `MariaDB ${version.split('-')[0]}` : `MySQL ${version}`,
    variables: [
      ...(process.env.MYSQL_URL
        ? ['(with the same MYSQL_URL and MYSQL_OWNER_URL)']
        : [`export MYSQL_URL=${appUrl}`, `export MYSQL_OWNER_URL=${ownerUrl}`]),
      // Where it is set, the command line works on PostgreSQL.
      'unset DATABASE_URL',
    ],
    database: mysqlDatabase({ appUrl, ownerUrl }),
    stop: () => server.stop(),
  }
}
