import type { Packet, WireConnection } from './driver'
import type { EnterEvents } from './enter-prelude'
import type { Target } from './lease'
import type { Prelude } from './scoped-command'
import { roleErrorOf } from './switch-errors'
import { quoteName } from './sql'
import { queryPacket } from './wire'

/** Gives up whatever role is active. */
export const NO_ROLE = 'set role none'

/** CLIENT_QUERY_ATTRIBUTES of the protocol. */
const QUERY_ATTRIBUTES = 0x08000000

/** Whether queries on this connection carry a count of attributes. */
export function hasAttributes({ config, serverCapabilityFlags = 0 }: WireConnection): boolean {
  return (config.clientFlags & serverCapabilityFlags & QUERY_ATTRIBUTES) !== 0
}

/** The statement that makes a role the only active one, the rights of the account itself left apart. */
export function takeRole(role: string): string {
  return `set role ${quoteName(role)}`
}

/** Takes the role of a loan's tenant, behind the switch into its database. One for each connection, as of the switch. */
export class TakeRolePrelude implements Prelude {
  readonly #events: EnterEvents
  readonly #hasAttributes: boolean
  #target: Target | undefined
  #stays = true

  constructor(events: EnterEvents, hasAttributes: boolean) {
    this.#events = events
    this.#hasAttributes = hasAttributes
  }

  /** @param stays - the command behind it can't take another role */
  aim(target: Target, stays: boolean): this {
    this.#target = target
    this.#stays = stays
    return this
  }

  get packet(): Buffer {
    const { role = NO_ROLE } = this.#target!
    return queryPacket(role, this.#hasAttributes)
  }

  readonly onDone = (): undefined => {
    this.#events.onEntered(this.#target!, this.#stays)
  }

  readonly onRefused = (packet: Packet): Error => {
    const target = this.#target!
    this.#events.onRefused(target)
    return roleErrorOf(target, this.#events.errorOf(packet))
  }
}
