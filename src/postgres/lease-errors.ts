import { ClientReleasedError, TenantMismatchError } from '../errors'
import { WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'
import type { Lease } from './connection-scope'

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

/** The error for a loan that is over. */
export function releasedError({ wanted }: Lease): ClientReleasedError {
  return new ClientReleasedError(
    'This client was released and its connection may serve another tenant now. Call pool.connect() again.',
    { tenant: wanted.tenant },
  )
}
