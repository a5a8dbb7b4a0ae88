import type { IsolationError } from '../errors'
import { onVerified } from '../observe/isolation'
import type { StatementClass } from './classify'
import { movedError } from './lease-errors'
import type { PathState } from './path-state'
import type { SearchPath } from './search-path'

/**
 * Compares what the server says of its path behind a query with what the query was sent for, where it says that.
 *
 * @param running - the query; what sets the path by its own text may
 * @returns why the connection can't be used any more
 */
export function verify(
  state: PathState,
  wanted: SearchPath | undefined,
  running: StatementClass,
): IsolationError | undefined {
  if (wanted?.path === undefined || !state.reports) return undefined
  if (state.path !== wanted.path) return mustStay(running) ? movedError(wanted, state.path) : undefined
  onVerified()
  return undefined
}

function mustStay({ kind, effect }: StatementClass): boolean {
  return kind === 'dml' && effect !== 'any'
}
