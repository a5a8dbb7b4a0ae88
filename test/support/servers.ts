import { createHash } from 'node:crypto'
import { basename, relative } from 'node:path'
import { createConnection, type Connection } from 'mysql2/promise'
import { Client } from 'pg'
import { takeOver, type MysqlTestServer, type TestServer } from './handover'

export type { MysqlTestServer, TestServer } from './handover'

const { run, servers, mysqlServers } = takeOver()

/** Each server that a promise is tested on: `describe.each(SERVERS)('$name', (server) => ...)`. */
export const SERVERS: readonly TestServer[] = servers

/** Each MariaDB or MySQL: `describe.each(MYSQL_SERVERS)('$name', (server) => ...)`. */
export const MYSQL_SERVERS: readonly MysqlTestServer[] = mysqlServers

/** A connected client with the most rights that the run has: superuser, or the owner on a server of DATABASE_URL. The caller ends it. */
export async function adminClient(server: TestServer): Promise<Client> {
  const client = new Client({
    connectionString: server.superuserUrl ?? server.ownerUrl,
    application_name: 'rowhouse test admin',
  })
  await client.connect()
  return client
}

/** Runs work on a connection of the database's owner, and closes it. */
export async function withOwner<Result>(
  server: TestServer,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: server.ownerUrl, application_name: 'rowhouse test owner' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * A schema prefix for one test, so that files can run at once on one server: `isolatio_k3x9f02mzq_`, at most 20
 * characters. The same file and title give the same prefix within a run. No prefix is the beginning of another one.
 */
export function uniquePrefix(title: string): string {
  // Without jest there is no test, and no other one that runs at once.
  const file = typeof expect === 'undefined' ? '' : (expect.getState().testPath ?? '')
  const word =
    basename(file)
      .split('.')[0]!
      .toLowerCase()
      .replace(/[^a-z]/g, '')
      .slice(0, 8) || 'test'
  const digest = createHash('sha256')
    .update(`${relative(process.cwd(), file)}\0${title}`)
    .digest('hex')
  const hash = BigInt(`0x${digest}`).toString(36).slice(-6)
  return `${word}_${run}${hash}_`
}

/** Drops each schema, and each tenant's role, whose name begins with exactly this text: no pattern, in which `_` would be any character. */
export async function dropPrefix(server: TestServer, prefix: string): Promise<void> {
  if (prefix === '') throw new Error('An empty prefix would drop every schema of the database.')
  await withOwner(server, async (client) => {
    const { rows } = await client.query<{ sql: string }>(
      `select format('drop schema %I cascade', nspname) as sql from pg_namespace where starts_with(nspname, $1)`,
      [prefix],
    )
    for (const { sql } of rows) await client.query(sql)
    const roles = await client.query<{ role: string }>(
      `select format('%I', rolname) as role from pg_roles
        where starts_with(rolname, $1) and not rolcanlogin and not rolsuper`,
      [prefix],
    )
    for (const { role } of roles.rows) {
      await client.query(`grant ${role} to current_user; drop owned by ${role}; drop role ${role}`)
    }
  })
}

/** Runs work on a connection of the MySQL databases' owner, and closes it. */
async function withMysqlOwner<Result>(
  server: MysqlTestServer,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await createConnection({ uri: server.ownerUrl, multipleStatements: true })
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}

/** Drops each MySQL database and role whose name begins with exactly this text, and the grants on it. */
export async function dropMysqlPrefix(server: MysqlTestServer, prefix: string): Promise<void> {
  if (prefix === '') throw new Error('An empty prefix would drop every database of the server.')
  await withMysqlOwner(server, async (owner) => {
    const [rows] = await owner.query('select schema_name as name from information_schema.schemata')
    const names = (rows as { name: string }[]).map(({ name }) => name)
    for (const name of names.filter((one) => one.startsWith(prefix))) {
      await owner.query('drop database ??', [name])
    }
    const [grants] = await owner.query(
      "select db, concat(quote(user), '@', quote(host)) as account from mysql.db",
    )
    for (const { db, account } of grants as { db: string; account: string }[]) {
      if (!db.replaceAll('\\', '').startsWith(prefix)) continue
      await owner.query(`revoke all privileges on ??.* from ${account}`, [db]).catch(ignoreNoSuchGrant)
    }
    for (const name of await rolesOf(owner)) {
      if (name.startsWith(prefix)) await owner.query('drop role ??', [name])
    }
    const [tables] = await owner.query(
      "select db, table_name as name, concat(quote(user), '@', quote(host)) as account from mysql.tables_priv",
    )
    for (const { db, name, account } of tables as { db: string; name: string; account: string }[]) {
      if (!db.startsWith(prefix)) continue
      await owner.query(`revoke all privileges on ??.?? from ${account}`, [db, name]).catch(ignoreNoSuchGrant)
    }
  })
}

/** MySQL tells its roles from its users by nothing: there they go with the server. */
async function rolesOf(owner: Connection): Promise<string[]> {
  const [rows] = await owner
    .query("select user as name from mysql.user where is_role = 'Y'")
    .catch(() => [[]])
  return (rows as { name: string }[]).map(({ name }) => name)
}

function ignoreNoSuchGrant(error: Error & { code?: string }): void {
  if (!/^ER_NONEXISTING_(TABLE_)?GRANT$/.test(error.code ?? '')) throw error
}
