import { readOwnersMark } from './marks'
import { scanSql } from './migration-scanner'
import type { MigrationSession } from './migration-session'
import { isName, qualifierAt } from './migration-shape'

/** Whose migration a statement is. */
export interface Home {
  readonly schema: string
  readonly tenant: string
}

/**
 * Looks for the database of another tenant in a statement, wherever it stands: what is read there, referred to, or done
 * there later by a trigger is a mistake in any case. A database that is no tenant's may be read, and the server is asked
 * which is which: `tenant_reference` may be either.
 *
 * @returns what it does and what to do instead; undefined for a fair statement
 */
export async function findNeighbour(
  session: MigrationSession,
  sql: string,
  home: Home,
): Promise<string | undefined> {
  for (const name of namesLikeTenants(sql, home, session.facts)) {
    if ((await readOwnersMark(session, name)) === undefined) continue
    return `names "${name}", the database of another tenant. Leave its name out: unqualified names are the tenant's own`
  }
  return undefined
}

/**
 * Qualifiers with the tenants' prefix, also in the bodies of routines. One that stands for itself somewhere in the statement
 * is a table, or its alias: the table `tenant_users` is no mistake, although somebody may call a tenant "users".
 */
function namesLikeTenants(
  sql: string,
  { schema, tenant }: Home,
  { foldsNames }: MigrationSession['facts'],
): ReadonlySet<string> {
  const fold = (name: string): string => (foldsNames ? name.toLowerCase() : name)
  const prefix = fold(schema.slice(0, -tenant.length))
  const names = new Set<string>()
  // Seldom there: what a statement costs is this look.
  if (!fold(sql).includes(prefix)) return names
  const tokens = [...scanSql(sql)].filter(({ type }) => type !== 'open' && type !== 'close')
  const bare = new Set<string>()
  for (const [index, token] of tokens.entries()) {
    if (!isName(token) || tokens[index - 1]?.text === '.') continue
    if (qualifierAt(tokens, index) === undefined) bare.add(token.text.toLowerCase())
    else if (fold(token.text).startsWith(prefix) && fold(token.text) !== fold(schema)) names.add(token.text)
  }
  for (const name of names) if (bare.has(name.toLowerCase())) names.delete(name)
  return names
}

/** Everything in a statement that stands in front of a dot: databases, tables and their aliases. */
export function qualifiersOf(sql: string): ReadonlySet<string> {
  const tokens = [...scanSql(sql)].filter(({ type }) => type !== 'open' && type !== 'close')
  const names = tokens.map((_token, index) => qualifierAt(tokens, index))
  return new Set(names.filter((name) => name !== undefined))
}
