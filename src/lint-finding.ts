/** Stable name of what a lint finds; docs/knowing.md has all of them. The first two are errors, the others warnings. */
export type LintCode =
  | 'broken'
  | 'refused'
  | 'column-type'
  | 'drop-column'
  | 'drop-table'
  | 'enum-value'
  | 'function-search-path'
  | 'index-blocks-writes'
  | 'no-way-down'
  | 'not-null-without-default'
  | 'rename'
  | 'shared-reference'
  | 'table-rewrite'

/** What is wrong with a statement, or to be thought of. */
export interface LintNote {
  readonly code: LintCode
  /** What happens. */
  readonly reason: string
  /** What to do instead. */
  readonly cure: string
}

/** Something that a lint found in a migration. */
export interface LintFinding extends LintNote {
  /** `error`: it is refused when it is run. */
  readonly severity: 'error' | 'warning'
  /** File name without extension. */
  readonly migration: string
  /** Absolute path of the file. */
  readonly path: string
  readonly direction: 'up' | 'down'
  /** Of the statement in an SQL file, from 1. */
  readonly line?: number
  /** How the statement begins. */
  readonly statement?: string
}

/** What an application that still runs the code of before does with a column or table that is gone. */
const STILL_USED = 'Instances of the application that still run the code of before fail on it.'
const EXPAND =
  'Expand and contract: first release code that does not need it, and remove it with a later release.'

/** Notes that both engines give. */
export const NOTES = {
  dropColumn: (name: string): LintNote => ({
    code: 'drop-column',
    reason: `The column ${name} is dropped. ${STILL_USED}`,
    cure: EXPAND,
  }),
  dropTable: (name: string): LintNote => ({
    code: 'drop-table',
    reason: `The table ${name} is dropped. ${STILL_USED}`,
    cure: EXPAND,
  }),
  rename: (name: string): LintNote => ({
    code: 'rename',
    reason: `Something of the table ${name} gets another name. ${STILL_USED}`,
    cure: 'Add what has the new name, write both, and drop the old one with a later release.',
  }),
  noWayDown: {
    code: 'no-way-down',
    reason: 'The migration has no way down, so nobody can roll it back.',
    cure: 'Write one, if only to put the tables back.',
  },
  sharedReference: (name: string): LintNote => ({
    code: 'shared-reference',
    reason:
      `A foreign key refers to ${name}, which is no table of the tenant's. To make it blocks writes to that table, so tenants are ` +
      'migrated one by one, and each tenant makes a delete there slower.',
    cure: 'Keep the id without a foreign key, or migrate at a quiet time.',
  }),
} as const satisfies Record<string, LintNote | ((name: string) => LintNote)>

/** How a statement begins, in one line. */
export function headOf(sql: string): string {
  const line = sql.slice(0, 200).replace(/\s+/g, ' ').trim()
  return line.length > 80 ? `${line.slice(0, 77)}...` : line
}
