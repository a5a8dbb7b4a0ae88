import { EventEmitter } from 'node:events'
import { ConfigError } from '../errors'
import { bindToContext } from '../tenant/context'
import type { Scope } from '../tenant/context'
import type { TransactionLevel } from '../transaction/level'
import { joinedClient } from './recording-transaction'
import { Loan, namesOf, required } from './recorder'
import type { Recorder } from './recorder'

/** A query as `pg` takes it. */
export interface RecordedConfig {
  readonly text: string
  readonly values?: readonly unknown[] | undefined
  readonly name?: string | undefined
  readonly rowMode?: string | undefined
}

/** What a query of `pg` is answered. */
export interface RecordedResult {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: readonly unknown[]
  readonly fields: readonly unknown[]
}

type Callback = (error: unknown, result?: unknown) => void
type Release = (error?: Error | boolean) => void
type ConnectCallback = (error: unknown, client?: RecordingClient, release?: Release) => void

interface Given {
  readonly config: RecordedConfig
  readonly callback: Callback | undefined
}

/** The client of one loan: `query`, `release`, and the listeners of an EventEmitter. */
export class RecordingClient extends EventEmitter {
  readonly #loan: Loan
  readonly #parts: PoolParts

  /** Made by {@link RecordingPool.connect}. */
  constructor(loan: Loan, parts: PoolParts) {
    super()
    this.#loan = loan
    this.#parts = parts
  }

  /** As a client of `pg`. @throws TenantMismatchError, ClientReleasedError, by its promise or callback */
  query(
    text: string | RecordedConfig,
    values?: unknown,
    callback?: unknown,
  ): Promise<RecordedResult> | undefined {
    const problem = this.#loan.problem(this.#parts.scope())
    const { client, scope } = this.#loan
    return answered(readGiven(text, values, callback), async (config) => {
      if (problem !== undefined) throw problem
      return send(this.#parts.recorder, config, { scope, client })
    })
  }

  /** Ends the loan. */
  release(_error?: Error | boolean): void {
    if (this.#loan.isOver)
      throw new Error('Release called on client which has already been released to the pool.')
    this.#loan.end()
  }
}

/** What a pool needs. */
export interface PoolParts {
  readonly recorder: Recorder
  readonly scope: () => Scope | undefined
  /** What a call belongs to. */
  readonly transaction: () => TransactionLevel | undefined
}

/**
 * A pool like `pg.Pool` without a server: `query` and `connect` by promise and by callback, config objects, `rowMode`,
 * events, `end`. It has no cursors, streams or COPY.
 */
export class RecordingPool extends EventEmitter {
  readonly totalCount = 0
  readonly idleCount = 0
  readonly waitingCount = 0
  ended = false
  readonly #parts: PoolParts

  /** Made by `recordingEngine()`. */
  constructor(parts: PoolParts) {
    super()
    this.#parts = parts
  }

  /** As `pg.Pool.query`. @throws TenantRequiredError by its promise or callback */
  query(
    text: string | RecordedConfig,
    values?: unknown,
    callback?: unknown,
  ): Promise<RecordedResult> | undefined {
    const now = this.#parts.scope()
    const level = this.#parts.transaction()
    return answered(readGiven(text, values, callback), async (config) =>
      send(this.#parts.recorder, config, { scope: required(now, 'pool.query'), client: joinedClient(level) }),
    )
  }

  /** As `pg.Pool.connect`. @throws TenantRequiredError by its promise or callback */
  connect(): Promise<RecordingClient>
  connect(callback: ConnectCallback): void
  connect(callback?: ConnectCallback): Promise<RecordingClient> | undefined {
    const now = this.#parts.scope()
    const level = this.#parts.transaction()
    const lend = async (): Promise<RecordingClient> => {
      const scope = required(now, 'pool.connect')
      return new RecordingClient(
        new Loan(scope, joinedClient(level) ?? this.#parts.recorder.nextClient()),
        this.#parts,
      )
    }
    if (callback === undefined) return lend()
    const done = bindToContext(callback)
    void lend().then(
      (client) => later(() => done(undefined, client, (error) => client.release(error))),
      (error: unknown) => later(() => done(error, undefined, () => {})),
    )
    return undefined
  }

  /** Nothing is open. */
  end(callback?: () => void): Promise<void> | undefined {
    this.ended = true
    if (callback === undefined) return Promise.resolve()
    later(callback)
    return undefined
  }
}

function readGiven(text: string | RecordedConfig, values: unknown, callback: unknown): Given {
  const given = typeof text === 'string' ? { text } : text
  if (typeof given?.text !== 'string' || 'submit' in given) {
    throw new ConfigError([
      'A recording pool takes a text or { text, values }; a cursor, a stream or COPY needs a database.',
    ])
  }
  const found = [values, callback].find((one) => typeof one === 'function') as Callback | undefined
  const list = Array.isArray(values) ? (values as unknown[]) : (given.values ?? [])
  return { config: { ...given, values: list }, callback: found && bindToContext(found) }
}

function answered(
  { config, callback }: Given,
  work: (config: RecordedConfig) => Promise<RecordedResult>,
): Promise<RecordedResult> | undefined {
  const result = work(config)
  if (callback === undefined) return result
  result.then(
    (value) => later(() => callback(undefined, value)),
    (error: unknown) => later(() => callback(error)),
  )
  return undefined
}

/** Outside of the promise: what a callback throws is its own, as with the driver. */
function later(work: () => void): void {
  process.nextTick(work)
}

async function send(
  recorder: Recorder,
  { text, values = [], rowMode }: RecordedConfig,
  { scope, client }: { readonly scope: Scope; readonly client: number | undefined },
): Promise<RecordedResult> {
  const reply = await recorder.run({ ...namesOf(scope), text, values: [...values], client })
  const command = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? ''
  const result = Array.isArray(reply) ? { rows: reply as unknown[] } : { rows: [], ...reply }
  const { rows } = result
  const shown = rowMode === 'array' ? rows.map((row) => Object.values(row as object) as unknown[]) : rows
  return { command, rowCount: rows.length, fields: [], ...result, rows: shown }
}
