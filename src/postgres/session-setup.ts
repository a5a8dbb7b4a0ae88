import { classify } from './classify'
import { DriverQuery } from './driver'
import type { Submittable, TextQuery, WireConnection } from './driver'

interface SetupStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Rows are the database's, and not the session's. */
const WRITES = /^\s*(insert|update|delete|merge)\b/i

/**
 * What the application's connect hook did to a session (`SET statement_timeout`, `LISTEN`): it belongs to the connection
 * and not to a tenant, so it is done again after DISCARD ALL has wiped it away.
 */
export class SessionSetup {
  readonly #statements: SetupStatement[] = []
  readonly #running = new WeakMap<Submittable, SetupStatement>()
  readonly #named = new Map<string, string>()

  /** A query of the connect hook goes out. */
  onQuery(query: TextQuery): void {
    const { text, values, name } = query
    if (name && typeof text === 'string') this.#named.set(name, text)
    if (typeof text !== 'string' || classify(text).effect !== 'any' || WRITES.test(text)) return
    this.#running.set(query, { text, values: Array.isArray(values) ? values : [] })
  }

  /** The server has completed a statement of the running query. */
  onCompleted(query: Submittable | null | undefined): void {
    const statement = query && this.#running.get(query)
    if (!statement) return
    this.#running.delete(query)
    this.#statements.push(statement)
  }

  /** The text of a statement that the hook has prepared under this name. */
  textOf(name: string): string | undefined {
    return this.#named.get(name)
  }

  /**
   * Writes all of it once more.
   *
   * @returns how many answers with a ReadyForQuery of their own will come
   */
  replay(connection: WireConnection): number {
    for (const { text, values } of this.#statements) new DriverQuery(text, values).submit(connection)
    return this.#statements.length
  }
}
