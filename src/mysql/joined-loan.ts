import { IsolationError } from '../errors'
import { joinedLease } from '../transaction/joined-lease'
import { endedError } from '../transaction/level'
import type { EngineTransaction, TransactionLevel } from '../transaction/level'
import type { TransactionOptions } from '../transaction/options'
import { steeringOf } from '../transaction/steering'
import type { ConnectionScope } from './connection-scope'
import type { WireConnection } from './driver'
import { lend } from './loan'
import type { LoanOptions } from './loan'
import { beginTexts } from './transaction-text'
import { watchPaused } from './when-idle'

/** What ends a transaction, also one that is over. */
const ROLLBACK = 'rollback'
const BACK = 'rollback to'

/** A connection that a pool has given for a transaction. */
export interface TransactionLoan extends LoanOptions {
  readonly member: ConnectionScope
}

/** A transaction on a connection of the pool. */
export class MysqlTransaction implements EngineTransaction {
  readonly isAborted = false
  readonly #given: TransactionLoan
  readonly #loan: WireConnection
  /** What was to be taken back may be there still. */
  #isSpoilt = false

  private constructor(given: TransactionLoan) {
    this.#given = given
    // Nobody's who works: what steers it is sent wherever a client is released, in another tenant's context, say.
    this.#loan = lend({ ...given, scope: () => undefined })
    // A connection that is lost between two queries: the next one, or COMMIT, tells. Unheard it would end the process.
    this.#loan.on('error', () => {})
  }

  /** Begins it on a loan, which ends with it. */
  static async begin(given: TransactionLoan, options: TransactionOptions): Promise<MysqlTransaction> {
    const transaction = new MysqlTransaction(given)
    try {
      for (const text of beginTexts(options)) await transaction.control(text)
      given.lease.problemOf = (text) => transaction.#problemOf(text)
      return transaction
    } catch (error) {
      transaction.#loan.release()
      throw error
    }
  }

  get tenant(): string | undefined {
    return this.#given.lease.target.tenant
  }

  get isAlive(): boolean {
    const { member, connection } = this.#given
    const isOpen = !connection._closing && Boolean(connection._pool)
    const { isInTransaction, isRolledBack } = member.status
    return isOpen && !this.#isSpoilt && !isRolledBack && (member.inFlight.size > 0 || isInTransaction)
  }

  /**
   * Looked at where a command's turn has come, since it may have been given while the one before ran: behind a deadlock, or DDL,
   * it would be committed by itself.
   */
  #problemOf(text: string | undefined): Error | undefined {
    const { isInTransaction, isRolledBack } = this.#given.member.status
    const isOver = this.#isSpoilt || !isInTransaction || isRolledBack
    return isOver && text !== ROLLBACK ? endedError(this.tenant) : undefined
  }

  control(sql: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#loan.query(sql, (error: unknown, result: unknown) => {
        // Here and not behind the promise: a COMMIT may be the next one in line.
        if (error && sql.startsWith(BACK)) this.#isSpoilt = true
        if (error) reject(error)
        else resolve(result)
      })
    })
  }

  async endPart(sql: string): Promise<unknown> {
    return this.#endWith(sql)
  }

  async commit(): Promise<boolean> {
    try {
      await this.#endWith('commit')
      return true
    } finally {
      this.#loan.release()
    }
  }

  async rollback(): Promise<void> {
    try {
      await this.#endWith(ROLLBACK)
      this.#loan.release()
    } catch {
      this.#loan.destroy()
    }
  }

  /** Ends it, or a part. Behind a stream that nobody reads that would wait for ever, so the connection is closed then. */
  async #endWith(sql: string): Promise<unknown> {
    const { connection } = this.#given
    let stopWatching = (): void => {}
    const unread = new Promise<never>((_resolve, reject) => {
      stopWatching = watchPaused(connection, () => {
        connection.destroy()
        reject(
          new IsolationError('A transaction ended with a stream that nobody reads, and was rolled back.'),
        )
      })
    })
    try {
      return await Promise.race([this.control(sql), unread])
    } finally {
      stopWatching()
    }
  }

  /** A loan of the connection of the transaction: what ends is only the loan. */
  join(level: TransactionLevel, isLent: boolean): WireConnection {
    const { connection, gate, scope, lease } = this.#given
    const control = (text: string): void => void this.control(text).catch(() => {})
    const joined = joinedLease({ ...lease, isLent: true }, level)
    return lend({ connection, gate, scope, lease: joined, steering: steeringOf(level, isLent), control })
  }
}
