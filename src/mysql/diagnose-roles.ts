import { createConnection } from 'mysql2/promise'
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import type { RoleFacts } from '../doctor/mysql-roles'
import { outsideTenants } from '../tenant/context'
import { ask } from './ask'
import { DATABASES_WITH, MARK_TABLE } from './marks'
import { tableIn } from './sql'

/** Whose roles are looked at. */
export interface RoleQuestion {
  /** As information_schema names it, `'app'@'%'`. */
  readonly grantee: string
  readonly prefix: string
  readonly tenancy: string
  /** Sees tenants that the application can't. */
  readonly owner: ConnectionOptions | undefined
}

const TABLES = `
  select distinct concat(table_schema, '.', table_name) as name from information_schema.table_privileges
   where grantee = ? and left(table_schema, char_length(?)) = ? and not (table_name = ? and privilege_type = 'SELECT')
   order by name`
const MARKED = `${DATABASES_WITH} order by name`
const ROLES = 'select role_name as name from information_schema.applicable_roles'
/** Of how many databases without a role the mark is read. */
const MAX_READ = 100

/** Reads what is to be known of roles, as the application, and as the owner where that one can be had. */
export async function readRoles(application: Connection, question: RoleQuestion): Promise<RoleFacts> {
  const { grantee, prefix, owner } = question
  const tables = await ask<{ name: string }>(application, TABLES, [grantee, prefix, prefix, MARK_TABLE])
  const roles = new Set((await ask<{ name: string }>(application, ROLES)).map(({ name }) => name))
  const connection = owner && (await outsideTenants(() => createConnection(owner)).catch(() => undefined))
  try {
    const missing = await readMissing(connection ?? application, question, roles)
    return { tables: tables.map(({ name }) => name), missing }
  } finally {
    await connection?.end()
  }
}

async function readMissing(
  connection: Connection,
  { prefix, tenancy }: RoleQuestion,
  roles: ReadonlySet<string>,
): Promise<string[]> {
  const marked = await ask<{ name: string }>(connection, MARKED, [MARK_TABLE, prefix, prefix])
  const without = marked.map(({ name }) => name).filter((name) => name.startsWith(prefix) && !roles.has(name))
  const missing: string[] = []
  for (const name of without.slice(0, MAX_READ)) {
    const sql = `select tenancy from ${tableIn(name, MARK_TABLE)}`
    const rows = await ask<{ tenancy: string }>(connection, sql).catch(() => [])
    if (rows[0]?.tenancy === tenancy) missing.push(name)
  }
  return missing
}
