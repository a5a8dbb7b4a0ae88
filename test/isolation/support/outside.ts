import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import type { Dice } from './dice'
import type { Town } from './town'

const POLL_MS = 3

/** Somebody with the same role and connections of his own, who cancels queries and kills backends of the pool under test. */
export class Outside {
  readonly #pool: Pool
  readonly #applicationName: string
  #isClosed = false

  constructor(town: Town) {
    this.#applicationName = town.applicationName
    this.#pool = new Pool({ connectionString: town.server.appUrl, application_name: 'rowhouse outside' })
    this.#pool.on('error', () => {})
  }

  /** Cancels the query or kills its backend once it runs, and waits until it has settled. The query holds `mark`. */
  async strike(how: 'cancel' | 'terminate', mark: string, query: Promise<unknown>): Promise<void> {
    let isSettled = false
    const settled = query.finally(() => (isSettled = true)).catch(() => {})
    while (!isSettled && !this.#isClosed) {
      await this.#pool.query(
        `select pg_${how}_backend(pid) from pg_stat_activity
          where application_name = $1 and state = 'active' and position($2 in query) > 0`,
        [this.#applicationName, mark],
      )
      await sleep(POLL_MS)
    }
    if (isSettled) await settled
  }

  /** Does the same to any backend, whatever it is doing. */
  async strikeAny(how: 'cancel' | 'terminate', dice: Dice): Promise<void> {
    const { rows } = await this.#pool.query<{ pid: number }>(
      'select pid from pg_stat_activity where application_name = $1 order by pid',
      [this.#applicationName],
    )
    if (rows.length > 0) await this.#pool.query(`select pg_${how}_backend($1)`, [dice.pick(rows).pid])
  }

  /** Whether the pool under test ends in time; if it does not, its connections are killed. */
  async closesIn(limitMs: number, closing: Promise<void>): Promise<boolean> {
    const abort = new AbortController()
    const late = sleep(limitMs, false, { signal: abort.signal }).catch(() => false)
    const isClosed = await Promise.race([closing.then(() => true), late])
    abort.abort()
    if (!isClosed) {
      await this.#pool.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
        [this.#applicationName],
      )
    }
    return isClosed
  }

  /** Ends the backends whose client is gone already, and waits for them: what they still do is done then. */
  async endsOrphans(): Promise<void> {
    for (;;) {
      const { rowCount } = await this.#pool.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
        [this.#applicationName],
      )
      if (rowCount === 0) return
      await sleep(POLL_MS)
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#pool.end()
  }
}
