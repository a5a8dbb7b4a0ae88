import type { Kind } from './kind'
import { CALLBACKS } from './routes/callbacks'
import { CROSSINGS } from './routes/crossings'
import { CUTS } from './routes/cuts'
import { HOSTILITIES } from './routes/hostilities'
import { INTERRUPTIONS } from './routes/interruptions'
import { LEFTOVERS } from './routes/leftovers'
import { LIFETIMES } from './routes/lifetimes'
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

/** And what needs a network that breaks, tenants that come and go, or one level of hygiene. */
export const TORTURE_KINDS: readonly Kind[] = [...KINDS, ...LEFTOVERS, ...LIFETIMES, ...CUTS]
