import type { StatementClass } from './classify'
import { isUnclearable } from './unclearable'

/**
 * When the session state of one tenant is cleared away (COM_RESET_CONNECTION, in the same flush, no round trip) before a
 * connection serves another:
 * `strict`: at every change of tenant, which also costs the prepared statements;
 * `auto`: when the connection was handed out by `getConnection()`, or ran anything but single SELECTs without calls of
 * functions that could keep state. It does not see a function hidden in a view;
 * `fast`: when the kind of a statement says that state was left. It does not see `SELECT @x := 1`, `SELECT GET_LOCK(...)`,
 * or LAST_INSERT_ID().
 */
export type Hygiene = 'strict' | 'auto' | 'fast'

/** Remembers whether a connection may hold session state of the tenant that it served last. */
export class SessionHygiene {
  readonly #level: Hygiene
  #isDirty = false
  #hasSettings = false
  #mustClose = false

  constructor(level: Hygiene) {
    this.#level = level
  }

  /** A statement goes out; `isLent` tells that the connection was handed out by `getConnection()`. */
  onStatement({ kind, effect }: StatementClass, isLent: boolean, text = ''): void {
    this.#mustClose ||= kind === 'other' && isUnclearable(text)
    this.#hasSettings ||= kind === 'other'
    const leaves =
      this.#level === 'fast' ? kind === 'define' || kind === 'other' : isLent || effect !== 'none'
    this.#isDirty ||= leaves
  }

  /** The server keeps warnings or an error, whose texts hold what was in the statement. */
  onMessages(): void {
    this.#isDirty = true
  }

  /** Whether names that are no ASCII may mean something else now: SET NAMES holds for the names of databases, too. */
  mayHaveCharset(database = ''): boolean {
    return this.#hasSettings && !/^[ -~]*$/.test(database)
  }

  /** Whether what is left can't be cleared away, so that the connection is to be closed: a role, and kept profiles. */
  get mustClose(): boolean {
    return this.#mustClose
  }

  /** Whether the session must be cleared before another tenant uses it. */
  get mustReset(): boolean {
    return this.#level === 'strict' || this.#isDirty
  }

  /** The session is as new. */
  onReset(): void {
    this.#isDirty = false
    this.#hasSettings = false
  }
}
