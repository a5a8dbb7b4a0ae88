import { channel } from 'node:diagnostics_channel'
import type { RowhouseError } from './rowhouse-error'

/** Where it is told that a call was refused for its tenant, in the context of that call. */
export const REFUSAL_CHANNEL = 'rowhouse:refusal'

/** What a subscriber of `REFUSAL_CHANNEL` is given. */
export interface RefusalMessage {
  /** `ROWHOUSE_TENANT_REQUIRED`: there is none; `ROWHOUSE_TENANT_MISMATCH`: what it uses is another's, whose id is its `tenant`. */
  readonly error: RowhouseError
}

const refusals = channel(REFUSAL_CHANNEL)

/** Somebody asked for what needs a tenant and had none, or another one. */
export function onRefusal(error: RowhouseError): void {
  if (refusals.hasSubscribers) refusals.publish({ error } satisfies RefusalMessage)
}
