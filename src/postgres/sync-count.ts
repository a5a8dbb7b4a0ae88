import type { WireConnection } from './driver'

/**
 * Counts the messages that end in a ReadyForQuery against those that came. A driver may send a Sync too many: pg does so
 * for values that can't be bound, and a cursor does when it is told of a second error. The ReadyForQuery to it would be
 * taken for the end of the query behind, and from there on each query would get the rows of the one before.
 */
export class SyncCount {
  #due = 0
  #strays = 0
  /** The message sent last was a simple query. */
  #isSimple = false
  /** A simple COPY FROM waits for its data. */
  #isCopying = false

  /** @param connection - whose `sync()` and `query()` are counted */
  constructor(connection: WireConnection) {
    const sync = connection.sync.bind(connection)
    const query = connection.query.bind(connection)
    connection.sync = () => {
      if (this.#isCopying) return
      this.#isSimple &&= this.#due > this.#strays
      this.#due += 1
      sync()
    }
    connection.query = (text) => {
      this.#isSimple = true
      this.#due += 1
      query(text)
    }
    connection.on('copyInResponse', () => this.#onCopyIn())
  }

  /**
   * Until the data has ended the server ignores each Sync, also one that overtook this message. Behind the data a simple
   * query needs none, and what came by the extended protocol needs another.
   */
  #onCopyIn(): void {
    this.#isCopying = this.#isSimple
    this.#due = this.#isSimple ? 1 : 0
    this.#strays = 0
  }

  /** A ReadyForQuery is to come for what runs now. */
  get isDue(): boolean {
    return this.#due > this.#strays
  }

  /** What is sent from here on belongs together: whatever is due still belongs to nobody. */
  begin(): void {
    this.#strays = this.#due
  }

  /** A ReadyForQuery came. @returns whether it belongs to what runs now */
  onReadyForQuery(): boolean {
    this.#isCopying = false
    // The first one, at the start, was not asked for.
    if (this.#due > 0) this.#due -= 1
    if (this.#strays === 0) return true
    this.#strays -= 1
    return false
  }
}
