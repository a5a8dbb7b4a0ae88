import { handOver, isQueryHeard } from '../observe/queries'

/**
 * Lets commands onto a connection that come by way of a loan, or from the pool itself. Events of a pool hand the connection
 * out, too: who kept it from there would work inside the loan of anybody (test/mysql/pool-events.test.ts).
 */
export class Gate {
  readonly #tenant: () => string | undefined
  #isOpen = false

  /** @param tenant - whose loan it is, for observers */
  constructor(tenant: () => string | undefined) {
    this.#tenant = tenant
  }

  /** Whoever sends a command now may do so. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Calls `work`, which may send commands until it returns. */
  pass<T>(work: () => T): T {
    const wasOpen = this.#isOpen
    this.#isOpen = true
    try {
      return isQueryHeard() ? handOver(this.#tenant(), work) : work()
    } finally {
      this.#isOpen = wasOpen
    }
  }
}
