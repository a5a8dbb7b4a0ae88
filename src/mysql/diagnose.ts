import type { Pool as CallbackPool } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import type { Connection, ConnectionOptions, Pool } from 'mysql2/promise'
import type { ConnectionFacts } from '../doctor/connections'
import type { Finding } from '../doctor/finding'
import { failedBy } from '../doctor/migrations-connection'
import type { MigrationsConnection } from '../doctor/migrations-connection'
import { judgeMysql } from '../doctor/mysql'
import type { MysqlFacts } from '../doctor/mysql'
import type { DatabaseGrant, GrantFacts } from '../doctor/mysql-grants'
import { outsideTenants } from '../tenant/context'
import { ask } from './ask'
import { readRoles } from './diagnose-roles'
import { parseAccount } from './grants'
import { describePool } from './open-pool'
import { STATEMENT_BUDGET, WITHOUT_LIMIT } from './statements'

/** Whom to ask, and what of. */
export interface DiagnoseParts {
  readonly callbackPool: CallbackPool
  /** Asked as the application's account, outside of every tenant. */
  readonly admin: Pool
  readonly statementBudget: number | undefined
  readonly switch: 'joined' | 'awaited' | undefined
  /** The owner's connection; undefined where the application is the owner. */
  readonly owner: ConnectionOptions | undefined
  readonly isolation: 'database' | 'role'
  /** Name of the tenancy. */
  readonly tenancy: string
}

interface ServerRow {
  readonly account: string
  readonly tracks: number
  readonly statements: number
  readonly initConnect: string
  readonly localInfile: number
  readonly folding: number
  readonly connections: number
  readonly userConnections: number
  readonly openTables: number
  readonly definitions: number
}

interface GrantRow {
  readonly pattern: string
  readonly right: string
  readonly mayGrant: string
}

const SERVER = `
  select current_user() as account, @@session.session_track_schema as tracks,
         @@global.max_prepared_stmt_count as statements, @@global.init_connect as initConnect,
         @@global.local_infile as localInfile, @@global.lower_case_table_names as folding,
         @@global.max_connections as connections, @@session.max_user_connections as userConnections,
         @@global.table_open_cache as openTables, @@global.table_definition_cache as definitions`
/** `GRANT SELECT, PROCESS ON *.* TO ... WITH GRANT OPTION MAX_USER_CONNECTIONS 4` */
const GLOBAL_GRANT = /^GRANT (.+) ON \*\.\* TO (.+)$/
const DATABASE_RIGHTS = `
  select table_schema as pattern, privilege_type as \`right\`, is_grantable as mayGrant
    from information_schema.schema_privileges where grantee in (?) order by table_schema`

/** Looks at a set-up, changes nothing, and tells what is wrong. */
export async function diagnose(parts: DiagnoseParts, prefix: string): Promise<Finding[]> {
  const connection = await parts.admin.getConnection()
  try {
    return judgeMysql(await readFacts(connection, parts, prefix))
  } finally {
    connection.release()
  }
}

async function readFacts(connection: Connection, parts: DiagnoseParts, prefix: string): Promise<MysqlFacts> {
  const [server] = await ask<ServerRow>(connection, SERVER)
  const { initConnect, localInfile, folding, tracks } = server!
  const pool = describePool(parts.callbackPool)
  const limit = pool.connectionLimit || WITHOUT_LIMIT
  return {
    isBehindProxy: await isIndirect(connection),
    switch: parts.switch ?? 'joined',
    migrations: await readMigrations(parts.owner),
    tracksSchema: Number(tracks) !== 0,
    statements: {
      budget: parts.statementBudget ?? STATEMENT_BUDGET,
      kept: pool.statementsPerConnection * limit,
      max: Number(server!.statements),
    },
    tableCache: {
      tables: await countTables(connection, prefix),
      open: Number(server!.openTables),
      definitions: Number(server!.definitions),
    },
    initConnect: String(initConnect ?? ''),
    localFiles: { isOn: Number(localInfile) !== 0, isAllowed: pool.allowsLocalFiles },
    folding: Number(folding),
    grants: await readGrants(connection, server!.account, parts, prefix),
    roles:
      parts.isolation === 'role'
        ? await readRoles(connection, { ...parts, prefix, grantee: granteeOf(server!.account) })
        : undefined,
    connections: connectionsOf(server!, parts),
  }
}

/** Of the tenants, as far as the application sees them. Names alone are read for it, and no table is opened. */
async function countTables(connection: Connection, prefix: string): Promise<number> {
  const [row] = await ask<{ tables: number | string }>(
    connection,
    'select count(*) as tables from information_schema.tables where left(table_schema, char_length(?)) = ?',
    [prefix, prefix],
  )
  return Number(row!.tables)
}

/** A proxy makes up the id of the handshake. */
async function isIndirect(connection: Connection): Promise<boolean> {
  const [row] = await ask<{ id: number | string }>(connection, 'select connection_id() as id')
  // The handshake has room for 32 bits of it.
  return BigInt(row!.id) % 2n ** 32n !== BigInt(connection.threadId) % 2n ** 32n
}

async function readMigrations(owner: ConnectionOptions | undefined): Promise<MigrationsConnection> {
  if (owner === undefined) return { state: 'none' }
  try {
    const connection = await outsideTenants(() => createConnection(owner))
    try {
      return { state: (await isIndirect(connection)) ? 'indirect' : 'direct' }
    } finally {
      await connection.end()
    }
  } catch (error) {
    return failedBy(error)
  }
}

async function readGrants(
  connection: Connection,
  account: string,
  { admin }: DiagnoseParts,
  prefix: string,
): Promise<GrantFacts> {
  const grantee = [[granteeOf(account), ...(await readEnabledRoles(connection))]]
  return {
    account,
    prefix,
    shared: describePool(admin.pool).database,
    global: await readGlobal(connection),
    databases: byPattern(await ask<GrantRow>(connection, DATABASE_RIGHTS, grantee)),
  }
}

/** As information_schema names an account. */
function granteeOf(account: string): string {
  const { user, host } = parseAccount(account)
  return `'${user}'@'${host}'`
}

/** Those of its roles among them, which information_schema leaves out. */
async function readGlobal(connection: Connection): Promise<GrantFacts['global']> {
  const rows = await ask<Record<string, string>>(connection, 'show grants')
  const found = rows.map((row) => GLOBAL_GRANT.exec(Object.values(row)[0]!)).filter((grant) => grant !== null)
  return {
    rights: found.flatMap(([, list]) => list!.split(', ')),
    mayGrant: found.some(([, , rest]) => rest!.includes(' WITH GRANT OPTION')),
  }
}

/** The roles that a session of the application has from its start, as MariaDB names them among grantees. */
async function readEnabledRoles(connection: Connection): Promise<string[]> {
  const sql = 'select role_name as name from information_schema.enabled_roles where role_name is not null'
  // A server without roles has no such table.
  const rows = await ask<{ name: string }>(connection, sql).catch(() => [])
  return rows.map(({ name }) => `'${name}'@''`)
}

function byPattern(rows: readonly GrantRow[]): DatabaseGrant[] {
  const grants = new Map<string, { pattern: string; rights: string[]; mayGrant: boolean }>()
  for (const { pattern, right, mayGrant } of rows) {
    const grant = grants.get(pattern) ?? { pattern, rights: [], mayGrant: false }
    grant.rights.push(right)
    grant.mayGrant ||= mayGrant === 'YES'
    grants.set(pattern, grant)
  }
  return [...grants.values()]
}

function connectionsOf(
  { connections, userConnections, account }: ServerRow,
  { callbackPool, admin }: DiagnoseParts,
): ConnectionFacts {
  const [server, user] = [Number(connections), Number(userConnections)]
  const isLimited = user > 0 && user < server
  return {
    pool: describePool(callbackPool).connectionLimit || Infinity,
    admin: describePool(admin.pool).connectionLimit,
    available: isLimited ? user : server,
    limit: isLimited ? `max_user_connections of ${account}` : 'max_connections',
  }
}
