import { ByScope } from '../tenant/by-scope'
import type { Target } from './lease'
import { takeRole } from './take-role-prelude'
import { enterPacket } from './wire'

/**
 * The targets of a pool.
 *
 * @param shared - the database of shared tables
 * @param hasRoles - each tenant has a role, named like its database
 */
export function targetsOf(shared: string, hasRoles: boolean): ByScope<Target> {
  const sharedTarget = { database: shared, tenant: undefined, enter: enterPacket(shared), role: undefined }
  return new ByScope<Target>(sharedTarget, ({ schema, id }) => ({
    database: schema,
    tenant: id,
    enter: enterPacket(schema),
    role: hasRoles ? takeRole(schema) : undefined,
  }))
}
