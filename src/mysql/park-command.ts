import type { Packet, WireConnection } from './driver'
import type { Prelude } from './scoped-command'
import { isOk } from './wire'

/** Parks a connection that comes back from a loan. */
export class ParkCommand {
  readonly #steps: readonly Prelude[]
  #answered = 0

  constructor(steps: readonly Prelude[]) {
    this.#steps = steps
  }

  execute(packet: Packet | undefined, connection: WireConnection): boolean {
    if (packet === undefined) {
      for (const step of this.#steps) {
        connection._resetSequenceId()
        connection.write(step.packet)
      }
      connection.sequenceId = 1
      return false
    }
    if (!isOk(packet)) {
      connection.destroy()
      return true
    }
    connection.sequenceId = 1
    const step = this.#steps[this.#answered]!
    this.#answered += 1
    step.onDone(packet)
    return this.#answered === this.#steps.length
  }

  stateName(): string {
    return 'park'
  }
}
