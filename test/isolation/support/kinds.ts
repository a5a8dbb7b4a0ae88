import type { Kind } from './kind'
import { CALLBACKS } from './routes/callbacks'
import { CROSSINGS } from './routes/crossings'
import { CUTS } from './routes/cuts'
import { FOREIGN_NAMES } from './routes/foreign-names'
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

/** A tenant's role may end no backend, not even its own; the last two send RESET ALL and a DO block, which are refused. */
const NOT_BY_ROLE = new Set(['suicide', 'suicide of the pool', 'reset', 'listener'])

/** What requests do where each tenant has a role, and what the server refuses there. */
export const HARD_KINDS: readonly Kind[] = byRole(KINDS)

/** And what needs a network that breaks, tenants that come and go, or one level of hygiene. */
export const TORTURE_KINDS: readonly Kind[] = [...KINDS, ...LEFTOVERS, ...LIFETIMES, ...CUTS]

/** The same where each tenant has a role. */
export const HARD_TORTURE_KINDS: readonly Kind[] = byRole(TORTURE_KINDS)

function byRole(kinds: readonly Kind[]): readonly Kind[] {
  return [...kinds.filter(({ name }) => !NOT_BY_ROLE.has(name)), ...FOREIGN_NAMES]
}

/**
 * What these do is refused with `mode: 'local'`, leaves what only a function shows, or holds a connection of the server while
 * it asks for a second one.
 */
const NOT_LOCAL = new Set([
  ...['begin in one text', 'set local', 'savepoints and path', 'nested checkouts', 'one name and two texts'],
  ...['stream', 'stream of the pool', 'stream destroyed', 'stream that fails', 'cursor', 'cursor left open'],
  ...['copy from', 'copy from broken off', 'copy from refused', 'copy to', 'copy to broken off'],
  ...['statement timeout left', 'set search_path', 'set search_path last', 'set search_path of the pool'],
  ...[
    'discard all',
    'reset',
    'deallocate',
    'listen',
    'app.user',
    'temporary table',
    'advisory lock',
    'session state',
  ],
])

/** What requests may do behind a pooler of transactions. Functions that hide a change of search_path are among it. */
export const LOCAL_KINDS: readonly Kind[] = TORTURE_KINDS.filter(({ name }) => !NOT_LOCAL.has(name))
