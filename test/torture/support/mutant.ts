import type { FindingType } from '../../isolation/support/ledger'

/** A bug put into the real source, which a run of requests must find. */
export interface Mutant {
  /** What somebody might have got wrong: `believes its path after a ROLLBACK`. */
  readonly name: string
  readonly changes: readonly Change[]
  /** The test that must fail, as an argument of jest. */
  readonly test: string
  /** Its tests by title. */
  readonly title: string
  /** What is found. Any of them will do. */
  readonly findings: readonly FindingType[]
}

/** One change of one file. */
export interface Change {
  /** From `src/` on. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

const REQUESTS = '200 requests at once'

/** Where bugs of each pool are looked for. */
export const ON_POSTGRES = { test: 'test/isolation/isolation', title: REQUESTS } as const
/** A server that does not report its search_path. */
export const ON_SILENT_POSTGRES = {
  test: 'test/isolation/isolation',
  title: `PostgreSQL 15.*${REQUESTS}`,
} as const
/** Behind a PgBouncer that lends connections by the transaction. */
export const ON_LOCAL = { test: 'test/isolation/local-mode', title: REQUESTS } as const
/** Where each tenant has a role. */
export const ON_ROLES = { test: 'test/isolation/isolation', title: `role: .*${REQUESTS}` } as const
export const ON_MYSQL_ROLES = { test: 'test/mysql/isolation', title: `role: .*${REQUESTS}` } as const
export const ON_MYSQL = { test: 'test/mysql/isolation', title: REQUESTS } as const
export const ON_SLONIK = { test: 'test/slonik/isolation', title: REQUESTS } as const
