import * as slonik from 'slonik'
import { RowhouseError } from '../errors'

/** The query that an error is about. */
export interface FailedQuery {
  readonly sql: string
  readonly values: readonly unknown[]
}

type Wrap = (error: Error) => Error

/** What slonik's own driver makes of an SQLSTATE. */
const BY_CODE: Readonly<Record<string, Wrap>> = {
  '22P02': (error) => new slonik.InvalidInputError(error.message, { cause: error }),
  '25P03': (error) => new slonik.IdleTransactionTimeoutError(error),
  '57P01': (error) => new slonik.BackendTerminatedError(error),
  '57014': (error) =>
    error.message.includes('canceling statement due to user request')
      ? new slonik.StatementCancelledError(error)
      : new slonik.StatementTimeoutError(error),
  '23502': (error) => new slonik.NotNullIntegrityConstraintViolationError(error),
  '23503': (error) => new slonik.ForeignKeyIntegrityConstraintViolationError(error),
  '23505': (error) => new slonik.UniqueIntegrityConstraintViolationError(error),
  '23P01': exclusionError,
  '23514': (error) => new slonik.CheckIntegrityConstraintViolationError(error),
}

/** Slonik 43 has no class for it, and passes the error on. */
function exclusionError(error: Error): Error {
  const { CheckExclusionConstraintViolationError: Wrapper } = slonik as Partial<typeof slonik>
  return Wrapper === undefined ? error : new Wrapper(error)
}

/**
 * The error that slonik's own driver would throw: a class of slonik's with pg's error as its `cause`, or that error as it
 * is. Errors of ours are never wrapped, so that their codes stay.
 *
 * @param query - undefined for an error of the connection
 */
export function slonikErrorOf(error: unknown, query?: FailedQuery): unknown {
  if (!(error instanceof Error) || error instanceof RowhouseError) return error
  const message = error.message.toLowerCase()
  if (message.includes('connection terminated unexpectedly'))
    return new slonik.BackendTerminatedUnexpectedlyError(error)
  if (message.includes('connection terminated')) return new slonik.BackendTerminatedError(error)
  const { code = '' } = error as { code?: string }
  if (code === '42601' && query !== undefined)
    return new slonik.InputSyntaxError(
      error,
      query as ConstructorParameters<typeof slonik.InputSyntaxError>[1],
    )
  return BY_CODE[code]?.(error) ?? error
}
