import type { StatementClass } from './classify'
import type { Submittable, TextQuery, WireConnection } from './driver'
import { SessionHygiene } from './hygiene'
import type { Hygiene } from './hygiene'
import { completeByName } from './query-class'
import { SessionSetup } from './session-setup'
import { StatementOwners } from './statements'

/** Clears what tenants leave in the session of one connection, and knows what is in it: statements, the hook's settings. */
export class Session {
  readonly #connection: WireConnection
  readonly #hygiene: SessionHygiene
  readonly #setup = new SessionSetup()
  readonly #statements = new StatementOwners()
  /** The path that this session served last. */
  #served: string | undefined

  constructor(connection: WireConnection, hygiene: Hygiene) {
    this.#connection = connection
    this.#hygiene = new SessionHygiene(hygiene)
  }

  /** A query of the application's connect hook will run. */
  onSetupQuery(query: TextQuery): void {
    this.#setup.onQuery(query)
  }

  /** Gives a query that has only a name its text. @returns an error where nobody knows the name */
  complete(query: Submittable): Error | undefined {
    return completeByName(
      query,
      (name) => this.#connection.parsedStatements[name] ?? this.#setup.textOf(name),
    )
  }

  /** Another path was served last. @param key - of the path that is wanted */
  changesTenant(key: string): boolean {
    return this.#served !== undefined && this.#served !== key
  }

  /** What the tenant before left must be cleared away first. */
  mustDiscard(key: string): boolean {
    return this.changesTenant(key) && this.#hygiene.mustDiscard()
  }

  /** There may be temporary tables. */
  get mayHaveTables(): boolean {
    return this.#hygiene.mayHaveTables
  }

  /**
   * A statement of this path will go out.
   *
   * @param discard - behind a DISCARD ALL
   * @returns whether that must be patient: the tenant before may have set a statement_timeout
   */
  serve(key: string, statement: StatementClass, isLent: boolean, discard: boolean): boolean {
    this.#served = key
    const isPatient = this.#hygiene.mayHaveTimeout
    if (discard) this.#hygiene.onDiscarded()
    this.#hygiene.onStatement(statement, isLent)
    return isPatient
  }

  /**
   * DISCARD ALL must stand alone: it can't run in a transaction, not even the implicit one of several statements.
   *
   * @returns how many answers with a ReadyForQuery of their own will come
   */
  writeDiscard(isPatient: boolean): number {
    const connection = this.#connection
    if (isPatient) connection.query('SET statement_timeout = 0')
    connection.query('DISCARD ALL')
    this.#forgetStatements()
    return (isPatient ? 2 : 1) + this.#setup.replay(connection)
  }

  /** Before a query is written: a statement that another path prepared under its name is closed. */
  prepare(query: Submittable, key: string): void {
    this.#statements.refresh(this.#connection, query, key)
  }

  /** The server has parsed the statement of the running query. */
  onParsed(query: Submittable | null | undefined): void {
    this.#statements.onParsed(query, this.#served)
  }

  /** The server reports a changed setting. */
  onSetting(name: string): void {
    this.#hygiene.onSetting(name)
  }

  /** The server has completed a statement of the running query. */
  onCompleted(tag: string, query: Submittable | null | undefined): void {
    this.#hygiene.onCommandTag(tag)
    // pg goes on to believe in statements that the server has forgotten.
    if (tag === 'DISCARD ALL' || tag === 'DEALLOCATE ALL') this.#forgetStatements()
    this.#setup.onCompleted(query)
  }

  #forgetStatements(): void {
    this.#connection.parsedStatements = {}
    this.#connection.submittedNamedStatements = {}
    this.#statements.clear()
  }
}
