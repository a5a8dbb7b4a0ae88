import type { Client, QueryConfig, QueryResult } from 'pg'
import type { MigrationStep } from '../engine'
import { refusal, refuseUnsafe } from './migration-guards'

/** Savepoints are the migration's own business, and one around them would end them. */
const SAVEPOINT = /^\s*(savepoint|release|rollback)\b/i

/**
 * Sends what a live migration asks by `pgm.db`, each text looked through before, one after another, each behind a
 * savepoint: an error that the migration catches costs that query and not the transaction, as it would where
 * node-pg-migrate asks outside of one.
 */
export class LiveQueries {
  readonly #client: Client
  readonly #step: MigrationStep
  #tail: Promise<unknown> = Promise.resolve()
  #refused: Error | undefined
  #isOver = false

  constructor(client: Client, step: MigrationStep) {
    this.#client = client
    this.#step = step
  }

  /** @throws MigrationRefusedError and what the database answers */
  readonly query = (config: QueryConfig): Promise<QueryResult> => {
    const answer = this.#tail.then(() => this.#send(config))
    this.#tail = answer.catch(() => {})
    return answer
  }

  /** Waits for queries that the migration did not wait for. @throws what was refused, also where the migration caught it */
  async finish(): Promise<void> {
    await this.#tail
    this.#isOver = true
    if (this.#refused !== undefined) throw this.#refused
  }

  async #send(config: QueryConfig): Promise<QueryResult> {
    // The connection may be in another tenant by now.
    if (this.#isOver) throw refusal(this.#step, 'asks the database after it has ended. Await every query')
    try {
      refuseUnsafe(config.text, this.#step)
    } catch (error) {
      this.#refused ??= error as Error
      throw error
    }
    return SAVEPOINT.test(config.text) ? this.#client.query(config) : this.#behindSavepoint(config)
  }

  async #behindSavepoint(config: QueryConfig): Promise<QueryResult> {
    await this.#client.query('savepoint rowhouse_query')
    try {
      const result = await this.#client.query(config)
      await this.#client.query('release savepoint rowhouse_query')
      return result
    } catch (error) {
      const back = 'rollback to savepoint rowhouse_query; release savepoint rowhouse_query'
      await this.#client.query(back).catch(() => {})
      throw error
    }
  }
}
