import type { Pool, PoolClient } from 'pg'
import { joinedLease } from '../transaction/joined-lease'
import { controlError, NestedClient } from '../transaction/nested-client'
import type { EngineTransaction, TransactionLevel } from '../transaction/level'
import type { TransactionOptions } from '../transaction/options'
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
    return client.isAlive && (client.isBusy || client.getTransactionStatus() !== 'I')
  }

  get isAborted(): boolean {
    return this.client.getTransactionStatus() === 'E'
  }

  async control(sql: string): Promise<unknown> {
    return this.#borrowed.query(sql)
  }

  async commit(): Promise<boolean> {
    try {
      // Of a transaction in which something failed COMMIT is answered with "ROLLBACK", and no error.
      return (await this.#borrowed.query('commit')).command === 'COMMIT'
    } finally {
      this.#borrowed.release()
    }
  }

  async rollback(): Promise<void> {
    try {
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
    client.send(lease, query)
  }
  if (!isLent) {
    const steer = (query: Submittable): void =>
      wordOf(query) === 'none' ? send(query) : refuse(query, controlError(base.wanted.tenant))
    return { client, lease, steer, release: ignore }
  }
  const nested = new NestedClient(level)
  const steer = (query: Submittable): void => {
    const { problem } = level
    if (problem !== undefined) return refuse(query, problem)
    nested.run(
      wordOf(query),
      (text) => send(query, text),
      (error) => refuse(query, error),
    )
  }
  const release = (): void => {
    nested.end((text) => send(new DriverQuery(text, undefined, ignore)))
    lease.isActive = false
  }
  return { client, lease, steer, release }
}

function wordOf({ text }: Submittable): TransactionWord {
  return typeof text === 'string' ? transactionWordOf(text) : 'none'
}

function ignore(): void {}
