import { channel } from 'node:diagnostics_channel'
import type { MigrationEvent } from './events'

/** Where the events of `migrateAll` are told, in the context of the run. */
export const FLEET_CHANNEL = 'rowhouse:fleet'

/** What a subscriber of `FLEET_CHANNEL` is given. */
export interface FleetMessage {
  /** Name of the tenancy. */
  readonly tenancy: string
  /** As `onEvent` gets it. */
  readonly event: MigrationEvent
}

const fleets = channel(FLEET_CHANNEL)

/** Something has happened in a run over many tenants. */
export function onFleetEvent(tenancy: string, event: MigrationEvent): void {
  if (fleets.hasSubscribers) fleets.publish({ tenancy, event } satisfies FleetMessage)
}
