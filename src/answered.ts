/** What a statement was answered, whatever the driver. */
export interface Answered {
  readonly rows: readonly object[]
  /** Number of rows that were written, or are answered. */
  readonly affected: number
  /** Of the first new row with a generated key, where the driver tells it. */
  readonly insertId?: number | string | undefined
}

/** Which statements a server answers with the rows that they wrote. */
export type Returning = ReadonlySet<'insert' | 'update' | 'delete'>
