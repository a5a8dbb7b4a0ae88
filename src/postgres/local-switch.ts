import { escapeLiteral } from 'pg'
import type { ServerMessage, Submittable, WireConnection } from './driver'
import type { SearchPath } from './search-path'
import { CHECK_FAILED, NO_USAGE, record, TELLING_CHECK_BEHIND_POOLER, writeStatement } from './switch'

/*
 * The switch where a connection is lent by the transaction: it ends with the transaction, so nothing is left behind. `SET
 * LOCAL` takes no snapshot, which REPEATABLE READ would keep, but warns outside of a transaction block; there it is
 * set_config(), whose NULL means the default.
 */

const SET = `select set_config('search_path', $1, true)`
/**
 * Fails as the telling check does. It is never asked again for the reason, as a plain one is: by then its transaction is over,
 * and the query behind it would run on whatever path there is. CASE, since the operands of AND may be computed in any order.
 */
const SET_AND_CHECK = TELLING_CHECK_BEHIND_POOLER.replace(
  'case',
  `case when set_config('search_path', $2, true) is null then 0`,
)

/**
 * Writes a switch, without a Sync.
 *
 * @returns how many answers (CommandComplete) to expect
 */
export function writeLocalSwitch(
  connection: WireConnection,
  path: SearchPath,
  isInTransaction: boolean,
): number {
  const { schema, sql } = path
  if (isInTransaction) {
    connection._send(
      (path.wire.setLocal ??= record((recorder) =>
        writeStatement(recorder, `SET LOCAL search_path TO ${sql}`, []),
      )),
    )
    return 1
  }
  const write = (recorder: WireConnection): void =>
    schema === undefined
      ? writeStatement(recorder, SET, [null])
      : writeStatement(recorder, SET_AND_CHECK, [schema, sql])
  connection._send((path.wire.local ??= record(write)))
  return 1
}

/** A switch as text. */
export interface Prefix {
  readonly text: string
  /** How many answers to expect. */
  readonly answers: number
}

/**
 * Several statements in one simple query are one transaction, so the switch fails or ends with them. In a transaction
 * nothing is looked at, as everywhere.
 */
export function prefixOf({ schema, sql }: SearchPath, isInTransaction: boolean): Prefix {
  const set = `SET LOCAL search_path TO ${sql}; `
  if (schema === undefined || isInTransaction) return { text: set, answers: 1 }
  const literal = escapeLiteral(schema)
  return { text: `${set}${TELLING_CHECK_BEHIND_POOLER.replaceAll('$1', () => literal)}; `, answers: 2 }
}

/** Sends a query's text behind the switch; the query itself keeps its text. */
export function withPrefix(query: Submittable, prefix: Prefix, send: () => unknown): () => unknown {
  return () => {
    const { text } = query
    query.text = `${prefix.text}${text as string}`
    try {
      return send()
    } finally {
      query.text = text
    }
  }
}

/** Whether an error that came before the switch was through is the switch's, and not of the text that it stands in. */
export function isOfPrefix({ code }: ServerMessage): boolean {
  return code === CHECK_FAILED || code === NO_USAGE
}

/** The place of an error as the user counts: from the beginning of the user's text. */
export function shiftPosition(message: ServerMessage, { text }: Prefix): void {
  if (message.position === undefined) return
  const place = Number(message.position) - [...text].length
  if (place > 0) message.position = String(place)
}

/** In local mode everything runs in a transaction, also what the server runs in none. */
export function hintAtDirectConnection(message: ServerMessage): void {
  if (message.code !== '25001' || message.hint !== undefined || isTooLate(message)) return
  message.hint =
    "With mode: 'local' every statement runs in a transaction, together with its switch. Use a connection of pg's own, direct " +
    'to the server, for this one.'
}

/** "SET TRANSACTION ISOLATION LEVEL must be called before any query" has the code as well. */
function isTooLate({ message = '' }: ServerMessage): boolean {
  return message.includes('must be called before')
}
