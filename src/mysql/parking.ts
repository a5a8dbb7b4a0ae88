import type { DatabaseError, Packet } from './driver'
import type { Prelude } from './scoped-command'
import { enterPacket, PARKING } from './wire'

/** Leaves whatever database is current. */
const PARKING_PACKET = enterPacket(PARKING)

/** What a connection tells of its way back to the parking place. */
export interface ParkingEvents {
  /** The connection is there. */
  readonly onParked: () => void
  readonly errorOf: (packet: Packet) => DatabaseError
}

/** The way of one connection back to the parking place, and who waits for it to arrive. */
export class Parking {
  /** What is sent, in this order. */
  readonly steps: readonly Prelude[]
  readonly #onParked: () => void
  readonly #waiting: (() => void)[] = []
  #isUnderWay = false

  /** @param leaveRole - gives up the role of the tenant; undefined where tenants have none */
  constructor({ onParked, errorOf: onRefused }: ParkingEvents, leaveRole?: Buffer) {
    this.#onParked = onParked
    const leaving = leaveRole && { packet: leaveRole, onDone: () => undefined, onRefused }
    const parking = {
      packet: PARKING_PACKET,
      onSent: this.onSent,
      onDone: () => this.#arrive(),
      onRefused,
    }
    this.steps = leaving === undefined ? [parking] : [leaving, parking]
  }

  /** The packets have been sent, or will be before anything else. */
  readonly onSent = (): void => {
    this.#isUnderWay = true
  }

  /** An answer is outstanding. */
  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** Calls back when no answer is outstanding; never, where the connection ends before. */
  whenThrough(callback: () => void): void {
    if (this.#isUnderWay) this.#waiting.push(callback)
    else callback()
  }

  #arrive(): undefined {
    this.#isUnderWay = false
    this.#onParked()
    for (const callback of this.#waiting.splice(0)) callback()
  }
}
