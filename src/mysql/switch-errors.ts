import { SwitchError, TenantAccessError, TenantNotFoundError } from '../errors'
import type { DatabaseError } from './driver'
import type { Target } from './lease'

const NO_SUCH_DATABASE = 1049
const ACCESS_DENIED = new Set([1044, 1045, 1142])

/** The error a user gets when a database could not be entered. */
export function switchErrorOf({ database, tenant }: Target, failure: DatabaseError): Error {
  const details = { tenant, cause: failure }
  if (failure.errno === NO_SUCH_DATABASE) {
    return new TenantNotFoundError(
      `Database "${database}" does not exist; nothing was read or written in it. Create the tenant first, or check the prefix.`,
      details,
    )
  }
  if (failure.errno !== undefined && ACCESS_DENIED.has(failure.errno)) {
    return new TenantAccessError(
      `This user may not use database "${database}"; nothing was read or written in it. Grant it the tenant's database.`,
      details,
    )
  }
  return new SwitchError(`Could not enter database "${database}": ${failure.message}.`, details)
}
