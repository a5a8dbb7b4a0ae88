import { Client } from 'pg'
import { startPostgres, type Server, type StartOptions } from './start'

/**
 * Your own server when the environment has a DATABASE_URL (and an OWNER_URL, if the owner is another role), else a
 * temporary one. stop() leaves a server of your own alone.
 *
 * @throws when DATABASE_URL is set and that server can't be reached; the message has no password
 */
export async function providePostgres(options: StartOptions = { version: 18 }): Promise<Server> {
  const appUrl = process.env.DATABASE_URL
  if (!appUrl) return startPostgres(options)
  const ownerUrl = process.env.OWNER_URL || appUrl
  const server = await probe('DATABASE_URL', appUrl)
  if (ownerUrl !== appUrl) await probe('OWNER_URL', ownerUrl)
  return { ...server, ownerUrl, appUrl, stop: async () => {} }
}

async function probe(variable: string, url: string): Promise<Pick<Server, 'version' | 'host' | 'port'>> {
  const client = parse(variable, url)
  const { host, port } = client
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num')
    return { version: Math.floor(Number(rows[0]!.server_version_num) / 10_000), host, port }
  } catch (cause) {
    // A refused name with two addresses is an AggregateError, whose message is empty.
    const { message, code } = cause as NodeJS.ErrnoException
    throw new Error(
      `${variable} is set, but PostgreSQL at ${host}:${port} can't be used: ${message || code}`,
      { cause },
    )
  } finally {
    await client.end().catch(() => {})
  }
}

/** Drops the cause of a failure: it carries the URL, and that carries the password. */
function parse(variable: string, connectionString: string): Client {
  try {
    return new Client({ connectionString, connectionTimeoutMillis: 10_000 })
  } catch {
    throw new Error(`${variable} is not a URL such as postgres://app@127.0.0.1:5432/rowhouse.`)
  }
}
