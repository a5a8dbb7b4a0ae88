import { TenantIdError } from '../errors'
import type { MigrationSession } from './migration-session'
import { quoteName } from './sql'

/** An account of the server: `app` at any host, `app@10.0.0.%`. */
export interface Account {
  readonly user: string
  readonly host: string
}

/** What an application needs in its tenants. Nothing that defines or drops. */
export const RIGHTS = 'select, insert, update, delete, execute'
/** Length of the column `Db` of the grant tables, which holds the pattern with its backslashes. */
const MAX_PATTERN = 64

/** Reads an account as an option or `current_user()` names it; the host is `%` where none is named. */
export function parseAccount(text: string): Account {
  const at = text.lastIndexOf('@')
  return at === -1 ? { user: text, host: '%' } : { user: text.slice(0, at), host: text.slice(at + 1) }
}

/**
 * The name of a database as GRANT wants it: there `_` and `%` stand for any letters, and a grant on `tenant_1` would open
 * `tenantx1` as well (test/mysql/grants.test.ts).
 *
 * @throws TenantIdError when it is too long for the grant tables
 */
export function grantPatternOf(schema: string): string {
  const pattern = schema.replace(/[\\_%]/g, '\\$&')
  if ([...pattern].length <= MAX_PATTERN) return pattern
  throw new TenantIdError(
    'ROWHOUSE_SCHEMA_NAME_TOO_LONG',
    `Database name "${schema}" has ${[...pattern].length} characters in a GRANT, where each "_" counts twice, and the server ` +
      `keeps ${MAX_PATTERN}. Use a shorter tenant id or prefix, or grant the application by yourself (applicationUser: false).`,
    { status: 404 },
  )
}

/** Lets the application's account work in a tenant: in all tables that are there, and that will be. */
export async function grantUse(session: MigrationSession, schema: string, to: Account): Promise<void> {
  await session.query(`grant ${RIGHTS} on ${quoteName(grantPatternOf(schema))}.* to ?@?`, [to.user, to.host])
}

/** There is no such grant, or no such account any more. */
const NOTHING_TO_REVOKE = new Set([
  'ER_NONEXISTING_GRANT',
  'ER_NONEXISTING_TABLE_GRANT',
  'ER_PASSWORD_NO_MATCH',
])

/** Takes the rights back: a grant outlives its database, and would hold for the next one of that name. */
export async function revokeUse(session: MigrationSession, schema: string, from: Account): Promise<void> {
  const revoke = `revoke ${RIGHTS} on ${quoteName(grantPatternOf(schema))}.* from ?@?`
  await ignoreMissing(session.query(revoke, [from.user, from.host]))
}

/** Waits for a REVOKE of what may be revoked already. */
export async function ignoreMissing(revoking: Promise<unknown>): Promise<void> {
  try {
    await revoking
  } catch (error) {
    if (!NOTHING_TO_REVOKE.has((error as { code?: string }).code ?? '')) throw error
  }
}
