import { ByScope } from '../tenant/by-scope'
import type { Target } from './lease'
import { enterPacket } from './wire'

/** The targets of a pool. @param shared - the database of shared tables */
export function targetsOf(shared: string): ByScope<Target> {
  return new ByScope(targetOf(shared, undefined), ({ schema, id }) => targetOf(schema, id))
}

function targetOf(database: string, tenant: string | undefined): Target {
  return { database, tenant, enter: enterPacket(database) }
}
