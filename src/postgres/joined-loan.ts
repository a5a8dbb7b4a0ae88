import type { Pool, PoolClient } from 'pg'
import { joinedLease } from '../transaction/joined-lease'
import type { EngineTransaction, TransactionLevel } from '../transaction/level'
import type { TransactionOptions } from '../transaction/options'
import { steeringOf } from '../transaction/steering'
import type { TransactionWord } from '../transaction/words'
import { checkOut } from './checkout'
import type { CheckoutOptions } from './checkout'
import type { TenantClient } from './client'
import { DriverQuery } from './driver'
import type { Submittable } from './driver'
import type { Lease } from './lease'
import type { Loan } from './loan'
import { beginText, transactionWordOf } from './transaction-text'

/** The key of the method by which a pool begins a transaction. */
export const BEGIN = Symbol('rowhouse.begin')

const BACK = 'rollback to'
/** What ends a part, and has its savepoint. */
const ENDS_PART = /^(rollback to|release) savepoint /

/** A pool that can. */
export interface BeginningPool extends Pool {
  /** For the tenant of the caller. */
  [BEGIN](options: TransactionOptions): Promise<PostgresTransaction>
}

/** A transaction on a connection of the pool. */
export class PostgresTransaction implements EngineTransaction {
  readonly client: TenantClient
  readonly lease: Lease
  readonly #borrowed: PoolClient
  /** Nobody would read what is left in them, and all that comes behind them would wait for that. */
  readonly #cursors = new Map<Submittable, Lease>()
  /** Ends of parts of it that were sent. */
  #ends: Promise<unknown> = Promise.resolve()
  /** What was to be taken back may be there still. */
  #isSpoilt = false

  private constructor(loan: CheckoutOptions) {
    this.client = loan.client
    this.lease = loan.lease
    this.#borrowed = checkOut(loan)
    // A connection that is lost between two queries: the next one, or COMMIT, tells. Unheard it would end the process.
    this.#borrowed.on('error', ignore)
  }

  /** Begins it on a loan, which ends with it. */
  static async begin(loan: CheckoutOptions, options: TransactionOptions): Promise<PostgresTransaction> {
    const transaction = new PostgresTransaction(loan)
    try {
      await transaction.control(beginText(options))
      return transaction
    } catch (error) {
      transaction.#borrowed.release()
      throw error
    }
  }

  get tenant(): string | undefined {
    return this.lease.wanted.tenant
  }

  get isAlive(): boolean {
    const { client } = this
    return !this.#isSpoilt && client.isAlive && (client.isBusy || client.getTransactionStatus() !== 'I')
  }

  get isAborted(): boolean {
    return this.client.getTransactionStatus() === 'E'
  }

  /** A cursor or stream of one of its loans. */
  noteCursor(query: Submittable, lease: Lease): void {
    this.#cursors.set(query, lease)
  }

  /** Closes those of loans that are over. */
  closeCursors(): void {
    for (const [query, { isActive }] of this.#cursors) {
      if (isActive) continue
      this.#cursors.delete(query)
      closeCursor(query)
    }
  }

  /**
   * Watches the end of a part of it. One that timed out in the queue was never sent, and a COMMIT behind it would keep what it was
   * to take back. What the server has refused has aborted all of it.
   */
  noteEnd(end: Promise<unknown>): void {
    const noted = end.catch(() => (this.#isSpoilt ||= !this.isAborted))
    this.#ends = Promise.all([this.#ends, noted])
  }

  async control(sql: string): Promise<unknown> {
    return this.#borrowed.query(sql)
  }

  async endPart(sql: string): Promise<unknown> {
    this.closeCursors()
    const end = this.control(sql)
    if (sql.startsWith(BACK)) this.noteEnd(end)
    return end
  }

  async commit(): Promise<boolean> {
    this.closeCursors()
    await this.#ends
    if (this.#isSpoilt) {
      await this.rollback()
      return false
    }
    try {
      // Of a transaction in which something failed COMMIT is answered with "ROLLBACK", and no error.
      return (await this.#borrowed.query('commit')).command === 'COMMIT'
    } finally {
      this.#borrowed.release()
    }
  }

  async rollback(): Promise<void> {
    try {
      this.closeCursors()
      await this.control('rollback')
      this.#borrowed.release()
    } catch {
      this.#borrowed.release(true)
    }
  }
}

/** A loan of the connection of a transaction: what ends is only the loan. */
export function joinLoan(level: TransactionLevel<PostgresTransaction>, isLent: boolean): Loan {
  const { client, lease: base } = level.engine
  const lease = joinedLease({ ...base, isLent: true }, level)
  const refuse = (query: Submittable, error: Error): void =>
    process.nextTick(() => query.handleError(error, client.connection))
  const send = (query: Submittable, text?: string): void => {
    if (text !== undefined) Object.assign(query, { text, name: undefined })
    if (text !== undefined && ENDS_PART.test(text)) level.engine.noteEnd(endOf(query))
    if (!('requiresPreparation' in query)) level.engine.noteCursor(query, lease)
    client.send(lease, query)
  }
  const steering = steeringOf(level, isLent)
  const steer = (query: Submittable): void =>
    steering.run(
      wordOf(query),
      (text) => send(query, text),
      (error) => refuse(query, error),
    )
  if (!isLent) return { client, lease, steer, release: ignore }
  const release = (): void => {
    lease.isActive = false
    level.engine.closeCursors()
    steering.end((text) => send(new DriverQuery(text, undefined, ignore), text))
  }
  return { client, lease, steer, release }
}

/** Settles with a query that calls back. */
function endOf(query: Submittable): Promise<void> {
  const { callback } = query
  if (callback === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    query.callback = (error, ...rest) => {
      if (error) reject(error)
      else resolve()
      callback.call(query, error, ...rest)
    }
  })
}

function wordOf({ text }: Submittable): TransactionWord {
  return typeof text === 'string' ? transactionWordOf(text) : 'none'
}

function closeCursor(query: Submittable): void {
  const { close, destroy } = query as { close?: () => unknown; destroy?: () => void }
  if (typeof destroy === 'function') destroy.call(query)
  else if (typeof close === 'function') void Promise.resolve(close.call(query)).catch(ignore)
}

function ignore(): void {}
