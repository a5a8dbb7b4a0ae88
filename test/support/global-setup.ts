import { randomInt } from 'node:crypto'
import { providePostgres } from '../../scripts/embedded-postgres/provide'
import { startPostgres, type PostgresServer, type Server } from '../../scripts/embedded-postgres/start'
import { handOver, type TestServer } from './handover'

declare global {
  var stopTestServers: (() => Promise<void>) | undefined
}

/** Starts PostgreSQL 18 and 15 once for the whole run, or takes the server of DATABASE_URL. Fails the run without one. */
export default async function globalSetup(): Promise<void> {
  const servers = await provideServers()
  globalThis.stopTestServers = async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  const run = randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0')
  handOver({ run, servers: servers.map(describeServer) })
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
