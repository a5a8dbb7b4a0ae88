import { AUTOCOMMIT, IN_TRANSACTION } from './wire'

/**
 * Errors with which the server may have rolled back the whole transaction: an error comes without a status, and what follows
 * would be committed by itself. Deadlocks (1213, 1614), a wait for a lock with innodb_rollback_on_timeout (1205), a full table
 * of locks (1206), a row that has changed with innodb_snapshot_isolation of MariaDB (1020), and refusals of COMMIT (1180, 1181).
 */
const ROLL_BACK = new Set([1020, 1180, 1181, 1205, 1206, 1213, 1614])

/** Follows the status bits that the server tells at the end of each answer, as far as transactions go. */
export class SessionStatus {
  /** What the server said at the start: some have autocommit off for everybody. */
  readonly #first: number
  #now: number
  #isUncertain = false
  #isRolledBack = false

  /** @param first - of the handshake */
  constructor(first = AUTOCOMMIT) {
    this.#first = first
    this.#now = first
  }

  /** A transaction is open, or will be with the next statement because autocommit was switched off. */
  get isInTransaction(): boolean {
    const turnedOff = (this.#first & AUTOCOMMIT) !== 0 && (this.#now & AUTOCOMMIT) === 0
    return (this.#now & IN_TRANSACTION) !== 0 || turnedOff
  }

  /** Nobody knows whether a transaction is open. */
  get isUncertain(): boolean {
    return this.#isUncertain
  }

  /** The transaction may be over although no answer has told so. */
  get isRolledBack(): boolean {
    return this.#isRolledBack
  }

  /** The end of an answer. */
  onStatus(status: number): void {
    this.#now = status
    this.#isUncertain = false
    this.#isRolledBack = false
  }

  /** @param number - of the error, 1213 */
  onError(number: number): void {
    this.#isRolledBack ||= ROLL_BACK.has(number)
  }

  /** A procedure or a block failed, which may have begun one before: an error comes without a status. */
  onFailedBlock(): void {
    this.#isUncertain = true
  }

  /** The session is as new. */
  onReset(): void {
    this.onStatus(this.#first)
  }
}
