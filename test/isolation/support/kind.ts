import type { Fate } from './ledger'
import type { Turn } from './turn'

/** One way in which requests use the pool. */
export interface Kind {
  /** `savepoint` */
  readonly name: string
  readonly style: 'promise' | 'callback' | 'stream'
  /** How often it comes up, beside the others; a whole number. */
  readonly weight: number
  /** Fate of each token that a request of this kind gets; `other` marks one meant for the other tenant. */
  readonly tokens?: readonly (Fate | 'other')[]
  /** Blocks a connection of a plain pg.Pool for good, so that there is nothing to compare. */
  readonly blocksPlainPool?: boolean
  /** Needs no more than `tenants in, rows out`: no hostile SQL, no failure. */
  readonly isMild?: boolean
  readonly run: (turn: Turn) => Promise<void>
}
