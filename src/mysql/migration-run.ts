import type { MigrationStep } from '../engine'
import { MigrationRefusedError, MigrationUnfinishedError } from '../errors'
import { readThrown } from '../thrown'
import type { Journal, JournalStatement, Noted } from './journal'
import {
  existencePrefix,
  hasChanged,
  readSurroundings,
  takeAgain,
  takeFingerprint,
  takeTableFingerprint,
} from './journal-fingerprint'
import type { KnownTexts } from './journal-fingerprint'
import type { JournalRun } from './journal-run'
import type { KnownTables } from './known-tables'
import { kindOf } from './migration-kinds'
import type { StatementKind, Surroundings } from './migration-kinds'
import { LastId } from './migration-last-id'
import type { Answer, MigrationSession } from './migration-session'
import { shapeOf, tableOf } from './migration-shape'
import { sha256Of } from './sql'

/** What a run knows of its session and its tenant, from one migration to the next. */
export interface Bearings {
  /** The session is as it was entered: nothing was sent since that could have set something. */
  isFresh: boolean
  /** The connection is in the tenant's database. Asked again after what could hide a USE: a procedure can (measured on MariaDB 10.11). */
  isPlaceKnown: boolean
  /** Read again after DDL that could change it. */
  surroundings: Surroundings | undefined
  /** As of when the surroundings were read, and of what was sent since. */
  readonly tables: KnownTables
}

/** What one migration of one tenant is run with. */
export interface RunTools {
  readonly session: MigrationSession
  readonly journal: Journal
  /** The same for the length of this run. */
  readonly books: JournalRun
  readonly bearings: Bearings
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

  constructor(tools: RunTools) {
    this.#tools = tools
    this.lastId = new LastId(tools.session, tools.bearings.isFresh)
  }

  /** @throws StatementFailure */
  async run(statement: NumberedStatement): Promise<Answer> {
    try {
      if (!this.#tools.bearings.isPlaceKnown) await this.#expectPlace()
      const { text, number } = statement
      await this.lastId.restore(text, () => unknownId(this.#tools, number))
      const kind = await this.#kindOf(text)
      if (kind !== 'ddl') this.#tools.bearings.isFresh = false
      if (kind === 'session') return await this.#runSetting(statement)
      if (kind === 'read' || kind === 'write') return await this.#runInTransaction(statement, kind)
      return await this.#runDdl(statement, kind)
    } catch (error) {
      throw new StatementFailure(statement, error)
    }
  }

  /** What a statement in doubt did; undefined where it can't be known. */
  async tookEffect({ kind, fingerprint, text }: JournalStatement): Promise<boolean | undefined> {
    if (kind !== 'ddl' || fingerprint === null) return undefined
    const { session, known, schema } = this.#tools
    const again = await takeAgain(session, known, { schema, fingerprint })
    return hasChanged(fingerprint, again ?? (await this.#takeWhole(text)))
  }

  async #runSetting(statement: NumberedStatement): Promise<Answer> {
    const { session, books } = this.#tools
    const answer = await session.query(statement.text)
    await books.note(this.#noted(statement, 'session', 'applied'))
    return answer
  }

  async #runInTransaction(statement: NumberedStatement, kind: StatementKind): Promise<Answer> {
    const { session, books } = this.#tools
    let answer: Answer = []
    await session.transaction(
      async () => {
        answer = await session.query(statement.text)
        return books.note(this.#noted(statement, kind, 'applied'), answer)
      },
      () => refusal(this.#tools, 'ended the transaction that it ran in'),
    )
    books.committed()
    return answer
  }

  async #runDdl(statement: NumberedStatement, kind: 'ddl' | 'unsure'): Promise<Answer> {
    const { session, journal, books, bearings, schema, step, known } = this.#tools
    const { text } = statement
    const noted = await this.#describe(statement, kind)
    await books.note(noted)
    this.#loseBearings(kind, text)
    known.forget(text)
    bearings.tables.sends(text, tableOf(text, schema))
    let answer: Answer
    try {
      answer = await session.query(text)
    } catch (error) {
      // An error of a statement that is done as a whole or not at all: it did nothing, unless the definitions say otherwise.
      const row = session.isUsable ? (await journal.readStatements(schema, step.file.name)).at(-1) : undefined
      if (row !== undefined && (saysThere(error) || (await this.tookEffect({ ...row, text })) === false))
        await journal.withdraw(schema, step.file.name, statement.number)
      throw error
    }
    await books.confirm({ ...noted, state: 'applied', knowsLastId: this.lastId.isKnown }, answer)
    return answer
  }

  #loseBearings(kind: 'ddl' | 'unsure', text: string): void {
    const { bearings } = this.#tools
    if (kind === 'unsure') bearings.isPlaceKnown = false
    const { object } = shapeOf(text)
    // A sure statement about a table leaves tables of other engines as they are.
    if (kind === 'unsure' || (object !== 'table' && object !== 'index')) bearings.surroundings = undefined
  }

  #noted(
    { number, text }: NumberedStatement,
    kind: StatementKind,
    state: 'applying' | 'applied',
    fingerprint: string | null = null,
  ): Noted {
    // DDL leaves it as it is; of what else is sent only now, nobody knows until then.
    const knowsLastId = this.lastId.isKnown && (state === 'applied' || kind === 'ddl')
    return { number, checksum: sha256Of(text), state, kind, fingerprint, text, knowsLastId }
  }

  /** What is noted in front of DDL: of a table that it is about there is enough in that table, of a new one that it is not there. */
  async #describe(statement: NumberedStatement, kind: 'ddl' | 'unsure'): Promise<Noted> {
    const { session, schema, known } = this.#tools
    const { text } = statement
    if (kind === 'unsure') return this.#noted(statement, kind, 'applying')
    const table = tableOf(text, schema)
    if (table === undefined) return this.#noted(statement, kind, 'applying', await this.#takeWhole(text))
    const { verb, object } = shapeOf(text)
    if (verb === 'create' && object === 'table') {
      const prefix = existencePrefix(session, table)
      const isThere = this.#tools.bearings.tables.has(table)
      return isThere === undefined
        ? { ...this.#noted(statement, kind, 'applying', prefix), looksFor: table }
        : this.#noted(statement, kind, 'applying', `${prefix}${Number(isThere)}`)
    }
    return this.#noted(statement, kind, 'applying', await takeTableFingerprint(session, known, table))
  }

  async #takeWhole(text: string): Promise<string> {
    const { session, schema, ownTables: except, known } = this.#tools
    const withEvents = shapeOf(text).object === 'event'
    const { digest, surroundings } = await takeFingerprint(session, known, { schema, except, withEvents })
    this.#see(surroundings)
    return digest
  }

  async #kindOf(text: string): Promise<StatementKind> {
    const kind = kindOf(text)
    if (kind === 'session' || kind === 'read') return kind
    const { session, schema, bearings } = this.#tools
    if (bearings.surroundings === undefined) this.#see(await readSurroundings(session, schema))
    return kindOf(text, bearings.surroundings)
  }

  #see(surroundings: Surroundings): void {
    const { bearings } = this.#tools
    bearings.surroundings = surroundings
    bearings.tables.learn(surroundings.tables)
  }

  /** What hides in a text or a routine could have moved the connection: DDL would then succeed elsewhere. */
  async #expectPlace(): Promise<void> {
    const { session, schema, bearings } = this.#tools
    const place = await session.place()
    bearings.isPlaceKnown =
      place === schema || (session.facts.foldsNames && place?.toLowerCase() === schema.toLowerCase())
    if (bearings.isPlaceKnown) return
    throw refusal(this.#tools, `finds the connection in database ${place ?? '(none)'} instead of "${schema}"`)
  }
}

/** Somebody else has made a table of this name since the run knows which there are: the statement did nothing. */
function saysThere(error: unknown): boolean {
  return readThrown(error).code === 'ER_TABLE_EXISTS_ERROR'
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
