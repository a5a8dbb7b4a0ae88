import { notFound } from './http-error'

const MAX_BIGINT = 2n ** 63n - 1n

/** Whether a text is the one spelling of an id: `7`, and not `07`, which as a tenant would be another schema. */
export function isRecordId(text: unknown): text is string {
  // The length first: making a number of a million digits takes a while.
  return typeof text === 'string' && /^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= MAX_BIGINT
}

/** The id in a route's parameter. @throws HttpError 404 for what can't be one */
export function recordIdOf(parameter: unknown): string {
  if (isRecordId(parameter)) return parameter
  throw notFound()
}
