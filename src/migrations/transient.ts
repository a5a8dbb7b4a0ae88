/** SQLSTATEs and driver codes of what may be gone at the next try: locks, deadlocks, no room, a server that restarts. */
const TRANSIENT = new Set([
  ...['55P03', '40P01', '40001', '53200', '53300', '57P01', '57P02', '57P03', 'ROWHOUSE_MIGRATION_LOCKED'],
  ...['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CON_COUNT_ERROR', 'PROTOCOL_CONNECTION_LOST'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT'],
])
/** What the drivers say without a code, of a connection that went with a query and of one that was gone before. */
const LOST =
  /^Connection terminated|^Client has encountered a connection error|^Can't add new command when connection is in closed state/
/** Codes of those among them that end a connection. */
const ENDS = new Set(['57P01', '57P02', '57P03', 'PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE'])
const FIRST_WAIT_MS = 25
const LONGEST_WAIT_MS = 5000

/** Whether an error, or what caused it, may be gone at the next try. */
export function isTransient(error: unknown): boolean {
  const { code, cause, message } = Object(error) as { code?: unknown; cause?: unknown; message?: unknown }
  if (typeof code === 'string' && (TRANSIENT.has(code) || code.startsWith('08'))) return true
  if (typeof message === 'string' && LOST.test(message)) return true
  return cause !== undefined && isTransient(cause)
}

/** Whether an error, or what caused it, is the end of the connection that it came by; that tells so itself only a moment later. */
export function isConnectionLost(error: unknown): boolean {
  const { code, cause, message } = Object(error) as { code?: unknown; cause?: unknown; message?: unknown }
  if (typeof code === 'string' && (ENDS.has(code) || code.startsWith('08'))) return true
  if (typeof message === 'string' && LOST.test(message)) return true
  return cause !== undefined && isConnectionLost(cause)
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
