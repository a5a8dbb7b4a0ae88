/*
 * Types of rows, from an interface of the application's tables as Kysely has it: `{ widgets: { id: Generated<number>, name:
 * string } }`. Written out here, so that nobody needs Kysely for the types of what he does not use.
 */

/** What a column is when it is read. */
export type Selected<Column> = Column extends { readonly __select__: infer Type } ? Type : Column
/** What a column takes in a new row; `never` where it takes nothing. */
export type Inserted<Column> = Column extends { readonly __insert__: infer Type } ? Type : Column
/** What a column takes in a change. */
export type Updated<Column> = Column extends { readonly __update__: infer Type } ? Type : Column

/** A row as it is read. */
export type Row<Table> = { [Column in keyof Table]: Selected<Table[Column]> }

type CanLack<Type> = null extends Type ? true : undefined extends Type ? true : false
type Takes<Table, Lack extends boolean> = {
  [Column in keyof Table]: [Inserted<Table[Column]>] extends [never]
    ? never
    : CanLack<Inserted<Table[Column]>> extends Lack
      ? Column
      : never
}[keyof Table]

/** A new row: what is generated, has a default or may be null can be left out. */
export type NewRow<Table> = string extends keyof Table
  ? Readonly<Record<string, unknown>>
  : { readonly [Column in Takes<Table, false>]: Inserted<Table[Column]> } & {
      readonly [Column in Takes<Table, true>]?: Inserted<Table[Column]>
    }

/** Columns with new values. */
export type Changes<Table> = { readonly [Column in keyof Table]?: Updated<Table[Column]> }

/** Columns that must have a value, or one of several; null is looked for as well. `{}` is every row. */
export type Filter<Table> = {
  readonly [Column in keyof Table]?: Selected<Table[Column]> | readonly Selected<Table[Column]>[]
}

/** Which of the rows that a filter finds, and in which order. */
export interface Choice<Table> {
  /** `{ price: 'desc', id: 'asc' }` */
  readonly orderBy?: { readonly [Column in keyof Table]?: 'asc' | 'desc' } | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** By which column a row is told from all others. */
export interface KeyOption<Table> {
  /** Default `id`. */
  readonly key?: (keyof Table & string) | undefined
}

/** Tables of which nothing is known. */
export type AnyTables = Record<string, Record<string, unknown>>
