import { ClientReleasedError } from '../errors'
import type { RowhouseError } from '../errors'
import { TransactionError } from '../run-errors'
import type { ContextTransaction } from '../tenant/context'

/** A transaction that an engine has begun on a connection of its pool. */
export interface EngineTransaction {
  /** Id of the tenant; undefined for shared tables. */
  readonly tenant: string | undefined
  /**
   * It can be committed, as far as the server has told. DDL of MySQL, a deadlock there, or a lost connection ends it, and a part
   * that could not be taken back spoils it.
   */
  readonly isAlive: boolean
  /** A statement failed, and nothing but a rollback is taken any more; MySQL goes on behind an error. */
  readonly isAborted: boolean
  /** Sends a statement that steers it. */
  control(sql: string): Promise<unknown>
  /** The same for the end of a part of it, whose loans are over. Where that can't be taken back, all of it must be. */
  endPart(sql: string): Promise<unknown>
  /** Commits it and gives the connection back. @returns false where the server has rolled back instead */
  commit(): Promise<boolean>
  /** Rolls it back and gives the connection back; a connection that can't do so is closed. */
  rollback(): Promise<void>
}

/**
 * One level of a transaction: the whole, or what is between a savepoint and its end. Its queries go over one connection, in the
 * order of their calls. Levels inside it come one after another, since savepoints are a stack.
 */
export class TransactionLevel<
  Engine extends EngineTransaction = EngineTransaction,
> implements ContextTransaction {
  readonly engine: Engine
  readonly #outer: TransactionLevel | undefined
  readonly #root: { savepoints: number }
  #isOver = false
  #last: Promise<void> = Promise.resolve()
  #inside = 0
  readonly #over: Promise<void>
  #letAllIn = (): void => {}

  constructor(engine: Engine, outer?: TransactionLevel) {
    this.engine = engine
    this.#outer = outer
    this.#root = outer === undefined ? { savepoints: 0 } : outer.#root
    this.#over = new Promise((resolve) => (this.#letAllIn = resolve))
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#outer?.isOpen !== false
  }

  /** Why nothing can join it any more. */
  get problem(): RowhouseError | undefined {
    const { tenant, isAlive } = this.engine
    if (!this.isOpen)
      return new ClientReleasedError(
        'This call belongs to a transaction that is over: something in it was not awaited. Await it, or begin it outside.',
        { tenant },
      )
    return isAlive ? undefined : endedError(tenant)
  }

  /** A name that no other savepoint of the transaction has. */
  nameSavepoint(): string {
    return `rowhouse_${(this.#root.savepoints += 1)}`
  }

  /** Nothing joins it from now on, and who waits inside finds a problem. */
  end(): void {
    this.#isOver = true
    this.#letAllIn()
  }

  /** Whether nobody is inside, so that `enter` need not be waited for. */
  get isFree(): boolean {
    return this.#inside === 0
  }

  /** Waits until no other level is inside this one, or it is over. @returns what lets the next one in; to be called once */
  enter(): Promise<() => void> {
    const before = this.#last
    let leave = (): void => {}
    this.#inside += 1
    this.#last = new Promise((resolve) => {
      leave = () => {
        this.#inside -= 1
        resolve()
      }
    })
    return Promise.race([before, this.#over]).then(() => leave)
  }
}

/** A savepoint was still open at the end of what it is in: a COMMIT would keep what it has written so far. */
export function unfinishedError(tenant: string | undefined): TransactionError {
  return new TransactionError(
    'A transaction inside this one was not over at its end, so this one was rolled back: COMMIT would have kept a part of what is ' +
      "inside. Await what is inside, and end a client's own transaction before its release.",
    { tenant },
  )
}

/** The server has ended a transaction in the middle. */
export function endedError(tenant: string | undefined): TransactionError {
  return new TransactionError(
    'The server has ended this transaction already: by a statement that commits by itself (DDL on MySQL), a COMMIT in a text, ' +
      'a deadlock, or because the connection was lost; or a part of it could not be rolled back (`query_timeout`). Nothing more ' +
      'was sent.',
    { tenant },
  )
}
