import { STATUS_CODES } from 'node:http'
import { RowhouseError, TenantMigratingError, TenantSuspendedError } from '../errors'

/** What a caller is told of an error: the status and its usual words, never the message. */
export interface Refusal {
  readonly status: number
  /** `Not Found` */
  readonly text: string
  /** Value of `Retry-After`, in seconds. */
  readonly retryAfter: string | undefined
}

/** How an error of ours answers a request; undefined for one without a status, and for errors of others. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof RowhouseError) || error.status === undefined) return undefined
  const { status } = error
  return { status, text: STATUS_CODES[status] ?? 'Error', retryAfter: retryAfterOf(error) }
}

function retryAfterOf(error: RowhouseError): string | undefined {
  const hasTime = error instanceof TenantSuspendedError || error instanceof TenantMigratingError
  const seconds = hasTime ? error.retryAfterSeconds : undefined
  return seconds === undefined ? undefined : String(seconds)
}
