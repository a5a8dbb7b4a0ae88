import type { MigrationStep } from '../engine'
import { MigrationRefusedError, MigrationUnfinishedError } from '../errors'
import type { Journal, JournalStatement } from './journal'
import { hasChanged, readSurroundings, takeFingerprint } from './journal-fingerprint'
import type { KnownTexts } from './journal-fingerprint'
import { kindOf } from './migration-kinds'
import type { StatementKind, Surroundings } from './migration-kinds'
import { LastId } from './migration-last-id'
import type { Answer, Header, MigrationSession } from './migration-session'
import { shapeOf } from './migration-shape'
import { sha256Of } from './sql'

/** What one migration of one tenant is run with. */
export interface RunTools {
  readonly session: MigrationSession
  readonly journal: Journal
  readonly schema: string
  readonly step: MigrationStep
  /** Tables of ours, which no fingerprint counts. */
  readonly ownTables: readonly string[]
  /** Definitions that this run has read. */
  readonly known: KnownTexts
}

/** A statement on its way. */
export interface NumberedStatement {
  /** From 1. */
  readonly number: number
  readonly text: string
  /** In the file; undefined for a statement of a program. */
  readonly line?: number | undefined
}

/** A statement that answered with an error, or was stopped. */
export class StatementFailure extends Error {
  readonly statement: NumberedStatement
  override readonly cause: unknown

  constructor(statement: NumberedStatement, cause: unknown) {
    super((cause as Error).message)
    this.statement = statement
    this.cause = cause
  }
}

/**
 * Runs statements of one migration and keeps the journal:
 *
 * | kind | protocol |
 * |---|---|
 * | write | BEGIN, statement, journal row, COMMIT |
 * | ddl, unsure | journal row with a fingerprint, statement, journal row confirmed |
 * | read | in a transaction; READ ONLY where it is not numbered |
 * | session | statement, journal row |
 */
export class StatementRunner {
  readonly lastId: LastId
  readonly #tools: RunTools
  /** Read again after DDL. */
  #surroundings: Surroundings | undefined
  /** Asked at the beginning, and again after what could hide a USE: a procedure can (measured on MariaDB 10.11). */
  #isPlaceKnown = false

  constructor(tools: RunTools) {
    this.#tools = tools
    this.lastId = new LastId(tools.session)
  }

  /** @throws StatementFailure */
  async run(statement: NumberedStatement): Promise<Answer> {
    try {
      if (!this.#isPlaceKnown) await this.#expectPlace()
      const { text, number } = statement
      await this.lastId.restore(text, () => unknownId(this.#tools, number))
      const kind = kindOf(text)
      if (kind === 'session') return await this.#runSetting(statement)
      const isInTransaction =
        kind === 'read' || (kind === 'write' && kindOf(text, await this.#readSurroundings()) === 'write')
      return isInTransaction ? await this.#runInTransaction(statement, kind) : await this.#runDdl(statement)
    } catch (error) {
      throw new StatementFailure(statement, error)
    }
  }

  /** What a statement in doubt did; undefined where it can't be known. */
  async tookEffect({ kind, fingerprint, text }: JournalStatement): Promise<boolean | undefined> {
    if (kind !== 'ddl' || fingerprint === null) return undefined
    return hasChanged(fingerprint, await this.#takeFingerprint(text))
  }

  async #runSetting(statement: NumberedStatement): Promise<Answer> {
    const { session } = this.#tools
    const answer = await session.query(statement.text)
    await this.#note(statement, 'session', 'applied')
    return answer
  }

  async #runInTransaction(statement: NumberedStatement, kind: StatementKind): Promise<Answer> {
    const { session } = this.#tools
    let answer: Answer = []
    await session.transaction(
      async () => {
        answer = await session.query(statement.text)
        return this.#note(statement, kind, 'applied', { answer })
      },
      () => refusal(this.#tools, 'ended the transaction that it ran in'),
    )
    return answer
  }

  async #runDdl(statement: NumberedStatement): Promise<Answer> {
    const { session, journal, schema, step, known } = this.#tools
    const fingerprint = await this.#takeFingerprint(statement.text)
    // Here, since the fingerprint has read what surrounds it.
    const kind = kindOf(statement.text, await this.#readSurroundings())
    await this.#note(statement, kind, 'applying', { fingerprint })
    this.#surroundings = undefined
    if (kind === 'unsure') this.#isPlaceKnown = false
    known.forget(statement.text)
    let answer: Answer
    try {
      answer = await session.query(statement.text)
    } catch (error) {
      // An error of a statement that is done as a whole or not at all: it did nothing, unless the definitions say otherwise.
      if (
        session.isUsable &&
        kind === 'ddl' &&
        hasChanged(fingerprint, await this.#takeFingerprint(statement.text)) === false
      )
        await journal.withdraw(schema, step.file.name, statement.number)
      throw error
    }
    const { isKnown: knowsLastId } = this.lastId
    await journal.confirm(schema, step.file.name, statement.number, { answer, knowsLastId })
    return answer
  }

  async #note(
    { number, text }: NumberedStatement,
    kind: StatementKind,
    state: 'applying' | 'applied',
    { fingerprint = null, answer }: { readonly fingerprint?: string | null; readonly answer?: Answer } = {},
  ): Promise<Header> {
    const { journal, schema, step } = this.#tools
    // DDL leaves it as it is; of what else is sent only now, nobody knows until then.
    const knowsLastId = this.lastId.isKnown && (state === 'applied' || kind === 'ddl')
    return journal.note(
      schema,
      step.file,
      { number, checksum: sha256Of(text), state, kind, fingerprint, text, knowsLastId },
      answer,
    )
  }

  async #takeFingerprint(text: string): Promise<string> {
    const { session, schema, ownTables, known } = this.#tools
    const withEvents = shapeOf(text).object === 'event'
    const { digest, surroundings } = await takeFingerprint(session, known, {
      schema,
      except: ownTables,
      withEvents,
    })
    this.#surroundings = surroundings
    return digest
  }

  async #readSurroundings(): Promise<Surroundings> {
    const { session, schema } = this.#tools
    return (this.#surroundings ??= await readSurroundings(session, schema))
  }

  /** What hides in a text or a routine could have moved the connection: DDL would then succeed elsewhere. */
  async #expectPlace(): Promise<void> {
    const { session, schema } = this.#tools
    const place = await session.place()
    this.#isPlaceKnown =
      place === schema || (session.facts.foldsNames && place?.toLowerCase() === schema.toLowerCase())
    if (this.#isPlaceKnown) return
    throw refusal(this.#tools, `finds the connection in database ${place ?? '(none)'} instead of "${schema}"`)
  }
}

/** The error for a migration that is stopped on its way. */
export function refusal(
  { step, schema }: Pick<RunTools, 'step' | 'schema'>,
  what: string,
  where = '',
): MigrationRefusedError {
  const { name } = step.file
  return new MigrationRefusedError(`Migration ${name}${where} ${what}.`, { migration: name, prefix: schema })
}

/** LAST_INSERT_ID() is asked for behind a statement of which nobody knows what it was. */
export function unknownId(
  { step, schema }: Pick<RunTools, 'step' | 'schema'>,
  number: number,
): MigrationUnfinishedError {
  const { name } = step.file
  return new MigrationUnfinishedError(
    `Migration ${name} (${step.direction}) in "${schema}" can't go on: its statement ${number} asks for last_insert_id(), and ` +
      'what that was behind the statement before is not known. Put the id itself into the file, or a query that finds it.',
    { migration: name, prefix: schema, statement: number },
  )
}
