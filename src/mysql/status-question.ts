import type { WireConnection } from './driver'
import type { Prelude } from './scoped-command'
import { hasAttributes } from './take-role-prelude'
import { queryPacket } from './wire'

/** Does nothing. Not a ping, which a proxy answers by itself. */
const NOTHING = 'do 0'

/** Asks whether a transaction is open: the answer's status tells. */
export function statusQuestion(connection: WireConnection): Prelude {
  return {
    get packet() {
      return queryPacket(NOTHING, hasAttributes(connection))
    },
    onDone: () => undefined,
    onRefused: (packet) => packet.asError(connection.clientEncoding),
  }
}
