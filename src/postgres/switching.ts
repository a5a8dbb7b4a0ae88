import type { StatementClass } from './classify'
import type { Submittable } from './driver'
import type { Lease } from './lease'
import type { Prefix } from './local-switch'
import type { SearchPath } from './search-path'
import type { CheckDepth } from './switch'
import type { SwitchMode } from './switch-mode'
import type { SwitchReplies } from './switch-replies'

/** Whose switch, how, and what to do when it is through. */
export interface Intent {
  readonly wanted: SearchPath
  readonly mode: SwitchMode
  /** Undefined: nothing is checked, on the default path and in a transaction. */
  readonly check: CheckDepth | undefined
  readonly backendPid: number
  readonly proceed: () => unknown
  /** Stands in front of the user's text, which an error counts along. */
  readonly prefix?: Prefix | undefined
}

/** A query that may need a switch. */
export interface Submission {
  readonly lease: Lease
  readonly query: Submittable
  readonly statement: StatementClass
  readonly mode: SwitchMode
  /** Of the path, on this connection. */
  readonly key: string
  readonly send: () => unknown
  readonly backendPid: number
}

/** A switch on its way. */
export interface Switching {
  readonly intent: Intent
  readonly replies: SwitchReplies
}
