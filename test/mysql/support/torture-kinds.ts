import { MYSQL_BREAKS } from './routes/breaks'
import { MYSQL_CROSSINGS } from './routes/crossings'
import { MYSQL_LEFTOVERS } from './routes/leftovers'
import { MYSQL_LIFETIMES } from './routes/lifetimes'
import { MYSQL_KINDS } from './stress-kinds'
import type { MysqlKind } from './stress-turn'

/** Every kind of request, and what needs a network that breaks, tenants that come and go, or one level of hygiene. */
export const MYSQL_TORTURE_KINDS: readonly MysqlKind[] = [
  ...MYSQL_KINDS,
  ...MYSQL_CROSSINGS,
  ...MYSQL_LEFTOVERS,
  ...MYSQL_LIFETIMES,
  ...MYSQL_BREAKS,
]
