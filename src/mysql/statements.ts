import { LRUCache } from 'lru-cache'
import type { PreparedStatement, StatementCache } from './driver'

/** What the option `statementBudget` is by default: half of what a server allows for all its clients. */
export const STATEMENT_BUDGET = 8192

/** Databases of prepared statements: the server binds their names to the database that was current at PREPARE (measured). */
const owners = new WeakMap<PreparedStatement, string>()

/** The database a statement was prepared in. */
export function ownerOf(statement: PreparedStatement): string | undefined {
  return owners.get(statement)
}

/**
 * A cache of statements by tenant and text, for one connection. mysql2's own goes by text alone, so that one tenant would
 * execute the other's statement, in the other's tables (sidorares/node-mysql2#1234).
 */
export class TenantStatements implements StatementCache {
  readonly #database: () => string | undefined
  readonly #statements: LRUCache<string, PreparedStatement>
  /** The server has dropped them all, and need not be told to. */
  #isForgetting = false
  #lastKey = { key: '', database: '', own: '\0' }

  /**
   * @param max - how many to keep; the one that was not used for the longest time is closed
   * @param database - whose statements are meant right now
   */
  constructor(max: number, database: () => string | undefined) {
    this.#database = database
    this.#statements = new LRUCache({
      max,
      // Not `dispose`: closing takes a statement out of the cache, and the cache must be through with its own change.
      disposeAfter: (statement) => void (this.#isForgetting || statement.close()),
    })
  }

  get size(): number {
    return this.#statements.size
  }

  get(key: string): PreparedStatement | undefined {
    return this.#statements.get(this.#keyOf(key))
  }

  /** Whether it is there; asking is no use of it. */
  has(key: string): boolean {
    return this.#statements.has(this.#keyOf(key))
  }

  set(key: string, statement: PreparedStatement): void {
    const own = this.#keyOf(key)
    const close = statement.close.bind(statement)
    let isClosed = false
    owners.set(statement, this.#database() ?? '')
    // Of mysql2 the closed statement would stay, and be found again (ER_UNKNOWN_STMT_HANDLER).
    statement.close = () => {
      if (isClosed) return undefined
      isClosed = true
      if (this.#statements.peek(own) === statement) this.#statements.delete(own)
      return close()
    }
    this.#statements.set(own, statement)
  }

  delete(key: string): void {
    this.#statements.delete(this.#keyOf(key))
  }

  /** A reset has made the server forget all of them. */
  clear(): void {
    this.#isForgetting = true
    this.#statements.clear()
    this.#isForgetting = false
  }

  /** The pool and mysql2 ask for the same one in a row, and a string just made has to be hashed anew. */
  #keyOf(key: string): string {
    const database = this.#database() ?? ''
    const last = this.#lastKey
    if (last.key === key && last.database === database) return last.own
    const own = `${database}\0${key}`
    this.#lastKey = { key, database, own }
    return own
  }
}

/** As how many a pool without a limit counts. */
export const WITHOUT_LIMIT = 100

/**
 * How many statements each connection may keep, so that the pool stays within its share of the server's
 * `max_prepared_stmt_count` (16,382 by default, for all its clients).
 *
 * @param connections - of the pool; 0 means no limit, and counts as 100
 */
export function statementsPerConnection(budget: number, connections: number, wanted = 256): number {
  return Math.max(1, Math.min(wanted, Math.floor(budget / (connections || WITHOUT_LIMIT))))
}
