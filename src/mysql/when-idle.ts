import { IsolationError } from '../errors'
import type { ConnectionScope } from './connection-scope'
import type { WireConnection } from './driver'

/** How long a released connection may stand still: its borrower left a stream that nobody reads. */
export const GRACE_MS = 1000

/**
 * Calls back when nothing runs any more on a connection that is being released.
 *
 * @param done - without an argument: fit for the next tenant; with an error: close it
 */
export function whenIdle(
  connection: WireConnection,
  scope: ConnectionScope,
  done: (problem?: Error) => void,
): void {
  if (scope.inFlight.size === 0) return done(problemOf(scope))
  let wasPaused = false
  const timer = setInterval(() => {
    if (connection._paused && wasPaused)
      finish(new IsolationError('Released with a stream that nobody reads.'))
    wasPaused = connection._paused
  }, GRACE_MS / 2)
  let isFinished = false
  const finish = (problem?: Error): void => {
    if (isFinished) return
    isFinished = true
    clearInterval(timer)
    done(problem)
  }
  scope.inFlight.whenIdle(() => finish(problemOf(scope)))
}

function problemOf(scope: ConnectionScope): Error | undefined {
  if (scope.mustClose)
    return new IsolationError(
      'Released with a role or with profiles, which no reset clears: the connection is closed.',
    )
  if (!scope.status.isInTransaction) return undefined
  return new IsolationError(
    'Released inside a transaction: the connection is closed and the transaction rolled back.',
  )
}
