import type { TenantMismatchError } from '../errors'
import type { Submittable, WireConnection } from './driver'
import { usedError } from './lease-errors'
import type { SearchPath } from './search-path'

/** Where a query object remembers what it was sent for. */
const SENT = Symbol('rowhouse.sent')

/** Submits the query on one connection; `write` is its own submit. */
type Lane = (write: () => unknown) => unknown

/**
 * A query object on its way, perhaps for the second time, or on two connections at once. It is bound to its first tenant,
 * since its result still holds those rows; and on each connection it runs for the loan that sent it there.
 */
export class SentQuery {
  readonly #query: Submittable
  readonly #wanted: SearchPath
  #submit: Submittable['submit']
  #connection: WireConnection | undefined
  #lane: Lane | undefined
  #others: Map<WireConnection, Lane> | undefined
  readonly #route: Submittable['submit']

  private constructor(query: Submittable, wanted: SearchPath) {
    this.#query = query
    this.#wanted = wanted
    this.#submit = query.submit.bind(query)
    this.#route = (connection) => this.#run(connection)
  }

  /** @param wanted - what it is to be sent for, the first time */
  static of(query: Submittable & { [SENT]?: SentQuery }, wanted: SearchPath): SentQuery {
    return (query[SENT] ??= new SentQuery(query, wanted))
  }

  /**
   * From now on the query is submitted on this connection by `lane`.
   *
   * @returns why it can't be sent
   */
  sendOn(connection: WireConnection, wanted: SearchPath, lane: Lane): TenantMismatchError | undefined {
    if (wanted.path !== this.#wanted.path) return usedError(this.#wanted, wanted)
    const query = this.#query
    if (query.submit !== this.#route) {
      this.#submit = query.submit.bind(query)
      query.submit = this.#route
    }
    if (this.#connection === undefined || this.#connection === connection) {
      this.#connection = connection
      this.#lane = lane
    } else (this.#others ??= new Map()).set(connection, lane)
    return undefined
  }

  #run(connection: WireConnection): unknown {
    const lane = connection === this.#connection ? this.#lane : this.#others?.get(connection)
    return lane!(() => this.#submit(connection))
  }
}
