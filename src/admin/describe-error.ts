import type { ErrorCode } from '../error-codes'
import { RowhouseError } from '../errors'
import { readThrown } from '../thrown'

/** An error as people read it. */
export interface ErrorFacts {
  readonly code: string | undefined
  readonly message: string
  readonly tenant: string | undefined
  /** File name of the migration. */
  readonly migration: string | undefined
  /** Number of the statement in it, and its line in the file, from 1. */
  readonly statement: number | undefined
  readonly line: number | undefined
  /** What the server calls it: a SQLSTATE of PostgreSQL's, a name and SQLSTATE of MySQL's. */
  readonly sqlState: string | undefined
  /** What the server said. */
  readonly cause: string | undefined
  /** What to do; undefined where the message says it, or nobody knows. */
  readonly cure: string | undefined
}

/** In short what docs/errors.md has of what an action can meet. */
const CURES: Partial<Record<ErrorCode, string>> = {
  ROWHOUSE_TENANT_ID_INVALID: 'Choose an id that the tenancy takes.',
  ROWHOUSE_TENANT_ID_RESERVED: 'Choose another id.',
  ROWHOUSE_SCHEMA_NAME_TOO_LONG: 'Choose a shorter id.',
  ROWHOUSE_TENANT_NOT_FOUND: 'It may have been dropped or renamed meanwhile: look at the fleet again.',
  ROWHOUSE_TENANT_EXISTS: 'Choose another id, or migrate the tenant that is there.',
  ROWHOUSE_TENANT_IN_USE: 'Drop or change first what stands on it from outside.',
  ROWHOUSE_SCHEMA_NOT_OURS: 'If another tool made it, adopt it with `rowhouse adopt`.',
  ROWHOUSE_MIGRATION_FOLDER: 'Mend the migration folder as the message says, and deploy it.',
  ROWHOUSE_MIGRATION_TARGET: 'Mend the files or choose another version, as the message says.',
  ROWHOUSE_MIGRATION_REFUSED: 'Change the migration as the message says.',
  ROWHOUSE_MIGRATION_FAILED:
    'Mend the migration or the data, deploy, and migrate again. What stayed applied is not run twice.',
  ROWHOUSE_MIGRATION_LOCKED: 'Somebody else holds it. Wait until they are done, and try again.',
  ROWHOUSE_MIGRATION_UNFINISHED:
    'Look at the statement in doubt, then say what is so with `rowhouse repair`.',
  ROWHOUSE_MIGRATION_CHANGED:
    'Bring the file back as it ran, or accept it with `rowhouse migrate --allow-changed`.',
  ROWHOUSE_HOOK_FAILED: "The application's own hook failed; its error is the cause.",
  ROWHOUSE_TENANT_MOVE: 'Move first what would not come along, as the message says.',
}

/** What is worth knowing of whatever was thrown. */
export function describeError(error: unknown): ErrorFacts {
  const { message, code } = readThrown(error)
  const more = Object(error) as Partial<Record<'migration' | 'statement' | 'line', unknown>>
  const cause = error instanceof RowhouseError ? error.cause : undefined
  return {
    code,
    message,
    tenant: error instanceof RowhouseError ? error.tenant : undefined,
    migration: textOf(more.migration),
    statement: numberOf(more.statement),
    line: numberOf(more.line),
    sqlState: sqlStateOf(cause ?? error),
    cause: cause === undefined ? undefined : readThrown(cause).message,
    cure: CURES[code as ErrorCode],
  }
}

/** pg has the SQLSTATE as the code, mysql2 beside its own name. */
function sqlStateOf(error: unknown): string | undefined {
  const { code, sqlState } = Object(error) as { code?: unknown; sqlState?: unknown }
  if (typeof sqlState === 'string') return typeof code === 'string' ? `${code} (${sqlState})` : sqlState
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
