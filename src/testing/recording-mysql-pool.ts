import { EventEmitter } from 'node:events'
import type { Scope } from '../tenant/context'
import { Loan, namesOf, required } from './recorder'
import type { PoolParts } from './recording-pool'
import { joinedClient } from './recording-transaction'

/** A query as `mysql2` takes it. */
export interface RecordedMysqlConfig {
  readonly sql: string
  readonly values?: unknown
}

/** What a query of `mysql2/promise` is answered: rows, or the header of a result, and the fields. */
export type RecordedMysqlResult = readonly [unknown, readonly unknown[]]

type Text = string | RecordedMysqlConfig

/** The connection of one loan. */
export class RecordingConnection extends EventEmitter {
  readonly #loan: Loan
  readonly #parts: PoolParts

  /** Made by {@link RecordingMysqlPool.getConnection}. */
  constructor(loan: Loan, parts: PoolParts) {
    super()
    this.#loan = loan
    this.#parts = parts
  }

  /** @throws TenantMismatchError, ClientReleasedError */
  async query(text: Text, values?: unknown): Promise<RecordedMysqlResult> {
    const problem = this.#loan.problem(this.#parts.scope())
    if (problem !== undefined) throw problem
    return send(this.#parts, text, values, this.#loan)
  }

  /** The same. */
  execute(text: Text, values?: unknown): Promise<RecordedMysqlResult> {
    return this.query(text, values)
  }

  /** Recorded as `START TRANSACTION`. */
  async beginTransaction(): Promise<void> {
    await this.query('START TRANSACTION')
  }

  /** Recorded as `COMMIT`. */
  async commit(): Promise<void> {
    await this.query('COMMIT')
  }

  /** Recorded as `ROLLBACK`. */
  async rollback(): Promise<void> {
    await this.query('ROLLBACK')
  }

  /** Ends the loan. */
  release(): void {
    this.#loan.end()
  }
}

/** A pool like the one of `mysql2/promise` without a server: `query`, `execute`, `getConnection`, `end`, events. */
export class RecordingMysqlPool extends EventEmitter {
  readonly #parts: PoolParts

  /** Made by `recordingEngine({ driver: 'mysql' })`. */
  constructor(parts: PoolParts) {
    super()
    this.#parts = parts
  }

  /** @throws TenantRequiredError */
  async query(text: Text, values?: unknown): Promise<RecordedMysqlResult> {
    const scope = required(this.#parts.scope(), 'pool.query')
    return send(this.#parts, text, values, { scope, client: joinedClient(this.#parts.transaction()) })
  }

  /** @throws TenantRequiredError */
  async execute(text: Text, values?: unknown): Promise<RecordedMysqlResult> {
    const scope = required(this.#parts.scope(), 'pool.execute')
    return send(this.#parts, text, values, { scope, client: joinedClient(this.#parts.transaction()) })
  }

  /** @throws TenantRequiredError */
  async getConnection(): Promise<RecordingConnection> {
    const scope = required(this.#parts.scope(), 'pool.getConnection')
    const client = joinedClient(this.#parts.transaction()) ?? this.#parts.recorder.nextClient()
    return new RecordingConnection(new Loan(scope, client), this.#parts)
  }

  /** Nothing is open. */
  async end(): Promise<void> {}
}

async function send(
  { recorder }: PoolParts,
  text: Text,
  values: unknown,
  { scope, client }: { readonly scope: Scope; readonly client: number | undefined },
): Promise<RecordedMysqlResult> {
  const given = typeof text === 'string' ? { sql: text } : text
  const wanted = values ?? given.values ?? []
  const list: unknown[] = Array.isArray(wanted) ? (wanted as unknown[]) : [wanted]
  const reply = await recorder.run({ ...namesOf(scope), text: given.sql, values: [...list], client })
  return [reply, []]
}
