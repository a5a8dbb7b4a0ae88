import type { Submittable, WireConnection } from './driver'

/**
 * Which tenant a named statement was prepared for. PostgreSQL plans it anew when search_path changes, but refuses with
 * 0A000 ("cached plan must not change result type") or 42883 where the tables of two tenants differ, as they do while a
 * fleet is being migrated. So a statement of another tenant is closed and parsed again, in the same write.
 */
export class StatementOwners {
  readonly #owners = new Map<string, string>()

  /** Before a query is written: makes the server forget its statement unless this path prepared it. */
  refresh(connection: WireConnection, query: Submittable, path: string): void {
    const { name } = query
    if (!name || this.#owners.get(name) === path) return
    const parsed = connection.parsedStatements[name]
    // One name for two texts: pg refuses it, as it does without tenants.
    if (parsed !== undefined && query.text && query.text !== parsed) return
    // Also where pg knows of none: a Parse may have succeeded on the server before something behind it failed.
    connection.close({ type: 'S', name })
    // Nobody's until it is parsed: what is in front of it may be refused, and the Close with it.
    this.#owners.delete(name)
    delete connection.parsedStatements[name]
    delete connection.submittedNamedStatements[name]
  }

  /** The server has parsed the statement of the running query. */
  onParsed(query: Submittable | null | undefined, path: string | undefined): void {
    if (query?.name && path !== undefined) this.#owners.set(query.name, path)
  }

  /** DISCARD ALL: there is none left. */
  clear(): void {
    this.#owners.clear()
  }
}
