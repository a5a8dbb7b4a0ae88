import { createConnection } from 'mysql2/promise'
import { startDocker } from './docker'
import { findInstalled } from './installed'
import { startMysql, type MysqlServer, type StartOptions } from './start'
import { prepareUnpacked } from './unpacked'

/**
 * A MariaDB or MySQL to work with, the first of: the server of MYSQL_URL (and MYSQL_OWNER_URL, if the owner is another
 * user), a server program of this machine on data of its own, Debian's packages unpacked into a cache folder, Docker.
 * stop() leaves a server of your own alone.
 *
 * @throws when none of them can be had, telling what was tried; when MYSQL_URL is set and can't be reached
 */
export async function provideMysql(options: StartOptions = {}): Promise<MysqlServer> {
  if (process.env.MYSQL_URL) return probe(process.env.MYSQL_URL, process.env.MYSQL_OWNER_URL)
  const tried = ['MYSQL_URL is not set.']
  const ways: Record<string, () => Promise<MysqlServer | undefined>> = {
    'mariadbd or mysqld on PATH': async () => {
      const files = findInstalled()
      return files && startMysql(files, options)
    },
    "Debian's packages, unpacked": async () => startMysql(prepareUnpacked(), options),
    Docker: startDocker,
  }
  for (const [name, provide] of Object.entries(ways)) {
    try {
      const server = await provide()
      if (server !== undefined) return server
      tried.push(`${name}: not there.`)
    } catch (error) {
      tried.push(`${name}: ${reasonOf(error)}`)
    }
  }
  throw new Error(
    `No MariaDB or MySQL could be provided:\n- ${tried.join('\n- ')}\nSet MYSQL_URL, install mariadb-server, or start Docker.`,
  )
}

async function probe(appUrl: string, ownerUrl = appUrl): Promise<MysqlServer> {
  const { hostname, port } = new URL(appUrl)
  const address = { host: hostname, port: Number(port || 3306) }
  try {
    const connection = await createConnection(ownerUrl)
    const [rows] = await connection.query('select version() as version')
    await connection.end()
    return {
      version: (rows as { version: string }[])[0]!.version,
      ...address,
      ownerUrl,
      appUrl,
      stop: async () => {},
    }
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException
    throw new Error(
      `MYSQL_URL is set, but the server at ${address.host}:${address.port} can't be used: ${message || code}`,
    )
  }
}

/** The last line that a program wrote on its standard error says most. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).split('\n').slice(-3).join(' ')
}
