import { onVerified } from '../observe/isolation'
import { elsewhereError } from './command-checks'
import type { DatabaseError, Packet } from './driver'
import type { Target } from './lease'
import type { Prelude } from './scoped-command'
import { switchErrorOf } from './switch-errors'
import { readOk } from './wire'

/** What an {@link EnterPrelude}, or the last one of those behind it, tells its connection. */
export interface EnterEvents {
  /** The connection is in the database of the target. */
  readonly onEntered: (target: Target, stays: boolean) => void
  readonly onRefused: (target: Target) => void
  readonly errorOf: (packet: Packet) => DatabaseError
}

/**
 * The switch into the database of a loan. One for each connection, aimed anew for each command: a command is planned when
 * those before it are through.
 */
export class EnterPrelude implements Prelude {
  readonly #events: EnterEvents
  #target: Target | undefined
  #stays = true

  constructor(events: EnterEvents) {
    this.#events = events
  }

  /** @param stays - the command behind it can't move the connection */
  aim(target: Target, stays: boolean): this {
    this.#target = target
    this.#stays = stays
    return this
  }

  get packet(): Buffer {
    return this.#target!.enter
  }

  readonly onDone = (packet: Packet): Error | undefined => {
    const target = this.#target!
    const { schema } = readOk(packet)
    if (schema !== undefined && schema !== target.database) return elsewhereError(target, schema)
    if (schema !== undefined) onVerified()
    this.#events.onEntered(target, this.#stays)
    return undefined
  }

  readonly onRefused = (packet: Packet): Error => {
    const target = this.#target!
    this.#events.onRefused(target)
    return switchErrorOf(target, this.#events.errorOf(packet))
  }
}
