import type { EventEmitter } from 'node:events'
import { bindToContext } from '../tenant/context'

type Listener = (...args: unknown[]) => unknown

/** Ways to listen: `prependOnceListener` is in front of others, and hears one event. */
export const LISTENING = new Set(['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'])

interface Entry {
  readonly event: string | symbol
  readonly listener: Listener
  readonly bound: Listener
}

/** The listeners of one loan: they run in the context of who added them, and go when the loan does, unlike the connection. */
export class LoanListeners {
  readonly #connection: EventEmitter
  #entries: Entry[] = []

  constructor(connection: EventEmitter) {
    this.#connection = connection
  }

  /** @param way - one of {@link LISTENING} */
  add(way: string, event: string | symbol, listener: Listener): void {
    // Node tells what is wrong with it.
    if (typeof listener !== 'function') return void this.#connection.on(event, listener)
    const bound = bindToContext(listener)
    const hear: Listener = (...args) => {
      this.#drop(entry)
      return bound.apply(this.#connection, args)
    }
    const entry: Entry = { event, listener, bound: /once/i.test(way) ? hear : bound }
    this.#connection[way.startsWith('prepend') ? 'prependListener' : 'on'](event, entry.bound)
    // As of Node's own once(): `listeners()` shows the one that was given.
    Object.assign(entry.bound, { listener })
    this.#entries.push(entry)
  }

  /** The one added last goes first, as of Node. */
  remove(event: string | symbol, listener: Listener): void {
    const entry = this.#entries.findLast((one) => one.event === event && one.listener === listener)
    if (entry !== undefined) this.#drop(entry)
  }

  /** All of them, or those of one event; never mysql2's own, by which a lost connection leaves its pool. */
  clear(event?: string | symbol): void {
    for (const entry of this.#entries.filter((one) => event === undefined || one.event === event))
      this.#drop(entry)
  }

  #drop(entry: Entry): void {
    this.#entries = this.#entries.filter((one) => one !== entry)
    this.#connection.removeListener(entry.event, entry.bound)
  }
}
