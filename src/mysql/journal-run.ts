import type { Direction, MigrationFile } from '../engine'
import type { JournalEntry, JournalPlace, JournalStatement, Noted } from './journal'
import { IS_IN_TRANSACTION } from './migration-session'
import type { Answer, Header, MigrationSession } from './migration-session'
import { COUNT_TABLES, tableIn } from './sql'

/** What is written of a migration (number 0), or of one of its statements. */
interface Row {
  readonly name: string
  readonly number: number
  readonly version: number
  readonly checksum: string
  readonly state: JournalEntry['state']
  readonly direction: Direction | ''
  readonly kind: string
  readonly fingerprint: string | null
  readonly statement: string | null
  readonly affectedRows: number
  readonly insertId: number
  /** LAST_INSERT_ID() of the session is noted; else what was noted before stays. */
  readonly notesLastId: boolean
  readonly looksFor?: string | undefined
  readonly error: string | null
  readonly runOrder: number | null
}

interface Current {
  readonly file: MigrationFile
  readonly direction: Direction
  readonly checksum: string
}

const TEXT_LENGTH = 500
const ERROR_LENGTH = 5000
const COLUMNS =
  'name, number, version, checksum, state, direction, kind, fingerprint, statement, affected_rows, insert_id, last_id, error, run_order'
const OVERWRITE = `on duplicate key update
  ${['checksum', 'state', 'direction', 'affected_rows', 'insert_id', 'error'].map((column) => `${column} = values(${column})`).join(', ')},
  last_id = coalesce(values(last_id), last_id),
  run_on = if(values(run_order) is null, run_on, current_timestamp(6)),
  run_order = coalesce(run_order, values(run_order))`

/**
 * The journal of a tenant while a run holds its lock. What only confirms what the definitions tell as well is kept back and
 * goes along with the next row that must be there: the statement before is done, its migration applied, the next one begun
 * and its first statement about to be sent is one INSERT, and one commit.
 */
export class JournalRun {
  readonly #session: MigrationSession
  readonly #schema: string
  readonly #table: string
  readonly #states: ReadonlyMap<string, JournalEntry['state']>
  /** Kept back, by number and name. */
  readonly #pending = new Map<string, Row>()
  /** Some migration is applied whose statements are still there. */
  #hasFinished = false
  #nextOrder: number
  #current: Current | undefined

  private constructor(
    { session, schema, table }: JournalPlace,
    states: ReadonlyMap<string, JournalEntry['state']>,
    nextOrder: number,
  ) {
    this.#session = session
    this.#schema = schema
    this.#table = tableIn(schema, table)
    this.#states = states
    this.#nextOrder = nextOrder
  }

  /** Reads what there is of these migrations. The caller holds the tenant's lock. */
  static async open(place: JournalPlace, names: readonly string[]): Promise<JournalRun> {
    const table = tableIn(place.schema, place.table)
    const rows = await place.session.rows<{
      name: string
      state: JournalEntry['state']
      runOrder: number | null
    }>(
      `select name, state, run_order as runOrder from ${table}
        where number = 0 and (name in (?) or run_order = (select max(run_order) from ${table}))`,
      [names],
    )
    const last = Math.max(0, ...rows.map(({ runOrder }) => runOrder ?? 0))
    return new JournalRun(place, new Map(rows.map(({ name, state }) => [name, state])), last + 1)
  }

  /** Whether an earlier run has begun this migration and not ended it. */
  isUnfinished(name: string): boolean {
    const state = this.#states.get(name)
    return state !== undefined && state !== 'applied'
  }

  /** Whether the end of this migration is in the journal, and not only known to this run. */
  isWritten(name: string): boolean {
    return !this.#pending.has(`0 ${name}`)
  }

  /** A migration begins, or goes on after a crash. */
  async begin(file: MigrationFile, direction: Direction, checksum: string): Promise<void> {
    // Statements of an applied migration are left by a run that was cut off behind it: they are not of this direction.
    if (this.#states.get(file.name) === 'applied')
      await this.#session.query(`delete from ${this.#table} where name = ? and number > 0`, [file.name])
    this.#current = { file, direction, checksum }
    this.#keep({ ...this.#head(), state: 'applying' })
  }

  /** A statement is about to be sent (`applying`), or was done in the transaction of the moment (`applied`). */
  async note(statement: Noted, answer?: Answer): Promise<Header> {
    const { knowsLastId, looksFor } = statement
    const row = { ...this.#rowOf(statement, answer, knowsLastId), looksFor }
    const header = await this.#send([...this.#pending.values(), row])
    // In a transaction it may be taken back: see `committed`.
    if ((header.serverStatus & IS_IN_TRANSACTION) === 0) this.#pending.clear()
    return header
  }

  /** The transaction of the last note was committed. */
  committed(): void {
    this.#pending.clear()
  }

  /** The statement that was about to be sent is done. Where the definitions tell so, too, that can wait. */
  async confirm(statement: Noted, answer: Answer): Promise<void> {
    const isTold = statement.kind === 'ddl'
    this.#keep(this.#rowOf(statement, answer, !isTold && statement.knowsLastId))
    if (!isTold) await this.#flushPending()
  }

  /** The migration is at its end. */
  async finish(): Promise<void> {
    const { file, direction } = this.#current!
    for (const [key, { name }] of this.#pending) if (name === file.name) this.#pending.delete(key)
    if (direction === 'down') {
      await this.#session.query(`delete from ${this.#table} where name = ?`, [file.name])
      return
    }
    this.#keep({ ...this.#head(), state: 'applied', runOrder: this.#nextOrder })
    this.#nextOrder += 1
    this.#hasFinished = true
  }

  /** The migration failed. */
  async fail(error: string): Promise<void> {
    if (this.#current === undefined) return
    this.#keep({ ...this.#head(), state: 'failed', error: error.slice(0, ERROR_LENGTH) })
    await this.flush()
  }

  /** Writes what was kept back, and forgets the statements of all that is applied, also what another run has left of them. */
  async flush(): Promise<void> {
    if (!this.#hasFinished) return this.#flushPending()
    const unended = (): Error => new Error('The transaction of the journal was ended by somebody else.')
    await this.#session.transaction(async () => {
      if (this.#pending.size > 0) await this.#send([...this.#pending.values()])
      const table = this.#table
      return (await this.#session.query(
        `delete own from ${table} as own join ${table} as whole on whole.name = own.name
          where own.number > 0 and whole.number = 0 and whole.state = 'applied'`,
      )) as Header
    }, unended)
    this.#pending.clear()
    this.#hasFinished = false
  }

  async #flushPending(): Promise<void> {
    if (this.#pending.size === 0) return
    await this.#send([...this.#pending.values()])
    this.#pending.clear()
  }

  #keep(row: Row): void {
    this.#pending.set(`${row.number} ${row.name}`, row)
  }

  #head(): Omit<Row, 'state'> {
    const { file, direction, checksum } = this.#current!
    const { name, version } = file
    const nothing = { kind: '', fingerprint: null, statement: null, error: null, runOrder: null }
    const counts = { affectedRows: 0, insertId: 0, notesLastId: false }
    return { name, version, number: 0, checksum, direction, ...nothing, ...counts }
  }

  #rowOf(statement: Noted, answer: Answer | undefined, notesLastId: boolean): Row {
    const { number, checksum, state, kind, fingerprint, text } = statement
    const own = { number, checksum, state, kind, fingerprint, statement: text.slice(0, TEXT_LENGTH) }
    return { ...this.#head(), direction: '', ...own, ...countsOf(answer), notesLastId }
  }

  async #send(rows: readonly Row[]): Promise<Header> {
    const values: unknown[] = []
    const texts = rows.map((row) => {
      const { name, number, version, checksum, state, direction, kind, fingerprint, looksFor } = row
      values.push(name, number, version, checksum, state, direction, kind, fingerprint)
      if (looksFor !== undefined) values.push(this.#schema, looksFor)
      values.push(row.statement, row.affectedRows, row.insertId, row.error, row.runOrder)
      const print = looksFor === undefined ? '?' : `concat(?, (${COUNT_TABLES}))`
      return `(${'?, '.repeat(7)}${print}, ?, ?, ?, ${row.notesLastId ? 'last_insert_id()' : 'null'}, ?, ?)`
    })
    const sql = `insert into ${this.#table} (${COLUMNS}) values ${texts.join(', ')} ${OVERWRITE}`
    return (await this.#session.query(sql, values)) as Header
  }
}

function countsOf(answer: Answer | undefined): Pick<JournalStatement, 'affectedRows' | 'insertId'> {
  if (answer === undefined || !('affectedRows' in answer)) return { affectedRows: 0, insertId: 0 }
  return { affectedRows: answer.affectedRows, insertId: answer.insertId }
}
