import { IsolationError } from '../errors'
import type { TenantClient } from './client'
import type { TextQuery } from './driver'

/** How long a released connection may stand still: its borrower left a cursor or stream open, that nobody reads. */
const GRACE_MS = 1000

/**
 * Calls back when nothing runs any more on a connection that is being released.
 *
 * @param done - without an argument: fit for the next tenant; with an error: close it. A transaction left open, or a
 * cursor left half read, must never reach the next tenant
 */
export function whenQuiet(client: TenantClient, done: (problem?: Error) => void): void {
  if (!client.isBusy) return done(problemOf(client))
  const { connection } = client
  let before: unknown
  const timer = setInterval(() => {
    const running = client._activeQuery
    // A query of text ends by itself, however long it takes.
    if (running && 'requiresPreparation' in running && !(running as TextQuery).rows) before = undefined
    else if (before === (running ?? null))
      finish(new IsolationError('Released with an open cursor or stream.'))
    else before = running ?? null
  }, GRACE_MS / 2)
  const onReady = (): void => {
    // pg handles the same message first or last, depending on who listened first: look when it is through.
    setImmediate(() => {
      if (!client.isBusy) finish(problemOf(client))
    })
  }
  const onEnd = (): void => finish(new Error('The connection ended while it was being released.'))
  let isFinished = false
  const finish = (problem?: Error): void => {
    if (isFinished) return
    isFinished = true
    clearInterval(timer)
    connection.removeListener('readyForQuery', onReady)
    connection.removeListener('end', onEnd)
    done(problem)
    client.removeListener('error', onEnd)
  }
  connection.on('readyForQuery', onReady)
  connection.once('end', onEnd)
  // Nobody else listens between a release and the pool's own listener; an unheard `error` would end the process.
  client.once('error', onEnd)
  // The message may be the one that is being handled right now, and then there is no other.
  onReady()
}

function problemOf(client: TenantClient): Error | undefined {
  const status = client.getTransactionStatus()
  // No status: a connection so new that its first ReadyForQuery is just being handled.
  if (status === 'I' || status === null) return undefined
  return new IsolationError(
    'Released inside a transaction: the connection is closed and the transaction rolled back.',
  )
}
