import type { Kind } from './kind'
import { CALLBACKS } from './routes/callbacks'
import { CROSSINGS } from './routes/crossings'
import { HOSTILITIES } from './routes/hostilities'
import { INTERRUPTIONS } from './routes/interruptions'
import { PROMISES } from './routes/promises'
import { STREAMS } from './routes/streams'
import { TRANSACTIONS } from './routes/transactions'

/** Everything that requests do. */
export const KINDS: readonly Kind[] = [
  ...PROMISES,
  ...CALLBACKS,
  ...TRANSACTIONS,
  ...STREAMS,
  ...INTERRUPTIONS,
  ...HOSTILITIES,
  ...CROSSINGS,
]
