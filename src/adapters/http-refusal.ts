import { refusalOf } from '../request/refusal'
import type { Refusal } from '../request/refusal'

/**
 * A refusal in the form that frameworks answer by themselves. They send an error's message to the caller; so it is only the
 * usual words of the status, and the error that says more is the `cause`.
 */
export class HttpRefusal extends Error {
  /** 404 */
  readonly status: number
  /** The same, under the name that Fastify reads. */
  readonly statusCode: number
  /** The message may be shown: Koa asks. */
  readonly expose = true
  /** `Retry-After`, where it applies. */
  readonly headers: Readonly<Record<string, string>>

  constructor({ status, text, retryAfter }: Refusal, cause: unknown) {
    super(text, { cause })
    this.name = 'HttpRefusal'
    this.status = status
    this.statusCode = status
    this.headers = retryAfter === undefined ? {} : { 'Retry-After': retryAfter }
  }

  /** The answer, as Hono asks its own HTTPException for it. */
  getResponse(): Response {
    return new Response(this.message, { status: this.status, headers: this.headers })
  }
}

/** What an adapter throws: a refusal for an error of ours that has a status, and errors of others as they are. */
export function toHttpError(error: unknown): unknown {
  const refusal = refusalOf(error)
  return refusal === undefined ? error : new HttpRefusal(refusal, error)
}
