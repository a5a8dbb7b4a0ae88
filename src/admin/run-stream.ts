import type { AdminRequest, AdminResponse } from './request'
import type { FleetRun } from './fleet-run'

/** A line of the table of failures. */
export interface FailureRow {
  readonly tenant: string
  /** Of the tenant's page. */
  readonly href: string
  /** What stands behind the tenant. */
  readonly cells: readonly string[]
}

/** What is told of a run at one moment, as JSON: see assets/admin.js. */
export interface RunMessage {
  /** Texts by the names of the places where they stand in the page. */
  readonly texts: Readonly<Record<string, string>>
  /** How far the bar is. */
  readonly value: number
  readonly max: number
  /** Rows of failures that were not told before. */
  readonly failures: readonly FailureRow[]
}

/** How often at most something is told, in milliseconds. */
const PACE_MS = 250
/** A line that keeps proxies from taking the connection for dead. */
const BEAT_MS = 15_000
/** The browser connects anew then, and is asked anew who it is. */
const MAX_AGE_MS = 60_000

/**
 * Tells a run's states as server-sent events, until it ends or the caller goes away. The id of an event is the number of failures
 * that were told by then: a browser that connects again sends it, and is told the others.
 *
 * @param messageOf - the run as it is, with the failures from this one on
 * @param shown - how many failures the page has already, where the browser connects for the first time
 */
export function streamRun(
  req: AdminRequest,
  res: AdminResponse,
  run: FleetRun,
  messageOf: (from: number) => RunMessage,
  shown: number,
): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' })
  let told = lastTold(req) ?? shown
  let isBlocked = false
  let timer: NodeJS.Timeout | undefined
  const send = (text: string): void => {
    if (res.destroyed || res.writableEnded) return
    // Of a slow reader nothing piles up: the next state has all of what it missed.
    isBlocked = !res.write(text)
    res.flush?.()
  }
  const tell = (): void => {
    timer = undefined
    if (isBlocked) return
    const message = messageOf(told)
    told = run.failures.length
    send(`id: ${told}\ndata: ${JSON.stringify(message)}\n\n`)
    if (!run.isRunning) res.end('event: ended\ndata: {}\n\n')
  }
  const tellSoon = (): void => void (timer ??= setTimeout(tell, PACE_MS))
  const stop = run.listen(tellSoon)
  const beat = setInterval(() => send(': still here\n\n'), BEAT_MS)
  const age = setTimeout(() => res.end(), MAX_AGE_MS)
  // It ends with `close`, which is all that is wanted; unheard, the event would end the process.
  res.on('error', () => {})
  res.on('drain', () => {
    isBlocked = false
    tellSoon()
  })
  res.on('close', () => {
    stop()
    clearTimeout(timer)
    clearInterval(beat)
    clearTimeout(age)
  })
  send('retry: 1000\n\n')
  tell()
}

function lastTold(req: AdminRequest): number | undefined {
  const count = Number(req.headers['last-event-id'] ?? NaN)
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined
}
