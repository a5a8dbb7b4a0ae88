import type { Given, GivenChoice } from './table-input'

/** A statement with its values, in the placeholders of the driver. */
export interface TableQuery {
  readonly sql: string
  readonly values: readonly unknown[]
}

/**
 * Writes the statements of table calls. Apart from the class that does, whose types are Kysely's: nobody needs those who only
 * has a tenancy.
 *
 * Each throws ConfigError for a name or a value that it can't be asked for with.
 */
export interface TableStatements {
  /** Rows that a filter finds. */
  select(table: string, filter: Given, choice?: GivenChoice): TableQuery
  /** New rows. @param returns - they are answered with all their columns */
  insert(table: string, rows: readonly Given[], returns: boolean): TableQuery
  /** A new row, or the changes of the one with this key. */
  upsert(table: string, row: Given, keys: readonly string[], returns: boolean): TableQuery
  /** Changes of all rows that a filter finds. */
  update(table: string, filter: Given, changes: Given, returns: boolean): TableQuery
  /** The end of all rows that a filter finds. */
  delete(table: string, filter: Given, returns: boolean): TableQuery
}
