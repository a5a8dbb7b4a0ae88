import type { PreparedStatement, StatementCache } from './driver'

/** Databases of prepared statements: the server binds their names to the database that was current at PREPARE (measured). */
const owners = new WeakMap<PreparedStatement, string>()

/** The database a statement was prepared in. */
export function ownerOf(statement: PreparedStatement): string | undefined {
  return owners.get(statement)
}

/**
 * A cache of statements by tenant and text. mysql2's own goes by text alone, so that one tenant would execute the other's
 * statement, in the other's tables (sidorares/node-mysql2#1234).
 *
 * @param inner - mysql2's, which closes what it drops
 * @param database - whose statements are meant right now
 */
export function statementsByTenant(
  inner: StatementCache,
  database: () => string | undefined,
): StatementCache {
  let generation = 0
  const keyed = (key: string): string => `${generation}\0${database() ?? ''}\0${key}`
  return {
    get: (key) => inner.get(keyed(key)),
    set(key, statement) {
      const own = keyed(key)
      const close = statement.close.bind(statement)
      let isClosed = false
      owners.set(statement, database() ?? '')
      // mysql2 would go on to find the closed statement (ER_UNKNOWN_STMT_HANDLER).
      statement.close = () => {
        // Dropping it from the cache closes it, too.
        if (isClosed) return undefined
        isClosed = true
        if (inner.get(own) === statement) inner.delete(own)
        return close()
      }
      inner.set(own, statement)
    },
    delete: (key) => inner.delete(keyed(key)),
    // Not the inner clear(): it would send a Close for each, of statements that the server has forgotten.
    clear: () => void (generation += 1),
    get size() {
      return inner.size
    },
  }
}

/**
 * How many statements each connection may keep, so that the pool stays within its share of the server's
 * `max_prepared_stmt_count` (16,382 by default, for all its clients).
 *
 * @param connections - of the pool; 0 means no limit, and counts as 100
 */
export function statementsPerConnection(budget: number, connections: number, wanted = 256): number {
  return Math.max(1, Math.min(wanted, Math.floor(budget / (connections || 100))))
}
