/** Up to this size, copying costs less than handing the system one more piece. */
const MAX_JOINED_BYTES = 16_384

/** A driver's connection, which hands every message to its socket by one method of its own. */
export type Sender<Method extends string> = { readonly stream: { cork(): void; uncork(): void } } & Record<
  Method,
  (message: Buffer) => unknown
>

/**
 * Joins the messages of a query and its switch: drivers hand each message to the socket by itself, and five pieces cost
 * several microseconds more than one, about what the switch adds.
 */
export class OneWrite<Method extends string> {
  readonly #connection: Sender<Method>
  readonly #send: (message: Buffer) => unknown
  #gathered: Buffer[] | undefined

  /**
   * @param connection - whose method is replaced
   * @param method - by which it sends: `_send` of pg, `write` of mysql2
   */
  constructor(connection: Sender<Method>, method: Method) {
    this.#connection = connection
    const send = connection[method].bind(connection)
    this.#send = send
    const gather = (message: Buffer): unknown => {
      if (this.#gathered === undefined) return send(message)
      this.#gathered.push(message)
      return true
    }
    connection[method] = gather as Sender<Method>[Method]
  }

  /** Calls `write`, which sends by the method of the connection and not by its stream, and sends what it sent. */
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
