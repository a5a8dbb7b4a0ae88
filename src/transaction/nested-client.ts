import { ClientReleasedError } from '../errors'
import type { RowhouseError } from '../errors'
import { TransactionError } from '../run-errors'
import type { TransactionLevel } from './level'
import type { TransactionWord } from './words'

/** Stands for a statement that has nothing to do. */
const NOTHING = 'select 1'

/**
 * What a client sends that was checked out inside a transaction: its BEGIN is a savepoint there, and its COMMIT or ROLLBACK the
 * end of that. So a query library's own transactions nest in ours.
 */
export class NestedClient {
  readonly #level: TransactionLevel
  #savepoint: string | undefined
  /** The savepoint of the moment was sent. */
  #isBegun = false
  #isEnded = false
  /** The one before, whose release may have failed. */
  #released: string | undefined
  #entered: Promise<() => void> | undefined
  #waiting: Promise<void> | undefined

  constructor(level: TransactionLevel) {
    this.#level = level
  }

  /**
   * Calls `send` when it is this statement's turn, with the text to send in place of its own, where that is another one. At
   * once, but behind a BEGIN that waits for another transaction at the same level.
   *
   * @param refuse - is told why it is not sent
   */
  run(word: TransactionWord, send: (text?: string) => void, refuse: (error: Error) => void): void {
    // Returns nothing, since it runs in a promise: what mysql2 answers a call with has a `then`, which throws.
    const now = (): void => {
      const problem = this.#problem()
      if (problem !== undefined) return void refuse(problem)
      try {
        send(this.#textFor(word))
      } catch (error) {
        refuse(error as Error)
      }
    }
    // Whether it begins is known at its turn: the COMMIT of the one before may wait, too.
    const turn = (): Promise<void> | undefined => {
      if (word === 'begin' && this.#savepoint === undefined && this.#problem() === undefined)
        return this.#begin(now)
      now()
      return undefined
    }
    const problem = this.#problem()
    if (problem !== undefined) return refuse(problem)
    const waiting = this.#waiting === undefined ? turn() : this.#waiting.then(turn)
    if (waiting !== undefined) this.#waitFor(waiting)
  }

  /** The client was released. @param send - sends what is needed for the next one */
  end(send: (text: string) => void): void {
    // Behind the end of its level the savepoint is gone, and the connection may be in another transaction, with one of that name.
    if (this.#isBegun && this.#level.isOpen) send(`rollback to savepoint ${this.#savepoint}`)
    this.#isEnded = true
    this.#close()
  }

  #waitFor(turns: Promise<void>): void {
    const waiting = turns.then(() => {
      if (this.#waiting === waiting) this.#waiting = undefined
    })
    this.#waiting = waiting
  }

  /** @returns what to wait for where another one is inside */
  #begin(now: () => void): Promise<void> | undefined {
    const { isFree } = this.#level
    this.#entered = this.#level.enter()
    this.#savepoint = this.#level.nameSavepoint()
    if (!isFree) return this.#entered.then(now)
    now()
    return undefined
  }

  /** Asked at its turn: it may have waited for longer than the transaction lasted, whose connection has somebody else by now. */
  #problem(): RowhouseError | undefined {
    return this.#isEnded ? releasedError(this.#level.engine.tenant) : this.#level.problem
  }

  #textFor(word: TransactionWord): string | undefined {
    const name = this.#savepoint
    if (word === 'none') return undefined
    if (word === 'begin') {
      // A warning of PostgreSQL's, elsewhere.
      if (this.#isBegun) return NOTHING
      this.#isBegun = true
      return `savepoint ${name}`
    }
    if (word === 'refused') throw controlError(this.#level.engine.tenant)
    if (name === undefined) return this.#backFrom(word)
    this.#released = name
    this.#close()
    return word === 'commit' ? `release savepoint ${name}` : `rollback to savepoint ${name}`
  }

  /** Outside of its own transaction: a library rolls back behind a COMMIT that failed, or to be sure. */
  #backFrom(word: 'commit' | 'rollback'): string {
    const name = this.#released
    this.#released = undefined
    const mustGoBack = word === 'rollback' && name !== undefined && this.#level.engine.isAborted
    return mustGoBack ? `rollback to savepoint ${name}` : NOTHING
  }

  #close(): void {
    this.#savepoint = undefined
    this.#isBegun = false
    void this.#entered?.then((leave) => leave())
    this.#entered = undefined
  }
}

/** A client was released while its BEGIN waited for another transaction. */
function releasedError(tenant: string | undefined): ClientReleasedError {
  return new ClientReleasedError('This client was released before its turn in the transaction had come.', {
    tenant,
  })
}

/** Something would end, or begin, a transaction that is not its own. */
export function controlError(tenant: string | undefined): TransactionError {
  return new TransactionError(
    'This statement begins or ends a transaction inside of tenancy.transaction(), which does that itself. Use ' +
      'tenancy.transaction() for one inside another, or a client of pool.connect() with a plain BEGIN.',
    { tenant },
  )
}
