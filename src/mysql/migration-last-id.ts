import { MigrationUnfinishedError } from '../errors'
import type { JournalStatement } from './journal'
import type { MigrationSession } from './migration-session'

const ASKS = /\blast_insert_id\s*\(\s*\)|@@(\w+\s*\.\s*)?(last_insert_id|identity)\b/i

/**
 * LAST_INSERT_ID() belongs to the session, and a run that goes on has another one: without this, it would be 0 behind an
 * INSERT that is done, and rows be written with it. It is 0 where a file begins, and what the journal says behind what is
 * done: not always the `insertId` of a statement, which also names an id that the statement itself has set.
 */
export class LastId {
  readonly #session: MigrationSession
  /** To be set before the next statement is sent; undefined: it is right. */
  #due: string | undefined
  #isKnown = true

  /** @param isZero - nothing has set it in this session since it was 0 */
  constructor(session: MigrationSession, isZero: boolean) {
    this.#session = session
    this.#due = isZero ? undefined : '0'
  }

  /** False where an unknown statement may have set it: one in doubt that was skipped, one of an older journal. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** This statement was done by an earlier run. */
  follow({ lastId }: JournalStatement): void {
    this.#due = lastId ?? '0'
    this.#isKnown = lastId !== null
  }

  /** This statement is about to be sent. @throws MigrationUnfinishedError where it asks for what is not known */
  async restore(text: string, unknown: () => MigrationUnfinishedError): Promise<void> {
    if (this.#due !== undefined) await this.#session.query(`select last_insert_id(${this.#due})`)
    this.#due = undefined
    if (this.#isKnown || !ASKS.test(text)) return
    // A statement since then may have drawn one.
    const [row] = await this.#session.rows<{ none: number }>('select last_insert_id() = 0 as none')
    if (row!.none === 1) throw unknown()
    this.#isKnown = true
  }
}
