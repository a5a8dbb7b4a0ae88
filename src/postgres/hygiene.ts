import type { StatementClass } from './classify'

/**
 * When the session state of one tenant is cleared away (DISCARD ALL, in the same write, no round trip) before a
 * connection serves another:
 * `strict`: at every change of tenant;
 * `auto`: when the connection was handed out by `connect()`, or ran anything but single SELECTs without calls of
 * functions that could keep state. It does not see a function hidden in a view, an operator or a row security policy;
 * `fast`: when a command tag, a reported setting, or the kind of a statement says that state was left. It does not see
 * `select set_config(...)`, `select pg_advisory_lock(...)`, or a temporary table made inside a function.
 */
export type Hygiene = 'strict' | 'auto' | 'fast'

/** Command tags that leave nothing in the session but rows. */
const CLEAN_TAGS = new Set([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'COPY',
  'FETCH',
  'MOVE',
  'BEGIN',
  'START TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT',
  'RELEASE',
  'EXPLAIN',
  'SHOW',
  'DISCARD ALL',
])

/** Remembers whether a connection may hold session state of the tenant that it served last. */
export class SessionHygiene {
  readonly #level: Hygiene
  #isDirty = false
  #mayHaveTimeout = false
  #mayHaveTables = false

  constructor(level: Hygiene) {
    this.#level = level
  }

  /** A statement goes out; `isLent` tells that the connection was handed out by `connect()`. */
  onStatement({ kind, effect }: StatementClass, isLent: boolean): void {
    // CREATE TABLE AS and SELECT INTO have the tag of a SELECT.
    const leaves = this.#level === 'fast' ? kind === 'other' : isLent || effect !== 'none'
    this.#isDirty ||= leaves
    this.#mayHaveTimeout ||= effect === 'any'
    // By a trigger, too.
    this.#mayHaveTables ||= effect !== 'none'
  }

  /** The server names the command that it completed, `INSERT 0 1`. */
  onCommandTag(tag: string): void {
    if (!tag.startsWith('SELECT ') && !CLEAN_TAGS.has(tag.replace(/( \d+)+$/, ''))) this.#isDirty = true
  }

  /** The server reports a changed setting; of search_path we take care ourselves. */
  onSetting(name: string): void {
    if (name !== 'search_path') this.#isDirty = true
  }

  /** Whether the session must be cleared before another tenant uses it. */
  mustDiscard(): boolean {
    return this.#level === 'strict' || this.#isDirty
  }

  /** The tenant before may have set a statement_timeout, which clearing a full session would not meet. */
  get mayHaveTimeout(): boolean {
    return this.#mayHaveTimeout
  }

  /** There may be temporary tables, which stand in front of every schema; no level clears them away at once. */
  get mayHaveTables(): boolean {
    return this.#mayHaveTables
  }

  /** The session is as new. */
  onDiscarded(): void {
    this.#isDirty = false
    this.#mayHaveTimeout = false
    this.#mayHaveTables = false
  }
}
