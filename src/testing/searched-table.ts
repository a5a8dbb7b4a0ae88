/** Runs SQL as the running tenant, on either engine, and answers with the rows. */
export type Ask = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** A row of whatever table. */
export type Row = Readonly<Record<string, unknown>>

/** A table of the running tenant's, in which texts can be looked for. */
export interface SearchedTable {
  readonly name: string
  /** Rows in which any of these texts is, in whatever column; at most so many. */
  rowsWith(texts: readonly string[], limit: number): Promise<readonly Row[]>
}
