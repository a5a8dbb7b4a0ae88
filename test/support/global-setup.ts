import { randomInt } from 'node:crypto'
import { provideMysql } from '../../scripts/embedded-mysql/provide'
import type { MysqlServer } from '../../scripts/embedded-mysql/start'
import { providePostgres } from '../../scripts/embedded-postgres/provide'
import { startPostgres, type PostgresServer, type Server } from '../../scripts/embedded-postgres/start'
import { handOver, type MysqlTestServer, type TestServer } from './handover'

declare global {
  var stopTestServers: (() => Promise<void>) | undefined
}

/**
 * Starts PostgreSQL 18 and 15 and a MariaDB once for the whole run, or takes the servers of DATABASE_URL and MYSQL_URL.
 * Fails the run without one of them.
 */
export default async function globalSetup(): Promise<void> {
  const [servers, mysql] = await Promise.all([provideServers(), provideMysql()])
  globalThis.stopTestServers = async () => {
    await Promise.all([...servers, mysql].map((server) => server.stop()))
  }
  const run = randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0')
  handOver({ run, servers: servers.map(describeServer), mysqlServers: [describeMysql(mysql)] })
}

function provideServers(): Promise<(Server | PostgresServer)[]> {
  if (process.env.DATABASE_URL) return Promise.all([providePostgres()])
  return Promise.all([startPostgres({ version: 18 }), startPostgres({ version: 15 })])
}

function describeServer(server: Server | PostgresServer): TestServer {
  const { version, ownerUrl, appUrl } = server
  const superuser = 'superuserUrl' in server ? { superuserUrl: server.superuserUrl } : {}
  return { name: `PostgreSQL ${version}`, version, ownerUrl, appUrl, ...superuser }
}

function describeMysql({ version, ownerUrl, appUrl }: MysqlServer): MysqlTestServer {
  const [number = '', product = ''] = version.split('-')
  const name = `${product === 'MariaDB' ? product : 'MySQL'} ${number.split('.').slice(0, 2).join('.')}`
  return { name, version: Number.parseInt(number), ownerUrl, appUrl }
}
