import type { DatabaseError, Packet } from './driver'
import type { Prelude } from './scoped-command'
import { enterPacket, PARKING } from './wire'

/** Leaves whatever database is current. */
const PARKING_PACKET = enterPacket(PARKING)

/** The way of one connection back to the parking place, and who waits for it to arrive. */
export class Parking implements Prelude {
  readonly packet = PARKING_PACKET
  readonly #onParked: () => void
  readonly #waiting: (() => void)[] = []
  #isUnderWay = false

  /** @param onParked - the connection is there */
  constructor(
    onParked: () => void,
    readonly onRefused: (packet: Packet) => DatabaseError,
  ) {
    this.#onParked = onParked
  }

  /** The packet has been sent, or will be before anything else. */
  readonly onSent = (): void => {
    this.#isUnderWay = true
  }

  readonly onDone = (): undefined => {
    this.#isUnderWay = false
    this.#onParked()
    for (const callback of this.#waiting.splice(0)) callback()
    return undefined
  }

  /** Its answer is outstanding. */
  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** Calls back when no answer is outstanding; never, where the connection ends before. */
  whenThrough(callback: () => void): void {
    if (this.#isUnderWay) this.#waiting.push(callback)
    else callback()
  }
}
