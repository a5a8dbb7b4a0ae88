import { IsolationError } from '../errors'
import type { ConnectionScope } from './connection-scope'
import type { WireConnection } from './driver'

/** How long a released connection may stand still: its borrower left a stream that nobody reads. */
const GRACE_MS = 1000

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
  const stopWatching = watchPaused(connection, () =>
    finish(new IsolationError('Released with a stream that nobody reads.')),
  )
  let isFinished = false
  const finish = (problem?: Error): void => {
    if (isFinished) return
    isFinished = true
    stopWatching()
    done(problem)
  }
  scope.inFlight.whenIdle(() => finish(problemOf(scope)))
}

/** Calls back when a connection has stood still for a while, since nobody reads from it. @returns ends the watch */
export function watchPaused(connection: WireConnection, onUnread: () => void): () => void {
  let wasPaused = false
  const timer = setInterval(() => {
    if (connection._paused && wasPaused) onUnread()
    wasPaused = connection._paused
  }, GRACE_MS / 2)
  return () => clearInterval(timer)
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
