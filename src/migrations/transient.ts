/** SQLSTATEs and driver codes of a connection that is gone. */
const LOST_CODES = new Set(['57P01', '57P02', 'PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE'])
/** What the drivers say without a code, of a connection that went with a query and of one that was gone before. */
const LOST =
  /^Connection terminated|^Client has encountered a connection error|^Can't add new command when connection is in closed state/
/** Of what else may be gone at the next try: locks, deadlocks, no room, a server that restarts. */
const PASSING = new Set([
  ...['55P03', '40P01', '40001', '53200', '53300', '57P03', 'ROWHOUSE_MIGRATION_LOCKED'],
  ...['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CON_COUNT_ERROR'],
  ...['ECONNREFUSED', 'ETIMEDOUT', 'ENOENT'],
])
const FIRST_WAIT_MS = 25
const LONGEST_WAIT_MS = 5000

/** Whether an error, or what caused it, may be gone at the next try. */
export function isTransient(error: unknown): boolean {
  return isLost(error) || hasCause(error, ({ code }) => PASSING.has(code))
}

/** Whether an error, or what caused it, says that its connection is gone, even where the driver has not noticed yet. */
export function isLost(error: unknown): boolean {
  return hasCause(
    error,
    ({ code, message }) => LOST_CODES.has(code) || code.startsWith('08') || LOST.test(message),
  )
}

function hasCause(error: unknown, is: (told: { code: string; message: string }) => boolean): boolean {
  const { code, cause, message } = Object(error) as { code?: unknown; cause?: unknown; message?: unknown }
  const told = { code: asText(code), message: asText(message) }
  return is(told) || (cause !== undefined && hasCause(cause, is))
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * How long to wait before the next try, in milliseconds: twice as long each time, and at random, so that those who met do not
 * meet again.
 *
 * @param tries - how many there were
 */
export function waitBefore(tries: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.5 + random())
}
