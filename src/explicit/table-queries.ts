import type * as kysely from 'kysely' with { 'resolution-mode': 'import' }
import { ConfigError } from '../errors'
import { expectChoice, expectFilter, expectName, expectRow } from './table-input'
import type { Dialect, Given, GivenChoice } from './table-input'
import type { TableQuery, TableStatements } from './table-statements'

type Library = typeof kysely
type Tables = Record<string, Record<string, unknown>>

/** Names are of one table and one column each, quoted by Kysely; values are always parameters. */
export class TableQueries implements TableStatements {
  readonly #library: Library
  readonly #dialect: Dialect
  readonly #builder: kysely.Kysely<Tables>

  constructor(library: Library, dialect: Dialect) {
    this.#library = library
    this.#dialect = dialect
    this.#builder = builderOf(library, dialect)
  }

  select(table: string, filter: Given, choice: GivenChoice = {}): TableQuery {
    const { orderBy, limit, offset } = expectChoice(choice)
    let query = this.#builder.selectFrom(expectName(table)).selectAll()
    for (const condition of this.#conditions(filter)) query = query.where(condition)
    for (const [column, direction] of orderBy) query = query.orderBy(column, direction)
    if (limit !== undefined) query = query.limit(limit)
    // MySQL knows no OFFSET by itself.
    else if (offset !== undefined && this.#dialect === 'mysql') query = query.limit(2 ** 53)
    if (offset !== undefined) query = query.offset(offset)
    return written(query.compile())
  }

  insert(table: string, rows: readonly Given[], returns: boolean): TableQuery {
    const query = this.#builder.insertInto(expectName(table)).values(rows.map((row) => this.#row(row)))
    return written((returns ? query.returningAll() : query).compile())
  }

  upsert(table: string, row: Given, keys: readonly string[], returns: boolean): TableQuery {
    const values = this.#row(row)
    const others = Object.keys(values).filter((column) => !keys.includes(column))
    const changed = others.length > 0 ? others : keys
    const insert = this.#builder.insertInto(expectName(table)).values(values)
    const { sql } = this.#library
    const query =
      this.#dialect === 'postgres'
        ? insert.onConflict((conflict) =>
            conflict
              .columns(keys.map((key) => expectName(key)))
              .doUpdateSet(Object.fromEntries(changed.map((name) => [name, sql`excluded.${sql.id(name)}`]))),
          )
        : insert.onDuplicateKeyUpdate(
            Object.fromEntries(changed.map((name) => [name, sql`values(${sql.id(name)})`])),
          )
    return written((returns ? query.returningAll() : query).compile())
  }

  update(table: string, filter: Given, changes: Given, returns: boolean): TableQuery {
    const values = Object.fromEntries(expectRow(changes, this.#dialect))
    if (Object.keys(values).length === 0)
      throw new ConfigError(['There is nothing to change: no column has a value.'])
    let query = this.#builder.updateTable(expectName(table)).set(values)
    for (const condition of this.#conditions(filter)) query = query.where(condition)
    return written((returns ? query.returningAll() : query).compile())
  }

  delete(table: string, filter: Given, returns: boolean): TableQuery {
    let query = this.#builder.deleteFrom(expectName(table))
    for (const condition of this.#conditions(filter)) query = query.where(condition)
    return written((returns ? query.returningAll() : query).compile())
  }

  #conditions(filter: Given): readonly kysely.RawBuilder<boolean>[] {
    const { sql } = this.#library
    return expectFilter(filter).map(([column, value]) => {
      const name = sql.id(column)
      if (value === null) return sql<boolean>`${name} is null`
      if (!Array.isArray(value)) return sql<boolean>`${name} = ${value}`
      const some = value.filter((one) => one !== null)
      const isOne = some.length > 0 ? sql<boolean>`${name} in (${sql.join(some)})` : sql<boolean>`1 = 0`
      return some.length === value.length ? isOne : sql<boolean>`(${isOne} or ${name} is null)`
    })
  }

  #row(row: Given): Record<string, unknown> {
    const values = expectRow(row, this.#dialect)
    return values.length > 0 ? Object.fromEntries(values) : { id: this.#library.sql`default` }
  }
}

function builderOf(library: Library, dialect: Dialect): kysely.Kysely<Tables> {
  const { DummyDriver, Kysely: Builder } = library
  const [adapter, compiler] =
    dialect === 'postgres'
      ? [new library.PostgresAdapter(), new library.PostgresQueryCompiler()]
      : [new library.MysqlAdapter(), new library.MysqlQueryCompiler()]
  return new Builder<Tables>({
    dialect: {
      createAdapter: () => adapter,
      // Statements go over the pool, which asks whose turn it is.
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new library.PostgresIntrospector(db),
      createQueryCompiler: () => compiler,
    },
  })
}

function written({ sql, parameters }: { sql: string; parameters: readonly unknown[] }): TableQuery {
  return { sql, values: parameters }
}
