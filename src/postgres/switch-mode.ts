import { LocalModeError } from '../errors'
import type { StatementClass } from './classify'
import type { Submittable } from './driver'
import type { TransactionStatus } from './path-state'
import { readLocally } from './local-text'
import { isText } from './query-class'

/**
 * How the user's messages stand to the switch.
 * `joined`: behind it under the same Sync; `ahead`: it has a Sync of its own, in the same write; `awaited`: the same, and
 * its answer is waited for; `prefixed`: it stands in front of the user's text, in one simple query.
 */
export type SwitchMode = 'joined' | 'ahead' | 'awaited' | 'prefixed'

/** `none`: no switch, whatever path the connection is on. */
export type Way = SwitchMode | 'none'

/** How a statement goes out on a connection that keeps its path from one to the next. */
export function sessionWay({ kind }: StatementClass, isInTransaction: boolean): Way {
  if (kind === 'control' || (kind === 'begin' && isInTransaction)) return 'none'
  return kind === 'dml' ? 'joined' : kind === 'begin' ? 'ahead' : 'awaited'
}

/** What is known of a query where a pooler lends connections by the transaction. */
export interface LocalQuery {
  readonly query: Submittable
  readonly statement: StatementClass
  readonly status: TransactionStatus
  /** Strings end where the scanner thinks. */
  readonly readsText: boolean
  readonly tenant: string | undefined
}

/**
 * How a query goes out where nothing outlives its transaction. Its name is taken away: behind a pooler, the statement that a
 * connection knows by it may be somebody else's.
 *
 * @returns an error where that can't be safe
 */
export function localWay({ query, statement, status, readsText, tenant }: LocalQuery): Way | LocalModeError {
  const isInTransaction = status !== 'I'
  const refuse = (problem: string): LocalModeError => new LocalModeError(problem, { tenant })
  if (!readsText) return refuse('with standard_conforming_strings off nobody can tell what a text does')
  if (!isText(query))
    return isInTransaction
      ? 'awaited'
      : refuse('a cursor, a stream, COPY and the option `rows` need a transaction; run BEGIN first')
  query.name = undefined
  const { problem, needsPath, isCall } = readLocally(query.text)
  if (problem !== undefined) return refuse(problem)
  // Nothing but its end can run in a failed transaction.
  if (status === 'E') return 'none'
  if (needsPath) return isInTransaction ? 'joined' : 'none'
  const way = sessionWay(statement, isInTransaction)
  // Two answers that are due at once: a client that leaves behind the first one would have the pooler give the second one to
  // somebody else (measured with PgBouncer 1.18).
  if (way === 'ahead') return 'awaited'
  if (way !== 'awaited') return way
  if (!query.requiresPreparation()) return 'prefixed'
  if (isInTransaction) return 'awaited'
  return isCall
    ? refuse('a CALL with values could commit, and needs a transaction; run BEGIN first')
    : 'joined'
}
