import type { WireConnection } from './driver'
import { EnterPrelude } from './enter-prelude'
import type { EnterEvents } from './enter-prelude'
import type { Target } from './lease'
import { Parking } from './parking'
import type { Prelude } from './scoped-command'
import { hasAttributes, NO_ROLE, TakeRolePrelude } from './take-role-prelude'
import { queryPacket } from './wire'

/** What the ways of a connection tell of it: `onEntered` with its role where tenants have one. */
export interface WayEvents extends EnterEvents {
  /** It is at the parking place, without a role. */
  readonly onParked: () => void
}

/** The ways of one connection into a tenant's database and back. */
export interface Ways {
  readonly parking: Parking
  /** The switch into a database, as far as it can tell whether that is there. */
  readonly entering: EnterPrelude
  /** @param stays - the command behind it leaves the connection where it is */
  readonly enter: (target: Target, stays: boolean) => readonly Prelude[]
}

/** @param hasRoles - tenants have roles */
export function waysOf(connection: WireConnection, hasRoles: boolean, events: WayEvents): Ways {
  if (!hasRoles) {
    const entering = new EnterPrelude(events)
    return {
      parking: new Parking(events),
      entering,
      enter: (target, stays) => [entering.aim(target, stays)],
    }
  }
  const isAttributed = hasAttributes(connection)
  // The database first: its answer tells a tenant that is gone from one whose role is. Who is in without the role, should that
  // be refused, has no rights there.
  const entering = new EnterPrelude({ ...events, onEntered: () => {} })
  const takingRole = new TakeRolePrelude(events, isAttributed)
  return {
    parking: new Parking(events, queryPacket(NO_ROLE, isAttributed)),
    entering,
    enter: (target, stays) => [entering.aim(target, stays), takingRole.aim(target, stays)],
  }
}
