import { classify } from './classify'
import type { StatementClass } from './classify'
import type { Submittable, TextQuery } from './driver'

/** The class of what nothing is known of. */
export const ANYTHING: StatementClass = { kind: 'other', effect: 'any' }

/** What the server answers to the name of a statement that it does not have. */
const UNKNOWN_STATEMENT = '26000'

/** Cursors and streams tell nothing of themselves that could be relied on; `rows` keeps a portal open across answers. */
export function classOf(query: Submittable): StatementClass {
  return isText(query) ? classify(query.text) : ANYTHING
}

/** Whether it is a query of pg's own class whose answer comes in one piece. */
export function isText(query: Submittable): query is TextQuery & { text: string } {
  return typeof query.text === 'string' && 'requiresPreparation' in query && !(query as TextQuery).rows
}

/**
 * A name without a text means a statement that was prepared before. The query is given its text: a DISCARD ALL may make the
 * server forget it, and pg would prepare an empty one then and answer no rows.
 *
 * @param prepared - texts of statements by their names
 * @returns an error where nobody knows the name
 */
export function completeByName(
  query: Submittable,
  prepared: (name: string) => string | undefined,
): Error | undefined {
  const { name, text } = query
  if (!name || (text !== undefined && text !== null)) return undefined
  query.text = prepared(name)
  if (query.text !== undefined) return undefined
  return Object.assign(new Error(`prepared statement "${name}" does not exist`), { code: UNKNOWN_STATEMENT })
}

/** Makes a text that pg would send as it is travel like one with values, where the server would heed `binary`. */
export function extend(query: TextQuery): void {
  if (!query.requiresPreparation()) query.binary = false
  query.queryMode = 'extended'
}
