import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { CHANNELS } from './channels'
import { ConfigError } from './errors'
import type { ChannelMessages } from './channels'

/** What to do with the messages of some channels. */
export type Listeners = {
  readonly [Name in keyof ChannelMessages]?: (message: ChannelMessages[Name]) => void
}

/**
 * Subscribes to some of {@link CHANNELS}, with the types of their messages.
 *
 * @returns ends it
 * @throws ConfigError for a name that is no channel's; nothing is subscribed to then
 */
export function listen(listeners: Listeners): () => void {
  const names = Object.keys(listeners) as (keyof Listeners)[]
  const unknown = names.filter(
    (name) => !Object.hasOwn(CHANNELS, name) || typeof listeners[name] !== 'function',
  )
  // Before the first of them: half a subscription is nobody's to end.
  if (unknown.length > 0)
    throw new ConfigError([
      `listen() takes functions by the names ${Object.keys(CHANNELS).join(', ')}; not ${unknown.join(', ')}.`,
    ])
  const ends = names.map((name) => {
    const channel = CHANNELS[name]
    const hear = listeners[name] as (message: unknown) => void
    subscribe(channel, hear)
    return () => unsubscribe(channel, hear)
  })
  return () => {
    for (const end of ends.splice(0)) end()
  }
}
