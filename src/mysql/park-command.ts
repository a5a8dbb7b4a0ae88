import type { Packet, WireConnection } from './driver'
import type { Prelude } from './scoped-command'
import { isOk } from './wire'

/** Parks a connection that comes back from a loan. */
export class ParkCommand {
  constructor(readonly prelude: Prelude) {}

  execute(packet: Packet | undefined, connection: WireConnection): boolean {
    if (packet === undefined) {
      connection._resetSequenceId()
      connection.write(this.prelude.packet)
      connection.sequenceId = 1
      return false
    }
    if (!isOk(packet)) connection.destroy()
    else this.prelude.onDone(packet)
    return true
  }

  stateName(): string {
    return 'park'
  }
}
