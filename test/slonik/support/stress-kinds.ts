import type { Kind } from '../../isolation/support/kind'
import { CROSSINGS } from './routes/crossings'
import { HOSTILITIES } from './routes/hostilities'
import { INTERRUPTIONS } from './routes/interruptions'
import { QUERIES } from './routes/queries'
import { TRANSACTIONS } from './routes/transactions'
import { SlonikTurn, throwInnermost } from './slonik-turn'
import type { SlonikSubject } from './stress-subjects'

/** One way in which requests use slonik. */
export interface SlonikKind extends Omit<Kind, 'run' | 'style'> {
  readonly run: (turn: SlonikTurn) => Promise<void>
}

/** Everything that requests do. */
export const SLONIK_KINDS: readonly SlonikKind[] = [
  ...QUERIES,
  ...TRANSACTIONS,
  ...INTERRUPTIONS,
  ...HOSTILITIES,
  ...CROSSINGS,
]

/** The same on this pool. */
export function kindsOn(subject: SlonikSubject): readonly Kind[] {
  return SLONIK_KINDS.map(({ run, ...kind }) => ({
    ...kind,
    style: 'promise',
    run: (turn) => run(new SlonikTurn(turn, subject)).catch(throwInnermost),
  }))
}
