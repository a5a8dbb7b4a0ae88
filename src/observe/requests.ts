import { channel } from 'node:diagnostics_channel'
import { RowhouseError } from '../rowhouse-error'

/** Where it is told that a request was let in, or was not, in the context of that request. */
export const REQUEST_CHANNEL = 'rowhouse:request'

/** What a subscriber of `REQUEST_CHANNEL` is given. */
export interface RequestMessage {
  /** The tenancy's engine, prefix and name: `postgres tenant_ default`. */
  readonly tenancy: string
  /** `admitted` without a tenant: it names none, and none is required. `failed`: the directory or `authorize` threw. */
  readonly outcome: 'admitted' | 'refused' | 'failed'
  /** Tenant id; of a request that was not admitted, where it is known. */
  readonly tenant: string | undefined
  /** Why it was not admitted. */
  readonly error: unknown
}

const requests = channel(REQUEST_CHANNEL)

/** A request was let in. */
export function onAdmitted(tenancy: string, tenant: string | undefined): void {
  if (!requests.hasSubscribers) return
  requests.publish({ tenancy, outcome: 'admitted', tenant, error: undefined } satisfies RequestMessage)
}

/** A request was not let in. */
export function onTurnedAway(tenancy: string, error: unknown): void {
  if (!requests.hasSubscribers) return
  const isOurs = error instanceof RowhouseError && error.status !== undefined
  const outcome = isOurs ? 'refused' : 'failed'
  const tenant = isOurs ? error.tenant : undefined
  requests.publish({ tenancy, outcome, tenant, error } satisfies RequestMessage)
}
