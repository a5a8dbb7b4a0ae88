import { MYSQL_BREAKS } from './routes/breaks'
import { MYSQL_CROSSINGS } from './routes/crossings'
import { MYSQL_LEFTOVERS } from './routes/leftovers'
import { MYSQL_LIFETIMES } from './routes/lifetimes'
import { HARD_KINDS, MYSQL_KINDS } from './stress-kinds'
import type { MysqlKind } from './stress-turn'

/** Every kind of request, and what needs a network that breaks, tenants that come and go, or one level of hygiene. */
export const MYSQL_TORTURE_KINDS: readonly MysqlKind[] = [
  ...MYSQL_KINDS,
  ...MYSQL_CROSSINGS,
  ...MYSQL_LEFTOVERS,
  ...MYSQL_LIFETIMES,
  ...MYSQL_BREAKS,
]

/** A tenant's role has no rights for these. */
const NOT_BY_ROLE = new Set(['temporary table', 'locked tables'])

/** The same where each tenant has a role, and what the server refuses there. */
export const MYSQL_HARD_TORTURE_KINDS: readonly MysqlKind[] = [
  ...MYSQL_TORTURE_KINDS.filter(({ name }) => !NOT_BY_ROLE.has(name)),
  ...HARD_KINDS,
]
