import type { Effect } from './classify'

/*
 * Which search_path is a connection certainly on? A pure machine; connection-scope.ts feeds it what passes on the wire.
 *
 * Servers from 18 on report search_path whenever it has changed, before ReadyForQuery: the report is the truth, also
 * after the user's own SET, ROLLBACK or DISCARD. Older servers say nothing: there a path is certain only from our own
 * switch until something ran that could have changed it, within one checkout.
 *
 *   event       | path, server reports | path, server silent
 *   reported    | the report           | (never)
 *   switched    | -                    | pending until ready
 *   failed      | -                    | unknown: an error undoes the SET
 *   discarded   | -                    | unknown: DISCARD ALL resets it
 *   ready       | -                    | pending; unknown at the end of a transaction and after a statement with an effect
 *   released    | -                    | unknown
 */

/** Transaction status as ReadyForQuery tells it: idle, in a transaction, in a failed transaction. */
export type TransactionStatus = 'I' | 'T' | 'E'

/** What is known of a connection's search_path. */
export interface PathState {
  /** The server reports search_path by itself (PostgreSQL >= 18). */
  readonly reports: boolean
  /** The report made at startup: the connection's default. Undefined also where a pooler has kept it. */
  readonly initial: string | undefined
  /** The path certainly in force, in canonical form; undefined: not known. */
  readonly path: string | undefined
  /** Path of a switch that succeeded and whose transaction is still open. */
  readonly pending: string | undefined
  readonly status: TransactionStatus
}

/** What happened on the wire. */
export type PathEvent =
  /** `isStartup`: nothing of ours can have set it yet. */
  | { readonly type: 'reported'; readonly path: string | undefined; readonly isStartup: boolean }
  | { readonly type: 'switched'; readonly path: string }
  | { readonly type: 'failed' }
  | { readonly type: 'discarded' }
  | { readonly type: 'ready'; readonly status: TransactionStatus; readonly effect: Effect }
  | { readonly type: 'released' }

/** A connection nobody knows anything of. */
export const UNKNOWN: PathState = {
  reports: false,
  initial: undefined,
  path: undefined,
  pending: undefined,
  status: 'I',
}

/** Name of the default path on servers that do not report theirs; no canonical path looks like it. */
const SILENT_DEFAULT = 'DEFAULT'

/** The state after an event: the same object where nothing has changed, since every query makes several. */
export function afterEvent(state: PathState, event: PathEvent): PathState {
  if (event.type === 'reported') {
    const { path, isStartup } = event
    return stateOf(
      true,
      isStartup && !state.reports ? path : state.initial,
      path,
      state.pending,
      state.status,
    )
  }
  const { reports, initial, path, pending, status } = state
  if (reports) {
    return event.type !== 'ready' || event.status === status
      ? state
      : stateOf(reports, initial, path, pending, event.status)
  }
  switch (event.type) {
    case 'switched':
      return stateOf(reports, initial, path, event.path, status)
    case 'failed':
    case 'discarded':
      return stateOf(reports, initial, undefined, undefined, status)
    case 'released':
      return stateOf(reports, initial, undefined, pending, status)
    case 'ready':
      return afterReady(state, event.status, event.effect)
  }
}

/**
 * The state after an event where a pooler lends connections by the transaction: no path is ever believed, since what the
 * server reports may be of another connection, and a function hidden in a view may have moved this one.
 */
export function afterEventLocally(state: PathState, event: PathEvent): PathState {
  return event.type === 'ready' ? afterEvent(state, event) : state
}

function afterReady(state: PathState, status: TransactionStatus, effect: Effect): PathState {
  const endsTransaction = status === 'I' && state.status !== 'I'
  const path = endsTransaction || effect !== 'none' ? undefined : (state.pending ?? state.path)
  return stateOf(state.reports, state.initial, path, undefined, status)
}

/** Every state is built here: a copy by spread costs microseconds more, in each query, and so does each later read of it. */
function stateOf(
  reports: boolean,
  initial: string | undefined,
  path: string | undefined,
  pending: string | undefined,
  status: TransactionStatus,
): PathState {
  return { reports, initial, path, pending, status }
}

/** What must travel in front of a statement. */
export interface SwitchNeed {
  readonly set: boolean
  /** `due`: look at the schema; `relied`: a recent look will do; `none`: there is nothing to look at. */
  readonly check: 'due' | 'relied' | 'none'
}

/**
 * What a statement for `wanted` needs in front. Outside a transaction the schema is looked at, since another process may
 * have dropped it. Inside one it was looked at in front of BEGIN, and not again: the look takes a snapshot, which
 * REPEATABLE READ would keep, so that a LOCK TABLE as the first statement would come too late.
 *
 * @param wanted - canonical path; undefined for the connection's default
 * @param isSeen - the schema was looked at lately, and the statement may rely on that
 */
export function needOf(state: PathState, wanted: string | undefined, isSeen = false): SwitchNeed {
  const set = state.path !== resolvePath(state, wanted)
  // The default path belongs to no tenant.
  if (wanted === undefined || state.status !== 'I') return { set, check: 'none' }
  // The look is also one at the path: a function hidden in a view may have moved it, and an older server is silent.
  return { set, check: isSeen && (set || state.reports) ? 'relied' : 'due' }
}

/** The canonical name of a wanted path on this connection. */
export function resolvePath(state: PathState, wanted: string | undefined): string {
  return wanted ?? state.initial ?? SILENT_DEFAULT
}
