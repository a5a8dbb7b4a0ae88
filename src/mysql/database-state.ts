/*
 * Which database is a connection certainly in, and what must travel in front of a command? A pure machine;
 * connection-scope.ts feeds it.
 *
 *   event    | at
 *   entered  | the database: the server has answered COM_INIT_DB
 *   parked   | the parking place
 *   reported | what the server says it is in
 *   used     | as before, but no longer fit for anybody without a reset, the same tenant included
 *   doubted  | unknown: something ran that could have moved the connection, or stopped the reports
 *
 * A server does not skip the command behind a switch that failed. So only from the parking place, where a command can
 * touch no tenant, may a switch and a command be sent together; from anywhere else the switch is awaited.
 */

/** Where a connection is: in a database, or nobody knows. */
export interface DatabaseState {
  readonly at: string | undefined
  /** The database that the session worked for last; it may hold that tenant's state. */
  readonly served: string | undefined
}

/** Served last, so that whoever comes is another one. No database has this name. */
const NOBODY = ''

/** What happened. */
export type DatabaseEvent =
  | { readonly type: 'at'; readonly database: string }
  | { readonly type: 'doubted' }
  | { readonly type: 'used' }
  | { readonly type: 'serves'; readonly database: string }

/** The state after an event; the same object where nothing has changed, since each query makes several. */
export function afterEvent(state: DatabaseState, event: DatabaseEvent): DatabaseState {
  const { served } = state
  switch (event.type) {
    case 'at':
      return state.at === event.database ? state : { at: event.database, served }
    case 'doubted':
      return state.at === undefined ? state : { at: undefined, served }
    case 'used':
      return { at: state.at, served: NOBODY }
    case 'serves':
      return served === event.database ? state : { at: state.at, served: event.database }
  }
}

/** What a command is about to do. */
export interface Wish {
  readonly database: string
  /**
   * Whether the command means the current database: a query `always`, a prepared statement `never`, because it runs in the
   * database of its PREPARE (measured), and a PREPARE of what is prepared already only `afterReset`.
   */
  readonly needsDatabase: 'always' | 'afterReset' | 'never'
  /** The session may hold state that another tenant must not find. */
  readonly isDirty: boolean
  /** This pool has entered the database before, so it was there. */
  readonly isKnown: boolean
  /** Every switch is to be awaited. */
  readonly isAwaited: boolean
  /** A database is entered together with a role, and nobody knows what a reset makes of that. */
  readonly hasRole: boolean
  readonly parking: string
}

/** What must travel in front of a command. */
export interface SwitchNeed {
  /** Clear the session first. */
  readonly reset: boolean
  readonly enter: boolean
  /** Wait for the answers before the command is sent. */
  readonly awaited: boolean
}

/** What a wish needs in front. */
export function needOf({ at, served }: DatabaseState, wish: Wish): SwitchNeed {
  const reset = wish.isDirty && served !== undefined && served !== wish.database
  const meansDatabase = wish.needsDatabase === 'always' || (wish.needsDatabase === 'afterReset' && reset)
  const enter = meansDatabase && (at !== wish.database || (reset && wish.hasRole))
  const awaited = enter && (wish.isAwaited || !wish.isKnown || at !== wish.parking)
  return { reset, enter, awaited }
}
