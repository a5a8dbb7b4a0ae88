import { refusalOf, refuse } from './command-checks'
import { kindOf } from './driver'
import type { WireConnection } from './driver'

/**
 * Lets commands onto a connection that come by way of a loan, or from the pool itself. Events of a pool hand the connection
 * out, too: who kept it from there would work inside the loan of anybody (test/mysql/pool-events.test.ts).
 */
export class Gate {
  #isSetUp = false
  #isOpen = false

  /** Stands in front of what already replaced `addCommand`. */
  constructor(connection: WireConnection) {
    const add = connection.addCommand.bind(connection)
    connection.addCommand = (command) => {
      if (this.#isOpen || !this.#isSetUp) return add(command)
      const kind = kindOf(command)
      // Pings, the end of a statement or of the connection touch no tenant.
      return kind === 'other' ? add(command) : refuse(command, refusalOf(command, kind, undefined)!)
    }
  }

  /** The first loan begins: from now on only loans send commands. */
  close(): void {
    this.#isSetUp = true
  }

  /** Calls `work`, which may send commands until it returns. */
  pass<T>(work: () => T): T {
    const wasOpen = this.#isOpen
    this.#isOpen = true
    try {
      return work()
    } finally {
      this.#isOpen = wasOpen
    }
  }
}
