import { inspect } from 'node:util'

/** What is known of something that was thrown. */
interface Thrown {
  /** Never empty. */
  readonly message: string
  readonly code: string | undefined
}

/** Reads what somebody else's code threw, which need not be an Error: `throw 'text'`, `throw undefined`. */
export function readThrown(thrown: unknown): Thrown {
  const { message, code } = Object(thrown) as { message?: unknown; code?: unknown }
  const known = typeof code === 'string' && code !== '' ? code : undefined
  for (const text of [typeof thrown === 'string' ? thrown : message, known]) {
    if (typeof text === 'string' && text !== '') return { message: text, code: known }
  }
  return { message: `${inspect(thrown, { depth: 1, breakLength: Infinity })} was thrown`, code: known }
}
