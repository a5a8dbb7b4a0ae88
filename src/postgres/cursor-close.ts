import type { WireConnection } from './driver'

/** Any function of a driver's. */
export type Method = (...args: unknown[]) => unknown

/** What a pg-cursor has. */
export type Cursor = Record<'read' | 'close' | 'submit' | 'handleError' | 'handlePortalSuspended', Method>

/** The close of a cursor. */
export interface Closing {
  readonly close: Method
  /** The cursor will never be submitted: whoever waits is answered as by a cursor that never was. */
  readonly abandon: () => void
}

/**
 * The cursor's close(), put off until the cursor is on its way: a query waits in line, or for its switch. A read that
 * waited as well is sent only when the server has described the rows, and a close must not overtake it. Replaces the
 * cursor's `read`, `submit` and `handleError`.
 */
export function closingLater(cursor: Cursor): Closing {
  const { submit, close, read } = cursor
  let state: 'new' | 'submitted' | 'started' = 'new'
  let hasRead = false
  const waiting: (() => void)[] = []
  const start = (): void => {
    state = 'started'
    for (const closeNow of waiting.splice(0)) closeNow()
  }
  cursor.read = (...args) => {
    if (waiting.length > 0) return answerNothing(args[1])
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
  const fail = failOnce(cursor)
  cursor.handleError = (error) => {
    fail(error)
    start()
  }
  return {
    close: (callback) => {
      if (state === 'started') close.call(cursor, callback)
      else waiting.push(() => close.call(cursor, callback))
    },
    abandon: start,
  }
}

/** As a closed cursor does. */
function answerNothing(callback: unknown): Promise<unknown[]> | undefined {
  if (typeof callback !== 'function') return Promise.resolve([])
  setImmediate(callback as Method, null, [])
  return undefined
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
function failOnce(cursor: Cursor): Method {
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
