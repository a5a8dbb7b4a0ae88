import { ClientReleasedError, IsolationError, TenantMismatchError } from '../errors'
import { WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'
import type { Lease } from './lease'
import type { SearchPath } from './search-path'

/**
 * The error for a loan that wandered into the context of another tenant.
 *
 * @param scope - of the calling code; undefined, where the context was lost, is no mismatch
 */
export function mismatchOf({ wanted }: Lease, scope: Scope | undefined): TenantMismatchError | undefined {
  if (scope === undefined) return undefined
  const schema = scope === WITHOUT_TENANT ? undefined : scope.schema
  if (schema === wanted.schema) return undefined
  const [mine, yours] = [wanted.schema, schema].map((name) =>
    name === undefined ? 'no tenant' : `schema "${name}"`,
  )
  return new TenantMismatchError(
    `This client was checked out for ${mine} and is used in the context of ${yours}. Check out a client where it is used.`,
    { tenant: wanted.tenant },
  )
}

/** The error for a query object that was used for another tenant: what it collected then would be in this answer. */
export function usedError(first: SearchPath, now: SearchPath): TenantMismatchError {
  const [before, wanted] = [first, now].map(({ schema }) =>
    schema === undefined ? 'no tenant' : `schema "${schema}"`,
  )
  return new TenantMismatchError(
    `This query object was used for ${before} and can't be used for ${wanted}: it keeps the rows of its first use. Make a ` +
      'new one for each query.',
    { tenant: now.tenant },
  )
}

/** The error for a loan that is over. */
export function releasedError({ wanted }: Lease): ClientReleasedError {
  return new ClientReleasedError(
    'This client was released and its connection may serve another tenant now. Call pool.connect() again.',
    { tenant: wanted.tenant },
  )
}

/** The error where DISCARD ALL failed. */
export function notClearedError({ tenant }: SearchPath, cause: unknown): IsolationError {
  return new IsolationError(
    'The session state of the tenant before could not be cleared, so this connection was closed. The query may or may not have run.',
    { tenant, cause },
  )
}

/** The error where a query seems to be over before its switch was answered. */
export function astrayError({ tenant }: SearchPath): IsolationError {
  return new IsolationError(
    'The server ended a query before its switch was answered, so this connection was closed. The query may or may not have run.',
    { tenant },
  )
}

/** The error where the server says that a query moved the connection which said nothing of the kind. */
export function movedError({ schema, tenant }: SearchPath, path: string | undefined): IsolationError {
  return new IsolationError(
    `The server reports the search_path ${path ?? 'unreadable'} behind a query of schema "${schema}" that does not set it ` +
      '(a function in a view or trigger?), so this connection was closed. The query has run.',
    { tenant },
  )
}
