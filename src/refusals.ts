import { channel } from 'node:diagnostics_channel'

/** Where each refusal for want of a tenant is told, in the message's `error`, in the context of the call that was refused. */
export const REFUSAL_CHANNEL = 'rowhouse:tenant-required'

const refusals = channel(REFUSAL_CHANNEL)

/** Somebody asked for what needs a tenant, and had none. */
export function onRefusal(error: Error): void {
  if (refusals.hasSubscribers) refusals.publish({ error })
}
