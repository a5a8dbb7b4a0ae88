import { format } from 'mysql2'
import type { SqlValue } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import type { Connection, ConnectionOptions, FieldPacket } from 'mysql2/promise'
import { outsideTenants } from '../tenant/context'
import { isFrom, readVersion } from './server-version'
import type { ServerVersion } from './server-version'
import { quoteName } from './sql'

/** What a server is like, as far as migrations depend on it. */
export interface ServerFacts {
  /** `10.11.18-MariaDB` */
  readonly version: string
  readonly isMariadb: boolean
  /** DDL is done as a whole or not at all, whatever happens to the server: MySQL 8.0, MariaDB 10.6. */
  readonly hasAtomicDdl: boolean
  /** The account that the server took this connection for, `owner@%`. */
  readonly account: string
  /** Names of databases and tables do not tell `Acme` and `acme` apart (lower_case_table_names is not 0). */
  readonly foldsNames: boolean
}

/** Rows of a reading statement, or the header of another. */
export type Answer = readonly Readonly<Record<string, unknown>>[] | Header

/** What the server says of a statement without rows. */
export interface Header {
  readonly affectedRows: number
  readonly insertId: number
  readonly serverStatus: number
}

/**
 * Modes in which the server would read a text differently from the splitter, or differently from file to file. ORACLE also
 * has other routines; the names of whole families stand for ANSI_QUOTES.
 */
const UNFIT_MODES = new Set(
  'ANSI ANSI_QUOTES NO_BACKSLASH_ESCAPES ORACLE DB2 MAXDB MSSQL POSTGRESQL IGNORE_SPACE'.split(' '),
)
/**
 * `trace` is a stack for each statement, which nobody reads: errors are told by migration and line. For prepared statements, of
 * which a migration makes few, mysql2 keeps half a megabyte from the beginning.
 */
const OF_A_SESSION = {
  multipleStatements: false,
  rowsAsArray: false,
  trace: false,
  maxPreparedStatements: 16,
}
/** SERVER_STATUS_IN_TRANS of the protocol. */
export const IS_IN_TRANSACTION = 1
const MAX_WAIT_S = 31_536_000
/**
 * What MariaDB knows of a table's contents helps no plan for tables of a few rows, and to load it was a sixth of what the books of
 * 1,000 tenants took; neither do buffers for joins. Back in {@link MigrationSession.enter}: to a migration it may matter.
 */
const FOR_FEW_ROWS =
  ', use_stat_tables = never, optimizer_use_condition_selectivity = 1, join_cache_level = 0'
const FOR_ANY_ROWS =
  ', use_stat_tables = default, optimizer_use_condition_selectivity = default, join_cache_level = default'

/** How long what a session sends may take. */
export interface SessionLimits {
  /** For a lock that an open transaction holds, in milliseconds; the server counts whole seconds, from 1. */
  readonly lockTimeoutMs: number
  /** For a statement, in milliseconds; 0 is no limit. Of MariaDB only: MySQL can limit nothing but SELECT. */
  readonly statementTimeoutMs: number
}

interface Greeting {
  readonly version: string
  readonly account: string
  readonly mode: string
  readonly folding: number
  readonly autocommit: number
  readonly completion: string
}

/** What is made of it; the mode is the server's own, without what is not fit. */
interface Greeted {
  readonly facts: ServerFacts
  readonly mode: string
  /** Each statement is committed on its own, and a connection goes on after each, as it was opened. */
  readonly commitsEach: boolean
}

/** The one connection of a migration worker: the owner's, nobody else's. */
export class MigrationSession {
  readonly facts: ServerFacts
  readonly #connection: Connection
  readonly #mode: string
  readonly #limits: string
  readonly #commitsEach: boolean
  #isUsable = true
  /** No tenant's statement has run since the session was opened or cleared. */
  #isClean = true
  #isLooking = false

  private constructor(connection: Connection, { facts, mode, commitsEach }: Greeted, limits: SessionLimits) {
    this.#connection = connection
    this.facts = facts
    this.#mode = mode
    this.#commitsEach = commitsEach
    this.#limits = settingsOf(limits, facts)
    const onEnd = (): void => void (this.#isUsable = false)
    // A connection that dies tells so by the query that was running; unheard, the event would end the process.
    connection.on('error', onEnd).on('end', onEnd)
  }

  /** Connects outside of every tenant. */
  static async open(
    options: ConnectionOptions,
    limits: SessionLimits = { lockTimeoutMs: 10_000, statementTimeoutMs: 0 },
  ): Promise<MigrationSession> {
    const connection = await outsideTenants(() => createConnection({ ...options, ...OF_A_SESSION }))
    sparePlain(connection)
    try {
      const session = new MigrationSession(connection, await greet(connection), limits)
      await session.#commitEach()
      return session
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  /** False once the connection is gone. */
  get isUsable(): boolean {
    return this.#isUsable
  }

  /** Sends one statement. */
  async query(sql: string, values?: readonly unknown[]): Promise<Answer> {
    const [answer] = await this.send(sql, values)
    return answer
  }

  /** The same, with what is known of the columns. */
  async send(sql: string, values?: readonly unknown[]): Promise<[Answer, FieldPacket[]]> {
    const given = values === undefined ? undefined : [...values]
    const [answer, fields] = await this.#watched(() => this.#connection.query(sql, given))
    return [answer as unknown as Answer, fields]
  }

  /** Rows of a reading statement. */
  async rows<Row>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    return (await this.query(sql, values)) as readonly unknown[] as readonly Row[]
  }

  /** The text with its values in it, as it would be sent. */
  format(sql: string, values: readonly unknown[]): string {
    return this.#connection.format(sql, [...values])
  }

  /**
   * Enters a database with the same settings each time, so that a migration runs alike after another one and after a crash:
   * the server's own sql_mode without what would change how a text is read, InnoDB where a table names no engine (others
   * can't be rolled back), utf8mb4, foreign keys checked, each statement committed on its own, and no longer wait for a
   * lock than for another process: behind DDL that waits, all other queries of the table wait, too.
   */
  async enter(schema: string): Promise<void> {
    this.#isClean = false
    this.#isLooking = false
    await this.query(`use ${quoteName(schema)}`)
    await this.query(
      `set names utf8mb4, session sql_mode = ?, autocommit = 1, completion_type = 0, foreign_key_checks = 1,
         unique_checks = 1, default_storage_engine = InnoDB, sql_quote_show_create = 1, time_zone = default,
         group_concat_max_len = default, ${this.#limits}${this.facts.isMariadb ? FOR_ANY_ROWS : ''}`,
      [this.#mode],
    )
  }

  /**
   * Prepares for reading the books of many tenants: no question waits longer than the limits say, and columns may stand beside a
   * digest of rows.
   */
  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isClean = false
    const mode = this.#mode.split(',').filter((word) => word !== 'ONLY_FULL_GROUP_BY')
    await this.query(`set session sql_mode = ?, ${this.#limits}${this.facts.isMariadb ? FOR_FEW_ROWS : ''}`, [
      mode.join(','),
    ])
    this.#isLooking = true
  }

  /**
   * Makes the session as new: user variables, temporary tables and locks of the tenant before are gone. A session that was
   * just opened, or cleared, is left as it is.
   */
  async clear(): Promise<void> {
    if (this.#isClean) return
    this.#isLooking = false
    await this.#watched(() => this.#connection.reset())
    await this.#commitEach()
    this.#isClean = true
  }

  /** A server may be told that sessions begin otherwise: then a mark that was written would be gone with its connection. */
  async #commitEach(): Promise<void> {
    if (!this.#commitsEach) await this.query('set autocommit = 1, completion_type = 0')
  }

  /** Leaves the tenant's database for one that holds nothing of anybody. */
  async leave(): Promise<void> {
    await this.query('use information_schema')
  }

  /** The database that unqualified names mean now. */
  async place(): Promise<string | null> {
    const [row] = await this.rows<{ place: string | null }>('select database() as place')
    return row!.place
  }

  /**
   * Does work in a transaction, whose last statement tells whether it is still the same one.
   *
   * @throws what `unended` makes when the work has ended it on its own
   */
  async transaction(work: () => Promise<Header>, unended: () => Error): Promise<void> {
    await this.query('start transaction')
    try {
      const { serverStatus } = await work()
      if ((serverStatus & IS_IN_TRANSACTION) === 0) throw unended()
      await this.query('commit')
    } catch (error) {
      if (this.#isUsable) await this.query('rollback').catch(() => {})
      throw error
    }
  }

  /** A connection that is reset by its network in the middle of a command tells so by that command's error alone. */
  async #watched<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command()
    } catch (error) {
      if ((error as { fatal?: boolean }).fatal === true) this.#isUsable = false
      throw error
    }
  }

  /** Closes the connection; the server frees its lock. */
  async close(): Promise<void> {
    if (this.#isUsable) await this.#connection.end().catch(() => {})
    else this.#connection.destroy()
  }
}

async function greet(connection: Connection): Promise<Greeted> {
  const [rows] = await connection.query(
    'select version() as version, current_user() as account, @@global.sql_mode as mode, @@lower_case_table_names as folding, @@autocommit as autocommit, @@completion_type as completion',
  )
  const { version, account, mode, folding, autocommit, completion } = (rows as unknown as Greeting[])[0]!
  const modes = mode.split(',').filter((word) => !UNFIT_MODES.has(word))
  const known = readVersion(version)
  const facts = {
    version,
    isMariadb: known.isMariadb,
    account,
    hasAtomicDdl: hasAtomicDdl(known),
    foldsNames: Number(folding) !== 0,
  }
  const commitsEach = Number(autocommit) === 1 && completion === 'NO_CHAIN'
  return { facts, mode: modes.join(','), commitsEach }
}

/**
 * Lets texts without values be sent as they are: to search them for placeholders took as long as to make them. An application that
 * has a way of its own to write values keeps it.
 */
function sparePlain({ config }: Connection): void {
  const { stringifyObjects, queryFormat } = config
  if (queryFormat !== undefined) return
  config.queryFormat = (sql: string, values: SqlValue | SqlValue[], timezone?: string) =>
    Array.isArray(values) && values.length === 0 ? sql : format(sql, values, stringifyObjects, timezone)
}

function settingsOf(
  { lockTimeoutMs, statementTimeoutMs }: SessionLimits,
  { isMariadb }: ServerFacts,
): string {
  const wait = Math.min(Math.max(1, Math.ceil(lockTimeoutMs / 1000)), MAX_WAIT_S)
  const statement = isMariadb ? `, max_statement_time = ${statementTimeoutMs / 1000}` : ''
  return `lock_wait_timeout = ${wait}, innodb_lock_wait_timeout = ${wait}${statement}`
}

/** MariaDB: "Atomic DDL" of its manual, since 10.6.1. MySQL: "Atomic Data Definition Statement Support", since 8.0. */
function hasAtomicDdl(version: ServerVersion): boolean {
  return version.isMariadb ? isFrom(version, 10, 6) : isFrom(version, 8, 0)
}
