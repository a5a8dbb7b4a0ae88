import type { ErrorCode } from './error-codes'

/** Facts an error may carry beside its message. */
export interface ErrorDetails {
  /** Id of the tenant concerned, `acme`. */
  readonly tenant?: string | undefined
  /** HTTP status that Express' error handling answers with; without one it is 500. */
  readonly status?: number | undefined
  /** The error underneath, often the driver's. */
  readonly cause?: unknown
}

const BRAND = Symbol.for('rowhouse.error')

/**
 * Base of every error this package throws. `error instanceof RowhouseError` also holds for errors of another
 * installed copy of the package.
 */
export class RowhouseError extends Error {
  /** Stable name of what went wrong, `ROWHOUSE_TENANT_NOT_FOUND`. */
  readonly code: ErrorCode
  /** Id of the tenant concerned, where there is one. */
  readonly tenant: string | undefined
  /** HTTP status for Express' error handling, where the fault is the request's. */
  readonly status: number | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(`${message} (${code})`, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.tenant = details.tenant
    this.status = details.status
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** @internal */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const isOurs = typeof value === 'object' && value !== null && BRAND in value
    return this === RowhouseError
      ? isOurs
      : isOurs && Function.prototype[Symbol.hasInstance].call(this, value)
  }
}
