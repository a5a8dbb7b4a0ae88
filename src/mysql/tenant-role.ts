import { SchemaNotOursError, TenantIdError } from '../errors'
import { grantPatternOf, ignoreMissing, RIGHTS } from './grants'
import type { Account } from './grants'
import { MARK_TABLE } from './marks'
import type { MigrationSession } from './migration-session'
import { quoteName, tableIn } from './sql'

/** Of a user's or a role's name, in MySQL. MariaDB has room for more than a database's name. */
const MAX_MYSQL_ROLE = 32
/** What the server answers where there is no such role; MySQL has another number. */
const NO_SUCH_ROLE = new Set([1141, 1959, 3523])

/**
 * @throws TenantIdError where the server has no room for the role's name, or for its grant; SchemaNotOursError where a role of
 * that name has other rights: granted, they would be the application's
 */
export async function expectRoom(session: MigrationSession, schema: string): Promise<void> {
  expectShort(session, schema)
  await expectNoStranger(session, schema)
}

function expectShort({ facts }: MigrationSession, schema: string): void {
  grantPatternOf(schema)
  if (facts.isMariadb || [...schema].length <= MAX_MYSQL_ROLE) return
  throw new TenantIdError(
    'ROWHOUSE_SCHEMA_NAME_TOO_LONG',
    `Database name "${schema}" is to be the name of a role, too (isolation: "role"), and MySQL keeps ${MAX_MYSQL_ROLE} ` +
      'characters of that. Use a shorter tenant id or prefix.',
    { status: 404 },
  )
}

/**
 * Makes the role of a tenant, or completes it, and grants it to the application's account, which keeps nothing of its own but
 * the sight of the mark, whose table is there. Can be repeated.
 *
 * @throws SchemaNotOursError as {@link expectRoom}
 */
export async function giveRole(session: MigrationSession, schema: string, to: Account): Promise<void> {
  const role = quoteName(schema)
  await expectNoStranger(session, schema)
  await session.query(`create role if not exists ${role}`)
  await session.query(`grant ${RIGHTS} on ${quoteName(grantPatternOf(schema))}.* to ${role}`)
  await session.query(`grant ${role} to ?@?`, [to.user, to.host])
  await session.query(`grant select on ${tableIn(schema, MARK_TABLE)} to ?@?`, [to.user, to.host])
}

/** Whether a tenant has its role, the application has the role, and no rights beside it. Asks, and changes nothing. */
export async function hasRole(
  session: MigrationSession,
  schema: string,
  { user, host }: Account,
): Promise<boolean> {
  // Of MySQL's tables we have seen nothing: there everything is granted again.
  if (!session.facts.isMariadb) return false
  const pattern = grantPatternOf(schema)
  const asked = session.rows<{ isSo: number }>(
    `select exists (select * from mysql.roles_mapping where host = ? and user = ? and role = ?)
        and exists (select * from mysql.db where host = '' and db = ? and user = ? and select_priv = 'Y'
                     and insert_priv = 'Y' and update_priv = 'Y' and delete_priv = 'Y' and execute_priv = 'Y')
        and exists (select * from mysql.tables_priv where host = ? and db = ? and user = ? and table_name = ?)
        and not exists (select * from mysql.db where host = ? and db = ? and user = ?) as isSo`,
    [host, user, schema, pattern, schema, host, schema, user, MARK_TABLE, host, pattern, user],
  )
  // An owner who may not look into the grant tables grants once more.
  const [row] = await asked.catch(() => [])
  return Number(row?.isSo) === 1
}

/** Drops the role of a tenant that is gone, and the sight of its mark: both would hold for the next one of that name. */
export async function dropRole(session: MigrationSession, schema: string, from: Account): Promise<void> {
  const revoke = `revoke select on ${tableIn(schema, MARK_TABLE)} from ?@?`
  await ignoreMissing(session.query(revoke, [from.user, from.host]))
  if (!isStranger(await grantsOf(session, schema), schema))
    await session.query(`drop role if exists ${quoteName(schema)}`)
}

async function expectNoStranger(session: MigrationSession, schema: string): Promise<void> {
  if (!isStranger(await grantsOf(session, schema), schema)) return
  throw new SchemaNotOursError(
    `There is a role "${schema}" that has other rights than the ones on the database of that name, and the application would ` +
      'get them. Drop or rename it, or use another prefix or id.',
  )
}

/** What a role may do, as the server words it; empty where there is none. */
async function grantsOf(session: MigrationSession, role: string): Promise<readonly string[]> {
  try {
    const rows = await session.rows<Record<string, string>>(`show grants for ${quoteName(role)}`)
    return rows.map((row) => Object.values(row)[0]!)
  } catch (error) {
    if (NO_SUCH_ROLE.has((error as { errno?: number }).errno ?? 0)) return []
    throw error
  }
}

function isStranger(grants: readonly string[], schema: string): boolean {
  const own = ` ON ${quoteName(grantPatternOf(schema))}.* TO `
  return grants.some((grant) => !grant.startsWith('GRANT USAGE ON *.* TO ') && !grant.includes(own))
}
