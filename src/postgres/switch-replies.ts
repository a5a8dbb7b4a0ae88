import type { ServerMessage } from './driver'

/** What a message of the server means while answers to a switch are outstanding. */
export type Verdict =
  /** Not ours: the answer to the user's query. */
  | 'pass'
  /** Ours and of no interest. */
  | 'swallow'
  /** Ours: the connection is on the path, and its schema was checked. */
  | 'switched'
  /** The switch failed and the server skips the user's messages behind it: tell the user. */
  | 'refused'
  /** The switch's own ReadyForQuery: `failure` tells how it ended. */
  | 'settled'
  /** Cleaning the session failed: nobody may use this connection. */
  | 'broken'
  /** An end that nothing was to have now: the answers can't be told apart any more. */
  | 'astray'

/** How many answers are to be expected. */
export interface ExpectedReplies {
  /** Simple queries in front, each with a ReadyForQuery of its own (DISCARD ALL and what must follow it). */
  readonly simple: number
  /** Execute messages of the switch itself. */
  readonly executes: number
  /** Whether the switch has a Sync of its own, or shares the user's. */
  readonly ownSync: boolean
}

/**
 * Tells the answers to a switch from the answers to the user's query behind it. Feed it every message until it is `done`.
 */
export class SwitchReplies {
  #simple: number
  #executes: number
  #isDone = false
  readonly #ownSync: boolean
  #failure: ServerMessage | undefined

  constructor({ simple, executes, ownSync }: ExpectedReplies) {
    this.#simple = simple
    this.#executes = executes
    this.#ownSync = ownSync
  }

  /** Everything that follows is the user's. */
  get done(): boolean {
    return this.#isDone
  }

  /** The server's error, when the switch did not succeed. */
  get failure(): ServerMessage | undefined {
    return this.#failure
  }

  /** ParseComplete, RowDescription, DataRow. */
  onDetail(): Verdict {
    return this.#isDone ? 'pass' : 'swallow'
  }

  onCommandComplete(): Verdict {
    if (this.#isDone) return 'pass'
    if (this.#simple > 0) return 'swallow'
    this.#executes -= 1
    if (this.#executes > 0) return 'swallow'
    this.#isDone = !this.#ownSync
    return 'switched'
  }

  onError(message: ServerMessage): Verdict {
    // After FATAL there is no ReadyForQuery: the connection ends, and the user should see why.
    if (this.#isDone || message.severity === 'FATAL' || message.severity === 'PANIC') return 'pass'
    this.#failure = message
    if (this.#simple > 0 || this.#ownSync) return 'swallow'
    this.#isDone = true
    return 'refused'
  }

  onReadyForQuery(): Verdict {
    if (this.#isDone) return 'pass'
    if (this.#simple > 0) {
      this.#simple -= 1
      return this.#failure === undefined ? 'swallow' : 'broken'
    }
    if (!this.#ownSync) return 'astray'
    this.#isDone = true
    return 'settled'
  }
}
