import type { Direction, MigrationFile } from '../engine'
import { DIGEST_COLUMN } from './journal-state'
import type { MigrationSession } from './migration-session'
import { tableIn } from './sql'

/** A migration in the journal. */
export interface JournalEntry {
  readonly name: string
  readonly checksum: string
  /** `applying`: a run is on it, or was killed; `failed`: a statement answered with an error. */
  readonly state: 'applying' | 'applied' | 'failed'
  readonly direction: Direction
  readonly error: string | null
  /** Its place among the applied ones; null before it was applied. */
  readonly runOrder: number | null
}

/** A statement of a migration that is not done yet. */
export interface JournalStatement {
  /** From 1. */
  readonly number: number
  /** Of its text with its values. */
  readonly checksum: string
  /** `applying`: sent or about to be, and nothing is known of it. */
  readonly state: 'applying' | 'applied'
  readonly kind: string
  /** The tenant's definitions before it, where it is DDL. */
  readonly fingerprint: string | null
  readonly text: string
  readonly affectedRows: number
  readonly insertId: number
  /** LAST_INSERT_ID() of the session behind it, digits; null where that is not known. */
  readonly lastId: string | null
}

/** What is noted of a statement. */
export interface Noted extends Omit<JournalStatement, 'affectedRows' | 'insertId' | 'lastId'> {
  /** LAST_INSERT_ID() of the session is the one behind the statement. */
  readonly knowsLastId: boolean
  /** A table: whether it is there is noted behind the fingerprint, at no round trip of its own. */
  readonly looksFor?: string | undefined
}

/** Where a journal is. */
export interface JournalPlace {
  readonly session: MigrationSession
  readonly schema: string
  /** `schema_migrations` */
  readonly table: string
}

const NOT_OURS = new Set(['ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR'])
const LAST = 'run_order, version, name'
/** Columns that the first journals did not have. */
const LATER_COLUMNS: Readonly<Record<string, string>> = {
  last_id: 'last_id varchar(20)',
  digest: DIGEST_COLUMN,
}

/**
 * The journal of a tenant: a row for each migration (number 0), and while it runs one for each of its statements. A
 * statement that writes rows commits together with its row here. DDL commits by itself, so its row is there before it, with
 * a fingerprint of the definitions that it is going to change.
 */
export class Journal {
  readonly #session: MigrationSession
  readonly #table: string

  /** @param table - `schema_migrations` */
  constructor(session: MigrationSession, table: string) {
    this.#session = session
    this.#table = table
  }

  /** Makes the table where it is missing, and columns that the first journals did not have. */
  async ensure(schema: string, table = this.#table): Promise<void> {
    await this.#session.query(
      `create table if not exists ${tableIn(schema, table)} (
         name varchar(255) not null,
         number int unsigned not null default 0,
         version bigint unsigned not null,
         checksum char(64) not null,
         state varchar(16) not null,
         direction varchar(4) not null,
         kind varchar(16) not null default '',
         fingerprint varchar(255),
         statement text,
         affected_rows bigint unsigned not null default 0,
         insert_id bigint unsigned not null default 0,
         ${LATER_COLUMNS.last_id},
         error text,
         run_order int unsigned,
         run_on timestamp(6) not null default current_timestamp(6),
         ${LATER_COLUMNS.digest},
         primary key (name, number)
       ) engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`,
    )
    const columns = await columnsOf(this.#session, schema, table)
    const missing = Object.entries(LATER_COLUMNS).filter(([name]) => !columns.has(name))
    if (missing.length === 0) return
    const additions = missing.map(([, definition]) => `add column ${definition}`)
    await this.#session.query(`alter table ${tableIn(schema, table)} ${additions.join(', ')}`)
  }

  /** Where the journal of a tenant is, for a run. */
  placeIn(schema: string): JournalPlace {
    return { session: this.#session, schema, table: this.#table }
  }

  /** All migrations, in the order they ran; none where the table is missing, or another tool's of this name. */
  async read(schema: string): Promise<readonly JournalEntry[]> {
    try {
      return await this.#readBy(schema, LAST)
    } catch (error) {
      if (NOT_OURS.has((error as { code?: string }).code ?? '')) return []
      throw error
    }
  }

  /** The same; throws the server's error where the table is missing, another tool's, or one of the first that lacks a column. */
  readOurs(schema: string): Promise<readonly JournalEntry[]> {
    return this.#readBy(schema, `${LAST}, digest`)
  }

  #readBy(schema: string, order: string): Promise<readonly JournalEntry[]> {
    return this.#session.rows<JournalEntry>(
      `select name, checksum, state, direction, error, run_order as runOrder
         from ${this.#in(schema)} where number = 0 order by ${order}`,
    )
  }

  /** What is known of the statements of a migration, by number. */
  async readStatements(schema: string, name: string): Promise<readonly JournalStatement[]> {
    const rows = await this.#session.rows<JournalStatement & { readonly last_id?: string | null }>(
      `select own.*, coalesce(statement, '') as text, cast(affected_rows as double) as affectedRows,
              cast(insert_id as double) as insertId
         from ${this.#in(schema)} as own where name = ? and number > 0 order by number`,
      [name],
    )
    // The column is missing in an old journal, which is read before it is mended.
    return rows.map(({ last_id: lastId = null, ...row }) => ({ ...row, lastId }))
  }

  /** A statement in doubt is done. */
  async confirm(schema: string, name: string, number: number): Promise<void> {
    await this.#session.query(
      `update ${this.#in(schema)} set state = 'applied' where name = ? and number = ?`,
      [name, number],
    )
  }

  /** The statement that was about to be sent did nothing. */
  async withdraw(schema: string, name: string, number: number): Promise<void> {
    await this.#session.query(`delete from ${this.#in(schema)} where name = ? and number = ?`, [name, number])
  }

  /** A migration is applied: its statements are forgotten. */
  async finish(schema: string, name: string): Promise<void> {
    const table = this.#in(schema)
    await this.#session.query('start transaction')
    await this.#session.query(`delete from ${table} where name = ? and number > 0`, [name])
    await this.#session.query(
      `update ${table} as own
         join (select coalesce(max(run_order), 0) + 1 as next from ${table} where name <> ?) as place
          set state = 'applied', direction = 'up', error = null, run_on = current_timestamp(6),
              run_order = coalesce(run_order, place.next)
        where own.name = ? and own.number = 0`,
      [name, name],
    )
    await this.#session.query('commit')
  }

  /** A migration is reverted: nothing is left of it. */
  async remove(schema: string, name: string): Promise<void> {
    await this.#session.query(`delete from ${this.#in(schema)} where name = ?`, [name])
  }

  /** A migration counts as applied that was not run: in the order of the others it is the last. */
  async add(schema: string, { name, version }: MigrationFile, checksum: string): Promise<void> {
    const table = this.#in(schema)
    await this.#session.query(
      `insert into ${table} (name, version, checksum, state, direction, run_order)
       select ?, ?, ?, 'applied', 'up', coalesce(max(run_order), 0) + 1 from ${table}`,
      [name, version, checksum],
    )
  }

  /** A changed file of an applied migration is accepted as it is now. */
  async acceptChecksum(schema: string, name: string, checksum: string): Promise<void> {
    await this.#session.query(`update ${this.#in(schema)} set checksum = ? where name = ? and number = 0`, [
      checksum,
      name,
    ])
  }

  #in(schema: string): string {
    return tableIn(schema, this.#table)
  }
}

/** Names of a table's columns, lower case; empty where there is none. */
export async function columnsOf(
  session: MigrationSession,
  schema: string,
  table: string,
): Promise<ReadonlySet<string>> {
  const rows = await session.rows<{ name: string }>(
    'select column_name as name from information_schema.columns where table_schema = ? and table_name = ?',
    [schema, table],
  )
  return new Set(rows.map(({ name }) => name.toLowerCase()))
}
