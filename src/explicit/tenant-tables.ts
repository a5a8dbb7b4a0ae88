import type { Answered, Returning } from '../answered'
import { ConfigError } from '../errors'
import { RowNotFoundError, SeveralRowsError } from '../run-errors'
import type { Given } from './table-input'
import type { TableQuery, TableStatements } from './table-statements'
import type { AnyTables, Changes, Choice, Filter, KeyOption, NewRow, Row, Selected } from './table-types'

/** How the tables of one tenant are reached. */
export interface TableParts {
  readonly tenant: string
  /** Writes the statements. */
  readonly queries: () => Promise<TableStatements>
  /** Sends one, as the tenant. */
  readonly send: (query: TableQuery) => Promise<Answered>
  /** Which statements the server answers with their rows. */
  readonly returning: () => Promise<Returning>
  /** Does work in a transaction, as the tenant. */
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>
}

type Key<Table> = Selected<Table[keyof Table]>

/**
 * Calls for single tables of one tenant, whoever's turn it is around them. Names are of a table in the tenant's own schema.
 * They need the package `kysely`, and throw DriverError without it; ConfigError for names and values that no statement can be
 * made of; else what the driver throws.
 */
export class TenantTables<Tables extends object = AnyTables> {
  readonly #parts: TableParts

  constructor(parts: TableParts) {
    this.#parts = parts
  }

  /** All rows that a filter finds; without one, all. */
  async all<Name extends keyof Tables & string>(
    table: Name,
    filter: Filter<Tables[Name]> = {},
    choice: Choice<Tables[Name]> = {},
  ): Promise<Row<Tables[Name]>[]> {
    const { rows } = await this.#do((queries) => queries.select(table, filter, choice))
    return rows as Row<Tables[Name]>[]
  }

  /** The row with this key, or undefined. */
  async get<Name extends keyof Tables & string>(
    table: Name,
    id: Key<Tables[Name]>,
    options?: KeyOption<Tables[Name]>,
  ): Promise<Row<Tables[Name]> | undefined> {
    return this.one(table, keyed(id, options))
  }

  /** The row with this key. @throws RowNotFoundError */
  async getOrFail<Name extends keyof Tables & string>(
    table: Name,
    id: Key<Tables[Name]>,
    options?: KeyOption<Tables[Name]>,
  ): Promise<Row<Tables[Name]>> {
    return this.oneOrFail(table, keyed(id, options))
  }

  /** The row with these values, or undefined. @throws SeveralRowsError */
  async getBy<Name extends keyof Tables & string>(
    table: Name,
    filter: Filter<Tables[Name]>,
  ): Promise<Row<Tables[Name]> | undefined> {
    return this.one(table, filter)
  }

  /** The row with these values. @throws RowNotFoundError, SeveralRowsError */
  async getByOrFail<Name extends keyof Tables & string>(
    table: Name,
    filter: Filter<Tables[Name]>,
  ): Promise<Row<Tables[Name]>> {
    return this.oneOrFail(table, filter)
  }

  /** The only row that a filter finds, or undefined. @throws SeveralRowsError */
  async one<Name extends keyof Tables & string>(
    table: Name,
    filter: Filter<Tables[Name]> = {},
  ): Promise<Row<Tables[Name]> | undefined> {
    const [first, second] = await this.all(table, filter, { limit: 2 })
    if (second !== undefined) throw new SeveralRowsError(table, saidOf(filter), this.#details)
    return first
  }

  /** The only row that a filter finds. @throws RowNotFoundError, SeveralRowsError */
  async oneOrFail<Name extends keyof Tables & string>(
    table: Name,
    filter: Filter<Tables[Name]> = {},
  ): Promise<Row<Tables[Name]>> {
    return this.#expect(table, filter, await this.one(table, filter))
  }

  /** Writes a new row, or several. @returns them as they are in the table */
  insert<Name extends keyof Tables & string>(
    table: Name,
    row: NewRow<Tables[Name]>,
    options?: KeyOption<Tables[Name]>,
  ): Promise<Row<Tables[Name]>>
  insert<Name extends keyof Tables & string>(
    table: Name,
    rows: readonly NewRow<Tables[Name]>[],
    options?: KeyOption<Tables[Name]>,
  ): Promise<Row<Tables[Name]>[]>
  async insert(
    table: string,
    given: Given | readonly Given[],
    { key = 'id' }: { key?: string } = {},
  ): Promise<unknown> {
    const isList = Array.isArray(given)
    const rows = (isList ? given : [given]) as readonly Given[]
    if (rows.length === 0) return []
    const returns = (await this.#parts.returning()).has('insert')
    const written = returns
      ? (await this.#do((queries) => queries.insert(table, rows, true))).rows
      : await this.#parts.transaction(() => this.#insertEach(table, rows, key))
    return isList ? written : written[0]
  }

  /** Changes the row with this key. @returns it as it is now @throws RowNotFoundError */
  async update<Name extends keyof Tables & string>(
    table: Name,
    id: Key<Tables[Name]>,
    changes: Changes<Tables[Name]>,
    options?: KeyOption<Tables[Name]>,
  ): Promise<Row<Tables[Name]>> {
    const filter = keyed<Tables[Name]>(id, options)
    if ((await this.#parts.returning()).has('update')) {
      const { rows } = await this.#do((queries) => queries.update(table, filter, changes, true))
      return this.#expect(table, filter, rows[0] as Row<Tables[Name]> | undefined)
    }
    return this.#parts.transaction(async () => {
      await this.#do((queries) => queries.update(table, filter, changes, false))
      const { key = 'id' } = options ?? {}
      const now = (changes as Given)[key] ?? id
      return this.oneOrFail(table, keyed(now as Key<Tables[Name]>, options))
    })
  }

  /** Changes all rows that a filter finds; `{}` is all. @returns their number */
  async updateAll<Name extends keyof Tables & string>(
    table: Name,
    filter: Filter<Tables[Name]>,
    changes: Changes<Tables[Name]>,
  ): Promise<number> {
    return (await this.#do((queries) => queries.update(table, filter, changes, false))).affected
  }

  /**
   * Writes a new row, or changes the one with the same key; on MySQL the one that is the same in any unique index.
   *
   * @returns it as it is in the table
   */
  async insertOrUpdate<Name extends keyof Tables & string>(
    table: Name,
    row: NewRow<Tables[Name]>,
    { key = 'id' as keyof Tables[Name] & string }: { readonly key?: KeyList<Tables[Name]> } = {},
  ): Promise<Row<Tables[Name]>> {
    const keys = typeof key === 'string' ? [key] : key
    if ((await this.#parts.returning()).has('insert')) {
      const { rows } = await this.#do((queries) => queries.upsert(table, row, keys, true))
      return rows[0] as Row<Tables[Name]>
    }
    return this.#parts.transaction(async () => {
      const { insertId } = await this.#do((queries) => queries.upsert(table, row, keys, false))
      const filter = Object.fromEntries(keys.map((name) => [name, (row as Given)[name] ?? insertId]))
      return this.oneOrFail(table, filter as Filter<Tables[Name]>)
    })
  }

  /** Deletes the row with this key. @returns it as it was @throws RowNotFoundError */
  async delete<Name extends keyof Tables & string>(
    table: Name,
    id: Key<Tables[Name]>,
    options?: KeyOption<Tables[Name]>,
  ): Promise<Row<Tables[Name]>> {
    const filter = keyed<Tables[Name]>(id, options)
    if ((await this.#parts.returning()).has('delete')) {
      const { rows } = await this.#do((queries) => queries.delete(table, filter, true))
      return this.#expect(table, filter, rows[0] as Row<Tables[Name]> | undefined)
    }
    return this.#parts.transaction(async () => {
      const row = await this.oneOrFail(table, filter)
      await this.#do((queries) => queries.delete(table, filter, false))
      return row
    })
  }

  /** Deletes all rows that a filter finds; `{}` is all. @returns their number */
  async deleteAll<Name extends keyof Tables & string>(
    table: Name,
    filter: Filter<Tables[Name]>,
  ): Promise<number> {
    return (await this.#do((queries) => queries.delete(table, filter, false))).affected
  }

  get #details(): { readonly tenant: string } {
    return { tenant: this.#parts.tenant }
  }

  async #do(write: (queries: TableStatements) => TableQuery): Promise<Answered> {
    return this.#parts.send(write(await this.#parts.queries()))
  }

  async #insertEach(table: string, rows: readonly Given[], key: string): Promise<readonly object[]> {
    const written: object[] = []
    for (const row of rows) {
      const { insertId } = await this.#do((queries) => queries.insert(table, [row], false))
      const found = await this.#do((queries) => queries.select(table, { [key]: row[key] ?? insertId }))
      written.push(...found.rows)
    }
    return written
  }

  #expect<Found>(table: string, filter: Given, found: Found | undefined): Found {
    if (found === undefined) throw new RowNotFoundError(table, saidOf(filter), this.#details)
    return found
  }
}

type KeyList<Table> = (keyof Table & string) | readonly (keyof Table & string)[]

function keyed<Table>(
  id: Key<Table>,
  { key = 'id' as keyof Table & string }: KeyOption<Table> = {},
): Filter<Table> {
  if (Array.isArray(id)) throw new ConfigError([`The key "${key}" is one value, and a list was given.`])
  return { [key]: id } as Filter<Table>
}

/** Names of columns and no values: those may be secrets, and end up in logs. */
function saidOf(filter: Given): string {
  const columns = Object.keys(filter)
  return columns.length === 0 ? 'no condition' : `such a ${columns.join(', ')}`
}
