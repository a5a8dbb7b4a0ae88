import { channel } from 'node:diagnostics_channel'

/** Where it is told as whom a pool takes its caller, for the leak test of `rowhouse/testing`. */
export const SCOPE_CHANNEL = 'rowhouse:scope'

/** What a subscriber of `SCOPE_CHANNEL` is given, in the context of the call. */
export interface ScopeMessage {
  /** The tenancy whose pool it is. */
  readonly tenancy: object
  readonly scope: unknown
}

const scopes = channel(SCOPE_CHANNEL)

/** A pool has asked whose call this is; every query does, so it costs next to nothing while nobody listens. */
export function onScope(tenancy: object, scope: unknown): void {
  if (scopes.hasSubscribers) scopes.publish({ tenancy, scope } satisfies ScopeMessage)
}
