import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { CHANNELS } from './channels'
import type { ChannelMessages } from './channels'

/** What to do with the messages of some channels. */
export type Listeners = {
  readonly [Name in keyof ChannelMessages]?: (message: ChannelMessages[Name]) => void
}

/**
 * Subscribes to some of {@link CHANNELS}, with the types of their messages.
 *
 * @returns ends it
 */
export function listen(listeners: Listeners): () => void {
  const ends = (Object.keys(listeners) as (keyof Listeners)[]).map((name) => {
    const channel = CHANNELS[name]
    const hear = listeners[name] as (message: unknown) => void
    subscribe(channel, hear)
    return () => unsubscribe(channel, hear)
  })
  return () => {
    for (const end of ends.splice(0)) end()
  }
}
