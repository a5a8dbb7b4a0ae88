import { SwitchError, TenantAccessError, TenantNotFoundError } from '../errors'
import type { DatabaseError, Packet } from './driver'
import type { Target } from './lease'

const NO_SUCH_DATABASE = 1049
/** The answer to a user without rights, whether there is such a database or not. */
const ACCESS_DENIED = 1044

/** There is no such role, or the account has not been granted it: MariaDB does not say which. MySQL has two numbers. */
const NO_ROLE = new Set([1959, 3530, 3523])

/** What a statement is answered with whose tables are gone, or whose grants went with their database. */
const TABLE_DENIED = 1142
const NO_SUCH_TABLE = 1146
const MISSING = new Set([NO_SUCH_DATABASE, ACCESS_DENIED, TABLE_DENIED, NO_SUCH_TABLE])

/** Whether an error may come from a database that is there no more. */
export function mayMissDatabase(packet: Packet): boolean {
  return MISSING.has(errorNumberOf(packet))
}

/** The number in an error packet, 1213. */
export function errorNumberOf({ buffer, offset }: Packet): number {
  return buffer.readUInt16LE(offset + 1)
}

/** The error a user gets when the role of a tenant could not be taken. */
export function roleErrorOf({ database, tenant }: Target, failure: DatabaseError): Error {
  const details = { tenant, cause: failure }
  if (!NO_ROLE.has(failure.errno ?? 0))
    return new SwitchError(`Could not take role "${database}": ${failure.message}.`, details)
  return new TenantAccessError(
    `Database "${database}" exists, and its role does not, or is not granted to this user. Nothing was read or written ` +
      'in it. Migrate the tenant, which makes and grants the role (isolation: "role").',
    details,
  )
}

/** The error a user gets when a database could not be entered. */
export function switchErrorOf({ database, tenant }: Target, failure: DatabaseError): Error {
  const details = { tenant, cause: failure }
  const what = `Database "${database}" does not exist`
  const so = 'Nothing was read or written in it.'
  switch (failure.errno) {
    case NO_SUCH_DATABASE:
      return new TenantNotFoundError(`${what}. ${so} Create the tenant first, or check the prefix.`, details)
    case ACCESS_DENIED:
      return new TenantNotFoundError(
        `${what}, or this user has no rights on it: the server does not say which. ${so} Create the tenant, or grant it.`,
        details,
      )
    default:
      return new SwitchError(`Could not enter database "${database}": ${failure.message}.`, details)
  }
}
