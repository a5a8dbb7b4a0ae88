import { classify } from './classify'
import type { StatementClass } from './classify'
import type { Submittable, TextQuery, WireConnection } from './driver'

/** The class of what nothing is known of. */
export const ANYTHING: StatementClass = { kind: 'other', effect: 'any' }

/** What the server answers to the name of a statement that it does not have. */
const UNKNOWN_STATEMENT = '26000'

/** Cursors and streams tell nothing of themselves that could be relied on; `rows` keeps a portal open across answers. */
export function classOf(query: Submittable, connection: WireConnection): StatementClass {
  const text = query.text ?? (query.name === undefined ? undefined : connection.parsedStatements[query.name])
  const isText = typeof text === 'string' && 'requiresPreparation' in query && !(query as TextQuery).rows
  return isText ? classify(text) : ANYTHING
}

/** A name without a text means a statement that was prepared before; pg would prepare an empty one and answer no rows. */
export function unknownStatement({ name, text }: Submittable, connection: WireConnection): Error | undefined {
  if (!name || (text !== undefined && text !== null) || connection.parsedStatements[name] !== undefined)
    return undefined
  return Object.assign(new Error(`prepared statement "${name}" does not exist`), { code: UNKNOWN_STATEMENT })
}
