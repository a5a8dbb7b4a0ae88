import type { Hygiene } from '../../../src/postgres/hygiene'
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
  /** Leaves state that is cleared from this level of hygiene on; on every one by default. */
  readonly clearedFrom?: Exclude<Hygiene, 'fast'>
  readonly run: (turn: Turn) => Promise<void>
}

const LEVELS: readonly Hygiene[] = ['fast', 'auto', 'strict']

/** The kinds whose leftovers this level promises to clear. */
export function clearedBy<K extends { readonly clearedFrom?: Hygiene }>(
  hygiene: Hygiene,
  kinds: readonly K[],
): readonly K[] {
  const level = LEVELS.indexOf(hygiene)
  return kinds.filter((kind) => LEVELS.indexOf(kind.clearedFrom ?? 'fast') <= level)
}
