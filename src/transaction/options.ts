import { ConfigError } from '../errors'

/** Isolation levels of SQL. PostgreSQL takes `read uncommitted` for `read committed`. */
const LEVELS = ['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const

/** Options of `tenancy.transaction`. */
export interface TransactionOptions {
  /** Default: the server's. */
  readonly isolationLevel?: (typeof LEVELS)[number] | undefined
  /** A transaction that can't write. Default false. */
  readonly readOnly?: boolean | undefined
}

/** @throws ConfigError for a level that there is none of: it would otherwise be part of a text */
export function expectTransactionOptions({ isolationLevel, readOnly = false }: TransactionOptions): void {
  const problems: string[] = []
  if (isolationLevel !== undefined && !LEVELS.includes(isolationLevel))
    problems.push(`The option \`isolationLevel\` is one of ${LEVELS.join(', ')}.`)
  if (typeof readOnly !== 'boolean') problems.push('The option `readOnly` is true or false.')
  if (problems.length > 0) throw new ConfigError(problems)
}
