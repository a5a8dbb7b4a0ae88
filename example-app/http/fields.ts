import { HttpError } from './http-error'

/** Field -> what is wrong with it: `{ name: ["can't be blank"] }`. Empty where all is well. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>

/** What was sent of a record. */
export type Params = Readonly<Record<string, unknown>>

// As the columns have it, in characters.
const MAX_NAME_LENGTH = 255

/**
 * The fields of a record in a body: `widget[name]=bolt` of a form, or `{ "widget": { "name": "bolt" } }`.
 *
 * @param key - `widget`
 * @throws HttpError 400 without such a parameter
 */
export function paramsOf(body: unknown, key: string): Params {
  const params =
    typeof body === 'object' && body !== null && Object.hasOwn(body, key) && (body as Params)[key]
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params as Params
  throw new HttpError(400, `The parameter "${key}" is missing.`)
}

/** The text that was sent in a field, or the one that is there where the field wasn't sent. */
export function textOf(params: Params, field: string, current = ''): string {
  const value = Object.hasOwn(params, field) ? params[field] : current
  // A list or an object has no text, and is refused like one that is blank.
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** What is wrong with a record's name. */
export function checkName(name: string): FieldErrors {
  if (name.trim() === '') return { name: ["can't be blank"] }
  if ([...name].length > MAX_NAME_LENGTH)
    return { name: [`should be at most ${MAX_NAME_LENGTH} character(s)`] }
  // PostgreSQL can't store it in a text.
  if (name.includes('\0')) return { name: ['is invalid'] }
  return {}
}

/** Whether there is nothing wrong. */
export function isValid(errors: FieldErrors): boolean {
  return Object.keys(errors).length === 0
}
