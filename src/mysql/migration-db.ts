import type { FieldPacket } from 'mysql2/promise'
import { MigrationUnfinishedError } from '../errors'
import type { JournalStatement } from './journal'
import { lintSent } from './migration-lint'
import { findNeighbour } from './migration-neighbours'
import { kindOf } from './migration-kinds'
import { refusal, unknownId } from './migration-run'
import type { RunTools, StatementRunner } from './migration-run'
import type { Answer, Header } from './migration-session'
import { sha256Of } from './sql'

/** What a `.ts` or `.js` migration works with: `export async function up(db) { await db.query('...') }`. */
export interface MigrationDb {
  /** Id of the tenant, `acme`. */
  readonly tenant: string
  /** Its database, `tenant_acme`; unqualified names are in it already. */
  readonly schema: string
  /**
   * Sends one statement and answers as mysql2 does: `[rows, fields]`, or `[{ affectedRows, insertId }, []]`. Statements run
   * in the order of the calls. An error ends the migration, caught or not.
   *
   * A statement that writes or defines is numbered in the journal. A run that goes on after a crash calls the function once
   * more, answers what is done from the journal, and is refused where a text is not the same.
   */
  query<Result = Answer>(sql: string, values?: readonly unknown[]): Promise<[Result, FieldPacket[]]>
}

/** What a program's run knows from before. */
export interface ReplayOptions {
  readonly tenant: string
  /** What an earlier run did, by number. */
  readonly done: readonly JournalStatement[]
}

/** The database of one run of a program, with a queue: the journal knows one order. */
export class ReplayingDb implements MigrationDb {
  readonly tenant: string
  readonly schema: string
  readonly #tools: RunTools
  readonly #runner: StatementRunner
  readonly #done: readonly JournalStatement[]
  #number = 0
  #queue: Promise<unknown> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #isOver = false

  constructor(tools: RunTools, runner: StatementRunner, { tenant, done }: ReplayOptions) {
    this.#tools = tools
    this.#runner = runner
    this.#done = done
    this.tenant = tenant
    this.schema = tools.schema
  }

  query<Result = Answer>(sql: string, values: readonly unknown[] = []): Promise<[Result, FieldPacket[]]> {
    const answer = this.#queue.then(() => this.#run(sql, values))
    this.#queue = answer.catch((error: unknown) => {
      this.#failure ??= { error }
    })
    return answer as unknown as Promise<[Result, FieldPacket[]]>
  }

  /** The program has returned: waits for what it did not wait for. @throws what went wrong, caught or not */
  async end(): Promise<void> {
    await this.#queue
    this.#isOver = true
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#number < this.#done.length) throw this.#mismatch(this.#number + 1)
  }

  async #run(sql: string, values: readonly unknown[]): Promise<[Answer, FieldPacket[]]> {
    const { session, schema } = this.#tools
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#isOver) throw refusal(this.#tools, 'sends a statement after its end. Await each db.query()')
    const text = values.length === 0 ? sql : session.format(sql, values)
    const problem = lintSent(text, schema) ?? (await findNeighbour(session, text, this))
    if (problem !== undefined)
      throw refusal(this.#tools, problem, `, statement ${this.#number + 1}: ${text.slice(0, 80)}:`)
    const kind = kindOf(text)
    if (kind === 'read') return this.#read(text)
    this.#number += 1
    const before = this.#done[this.#number - 1]
    if (before === undefined) return [await this.#runner.run({ number: this.#number, text }), []]
    if (before.checksum !== sha256Of(text)) throw this.#mismatch(this.#number)
    if (kind === 'session') await session.query(text)
    this.#runner.lastId.follow(before)
    const { affectedRows, insertId } = before
    return [{ affectedRows, insertId, serverStatus: 0 } satisfies Header, []]
  }

  /** Read only: what a function in it wrote would not be in the journal, and be written again. */
  async #read(text: string): Promise<[Answer, FieldPacket[]]> {
    const { session } = this.#tools
    await this.#runner.lastId.restore(text, () => unknownId(this.#tools, this.#number + 1))
    await session.query('start transaction read only')
    try {
      return await session.send(text)
    } finally {
      if (session.isUsable) await session.query('rollback')
    }
  }

  #mismatch(number: number): MigrationUnfinishedError {
    const { step, schema } = this.#tools
    return new MigrationUnfinishedError(
      `Migration ${step.file.name} (${step.direction}) of tenant "${this.tenant}" in "${schema}" can't go on: its statement ` +
        `${number} is another one than the interrupted run did. Put the file back as it was, or bring the tenant in order ` +
        'by hand and say so: rowhouse repair <tenant> --mark applied (or reverted).',
      { migration: step.file.name, tenant: this.tenant, prefix: schema, statement: number },
    )
  }
}
