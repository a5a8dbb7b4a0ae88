import type { ServerMessage } from './driver'
import type { SearchPath } from './search-path'

/** Undefined table, undefined object (a type, say), undefined function: names that another schema might know. */
const UNKNOWN_NAME = new Set(['42P01', '42704', '42883'])

/**
 * Adds to the server's "does not exist" where the name was looked for: whoever moves to a schema per tenant meets it for
 * extensions and shared tables, which `public` used to supply. Only the error's `hint` grows; message and code stay.
 */
export function hintAtSharedSchemas(message: ServerMessage, { schema }: SearchPath): void {
  if (schema === undefined || !UNKNOWN_NAME.has(message.code ?? '')) return
  const ours =
    `Unqualified names are looked up in schema "${schema}" and the schemas of the option \`sharedSchemas\`, not in ` +
    '`public`. List the schema of an extension or of shared tables there.'
  message.hint = message.hint === undefined ? ours : `${message.hint} ${ours}`
}
