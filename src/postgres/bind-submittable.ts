import { bindToContext } from '../tenant/context'
import type { TenantClient } from './client'
import type { Submittable, WireConnection } from './driver'

type Method = (...args: unknown[]) => unknown
type Part = Partial<
  Record<'emit' | 'read' | 'close' | 'submit' | 'handleError' | 'handlePortalSuspended', Method>
>
type Cursor = Required<Part>

/**
 * Makes a cursor, stream or query of the user's call back in the context of the moment: the driver would call its
 * listeners in the context of whoever opened the socket. Its `close()` also settles when the connection is dead
 * (pg-cursor waits for a ReadyForQuery that never comes), and when it comes before the cursor was submitted (pg-cursor
 * does nothing then, and opens a portal afterwards that nobody closes).
 *
 * @param clientOf - the connection it runs on, undefined while it has none
 */
export function bindSubmittable(query: Submittable, clientOf: () => TenantClient | undefined): void {
  if (query.callback) query.callback = bindToContext(query.callback)
  // pg-query-stream is a stream around a cursor.
  const parts = [query as Part, (query as { cursor?: Part }).cursor]
  for (const part of parts) {
    if (part === undefined) continue
    if (part.emit) part.emit = bindToContext(part.emit.bind(part))
    if (!isCursor(part)) continue
    const close = closeOnceStarted(part)
    part.read = withBoundCallback(part.read.bind(part))
    part.close = settledByEnd(part, close, clientOf)
    // A stream has bound its cursor's own.
    if (part !== query) query.handleError = part.handleError
  }
}

/** A pg-cursor. A stream has a read() as well, which takes no callback, and no close(). */
function isCursor(part: Part): part is Cursor {
  return Boolean(part.read && part.close && part.handlePortalSuspended)
}

function withBoundCallback(method: Method): Method {
  return (...args) =>
    method(...args.map((arg) => (typeof arg === 'function' ? bindToContext(arg as Method) : arg)))
}

/**
 * The cursor's close(), put off until the cursor is on its way: a query waits in line, or for its switch. A read that
 * waited as well is sent only when the server has described the rows, and a close must not overtake it.
 */
function closeOnceStarted(cursor: Cursor): Method {
  const { submit, close, read } = cursor
  let state: 'new' | 'submitted' | 'started' = 'new'
  let hasRead = false
  const waiting: (() => void)[] = []
  const start = (): void => {
    state = 'started'
    for (const closeNow of waiting.splice(0)) closeNow()
  }
  cursor.read = (...args) => {
    hasRead ||= state === 'new'
    return read.apply(cursor, args)
  }
  cursor.submit = (...args) => {
    const result = submit.apply(cursor, args)
    state = 'submitted'
    if (hasRead) onceDescribed(args[0] as WireConnection, start)
    else start()
    return result
  }
  const fail = onceForAll(cursor)
  cursor.handleError = (error) => {
    fail(error)
    start()
  }
  return (callback) => {
    if (state === 'started') close.call(cursor, callback)
    else waiting.push(() => close.call(cursor, callback))
  }
}

/** Calls back behind the cursor's own listeners, also where an error comes instead. */
function onceDescribed(connection: WireConnection, done: () => void): void {
  const events = ['rowDescription', 'noData', 'errorMessage', 'end'] as const
  const onEvent = (): void => {
    for (const event of events) connection.removeListener(event, onEvent)
    done()
  }
  for (const event of events) connection.on(event, onEvent)
}

/**
 * The cursor's handleError(). Each time, it sends a Sync; and the timer of `query_timeout` goes on for a cursor that has
 * failed already. One that is closed would leave its last read without an answer.
 */
function onceForAll(cursor: Cursor): Method {
  const { handleError } = cursor
  let isCalled = false
  return (error) => {
    if (isCalled) return
    isCalled = true
    handleError.call(cursor, error)
    const { state, _cb: answer } = cursor as { state?: unknown; _cb?: Method | null }
    if (state === 'done') answer?.(error)
  }
}

function settledByEnd(cursor: Cursor, close: Method, clientOf: () => TenantClient | undefined): Method {
  return (callback) => {
    const client = clientOf()
    const closed = new Promise<void>((resolve, reject) => {
      // Its error was answered, and took the portal along: pg-cursor would wait for an answer that came already.
      if ((cursor as { state?: unknown }).state === 'error') return resolve()
      if (client && (client._ended || !client._queryable)) return resolve()
      client?.connection.once('end', resolve)
      close((error?: Error) => {
        client?.connection.removeListener('end', resolve)
        if (error) reject(error)
        else resolve()
      })
    })
    if (typeof callback !== 'function') return closed
    const done = bindToContext(callback as Method)
    // nextTick: what the callback throws must reach the process, not this promise.
    closed.then(
      () => process.nextTick(done),
      (error: unknown) => process.nextTick(done, error),
    )
    return undefined
  }
}
