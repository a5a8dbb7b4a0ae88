import { AUTOCOMMIT, IN_TRANSACTION } from './wire'

/** Follows the status bits that the server tells at the end of each answer, as far as transactions go. */
export class SessionStatus {
  /** What the server said at the start: some have autocommit off for everybody. */
  readonly #first: number
  #now: number
  #isUncertain = false

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

  /** The end of an answer. */
  onStatus(status: number): void {
    this.#now = status
    this.#isUncertain = false
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
