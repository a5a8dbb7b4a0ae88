import type { WireConnection } from './driver'

/** Up to this size, copying costs less than handing the system one more piece. */
const MAX_JOINED_BYTES = 16_384

/**
 * Joins the messages of a query and its switch: pg hands each message to the socket by itself, and five pieces cost
 * several microseconds more than one, about what the switch adds.
 */
export class OneWrite {
  readonly #connection: WireConnection
  readonly #send: (message: Buffer) => boolean
  #gathered: Buffer[] | undefined

  constructor(connection: WireConnection) {
    this.#connection = connection
    const send = connection._send.bind(connection)
    this.#send = send
    connection._send = (message) => {
      if (this.#gathered === undefined) return send(message)
      this.#gathered.push(message)
      return true
    }
  }

  /** Calls `write`, which sends by the methods of the connection and not by its stream, and sends what it sent. */
  run<T>(write: () => T): T {
    const gathered: Buffer[] = []
    this.#gathered = gathered
    try {
      return write()
    } finally {
      this.#gathered = undefined
      this.#deliver(gathered)
    }
  }

  /** The same for a `write` that may use the stream: the pieces stay pieces, and go out together. */
  cork<T>(write: () => T): T {
    const { stream } = this.#connection
    stream.cork()
    try {
      return write()
    } finally {
      stream.uncork()
    }
  }

  #deliver(messages: readonly Buffer[]): void {
    const size = messages.reduce((sum, { length }) => sum + length, 0)
    if (size > MAX_JOINED_BYTES) this.cork(() => messages.forEach(this.#send))
    else if (size > 0) this.#send(Buffer.concat(messages, size))
  }
}
