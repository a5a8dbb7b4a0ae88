import { channel } from 'node:diagnostics_channel'
import { outsideTenants } from '../tenant/context'

/** Where it is told that a connection goes from one tenant to another, when the switch is written. */
export const SWITCH_CHANNEL = 'rowhouse:switch'

/** The engine of a pool. */
export type EngineName = 'postgres' | 'mysql'

/** What a subscriber of `SWITCH_CHANNEL` is given, outside every tenant. */
export interface SwitchMessage {
  readonly engine: EngineName
  /** Id of the tenant that the connection served before; undefined where it is new, or was without a tenant. */
  readonly from: string | undefined
  /** Undefined: without a tenant. */
  readonly to: string | undefined
  /** What the tenant before left in the session is cleared in front. */
  readonly cleared: boolean
}

const switches = channel(SWITCH_CHANNEL)

/** Whom one connection serves, as far as observers are told. */
export class SwitchWatch {
  readonly #engine: EngineName
  #served: string | undefined

  constructor(engine: EngineName) {
    this.#engine = engine
  }

  /** Something is about to be sent for this tenant. */
  onServe(to: string | undefined, cleared: boolean): void {
    const from = this.#served
    if (from === to) return
    this.#served = to
    if (!switches.hasSubscribers) return
    const message: SwitchMessage = { engine: this.#engine, from, to, cleared }
    // Called wherever a driver happens to write: a subscriber that queried there would do so as anybody.
    outsideTenants(() => switches.publish(message))
  }
}
