import { bindToContext } from '../tenant/context'
import type { TenantClient } from './client'
import { closingLater } from './cursor-close'
import type { Closing, Cursor, Method } from './cursor-close'
import type { Submittable } from './driver'

/** Where a part remembers its own methods, and a function of ours what it was made of. */
const OWN = Symbol('rowhouse.own')

type Own = { [Name in 'emit' | keyof Cursor]?: Method | undefined }
type Part = Own & { [OWN]?: Own }
type Made = Method & { [OWN]?: Method }

/** What the loan of a bound query must tell it. */
export interface BoundSubmittable {
  /** It will never be submitted: there was no connection. */
  abandon(): void
}

/**
 * Makes a cursor, stream or query of the user's call back in the context of the moment: the driver would call its
 * listeners in the context of whoever opened the socket. Its `close()` also settles when the connection is dead
 * (pg-cursor waits for a ReadyForQuery that never comes), and when it comes before the cursor was submitted (pg-cursor
 * does nothing then, and opens a portal afterwards that nobody closes).
 *
 * @param query - may have been bound before, in another context
 * @param clientOf - the connection it runs on, undefined while it has none
 */
export function bindSubmittable(
  query: Submittable,
  clientOf: () => TenantClient | undefined,
): BoundSubmittable {
  if (query.callback) {
    const given = givenOf(query.callback)
    query.callback = madeOf(given, bindToContext(given))
  }
  let closing: Closing | undefined
  // pg-query-stream is a stream around a cursor.
  for (const part of [query as Part, (query as { cursor?: Part }).cursor]) {
    if (part === undefined) continue
    restore(part)
    if (part.emit) part.emit = bindToContext(part.emit.bind(part))
    if (!isCursor(part)) continue
    closing = closingLater(part)
    part.read = withBoundCallback(part.read.bind(part))
    part.close = settledByEnd(part, closing.close, clientOf)
    // A stream has bound its cursor's own.
    if (part !== query) query.handleError = part.handleError
  }
  return { abandon: () => closing?.abandon() }
}

/** The function that a user gave, of which one of ours was made. */
export function givenOf(made: Method): Method {
  return (made as Made)[OWN] ?? made
}

/** Remembers of which function of the user's one of ours was made. */
export function madeOf(given: Method, made: Method): Method {
  return Object.assign(made, { [OWN]: given })
}

/** A part that was bound before still has the context of that call in its methods. */
function restore(part: Part): void {
  if (part[OWN] !== undefined) {
    Object.assign(part, part[OWN])
    return
  }
  const { emit, read, close, submit, handleError } = part
  part[OWN] = isCursor(part) ? { emit, read, close, submit, handleError } : emit ? { emit } : {}
}

/** A pg-cursor. A stream has a read() as well, which takes no callback, and no close(). */
function isCursor(part: Part): part is Cursor {
  return Boolean(part.read && part.close && part.handlePortalSuspended)
}

function withBoundCallback(method: Method): Method {
  return (...args) =>
    method(...args.map((arg) => (typeof arg === 'function' ? bindToContext(arg as Method) : arg)))
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
