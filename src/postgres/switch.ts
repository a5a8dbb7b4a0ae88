import { PoolerError, SwitchError, TenantAccessError, TenantNotFoundError } from '../errors'
import type { ServerMessage, WireConnection } from './driver'
import type { SearchPath } from './search-path'

/*
 * The switch on the wire. `SET search_path` and a check of its result travel in one write with the user's query:
 *
 *   joined   P/B/E SET · P/B/E check · [user: P/B/D/E] · Sync      one statement: fails as a whole
 *   ahead    P/B/E SET · P/B/E check · Sync · [user: BEGIN]        outside the user's transaction, else ROLLBACK undoes it
 *   awaited  P/B/E SET · P/B/E check · Sync, its answer, [user]    what can't share a transaction with anything
 *
 * When a switch fails, the server skips everything up to the Sync: the user's query does not run.
 */

/** How the user's messages stand to the switch. */
export type SwitchMode = 'joined' | 'ahead' | 'awaited'

// The three ways to fail have an SQLSTATE each: no such schema 22012, no USAGE on it 2201F, another backend 2201E.
// Every failing part depends on a function of the session: a plan knows the parameters, and would fold `sqrt(-length($1))`
// into an error that is raised although the branch is never taken (measured on 18.4 and 15.18).
const CHECK_HEAD = 'select case when current_schema() is not distinct from $1 then '
const CHECK_BACKEND = 'ln((pg_backend_pid() = $2)::int) '
const CHECK_TAIL =
  'else 1 / (to_regnamespace(quote_ident($1)) is not null)::int + sqrt(-pg_backend_pid()) end'

const NO_SCHEMA = '22012'
const NO_USAGE = '2201F'
const OTHER_BACKEND = '2201E'
const IN_FAILED_TRANSACTION = '25P02'
const QUERY_CANCELED = '57014'

/**
 * Writes `SET search_path`.
 *
 * @returns the number of answers to expect
 */
export function writeSet(connection: WireConnection, path: SearchPath): number {
  writeStatement(connection, `SET search_path TO ${path.sql}`, [])
  return 1
}

/**
 * Writes the check that the tenant's schema is there, that this role may use it, and that the backend is the one this
 * connection was opened to.
 *
 * @param backendPid - pid from the startup messages; undefined where a pooler was declared and the backend may change
 * @returns the number of answers to expect
 */
export function writeCheck(
  connection: WireConnection,
  path: SearchPath,
  backendPid: number | undefined,
): number {
  if (path.schema === undefined) return 0
  if (backendPid === undefined) writeStatement(connection, `${CHECK_HEAD}0 ${CHECK_TAIL}`, [path.schema])
  else writeStatement(connection, CHECK_HEAD + CHECK_BACKEND + CHECK_TAIL, [path.schema, String(backendPid)])
  return 1
}

/** Writes one statement by the extended protocol, without a Sync. */
function writeStatement(connection: WireConnection, text: string, values: readonly string[]): void {
  connection.parse({ text, name: '' })
  connection.bind({ portal: '', statement: '', values, binary: false })
  connection.execute({ portal: '', rows: 0 })
}

/** The error a user gets when a switch did not succeed; the user's query did not run. */
export function switchErrorOf(path: SearchPath, failure: ServerMessage): unknown {
  const details = { tenant: path.tenant, cause: failure }
  switch (failure.code) {
    case NO_SCHEMA:
      return new TenantNotFoundError(
        `Schema "${path.schema}" does not exist; the query was not run. Create the tenant first, or check the prefix.`,
        details,
      )
    case NO_USAGE:
      return new TenantAccessError(
        `This role may not use schema "${path.schema}"; the query was not run. GRANT USAGE ON SCHEMA to it.`,
        details,
      )
    case OTHER_BACKEND:
      return new PoolerError(
        'A connection pooler stands between this pool and PostgreSQL (the backend is not the one the connection was ' +
          'opened to); the query was not run. Connect directly, or set `pooler: "session"` if it pools whole sessions.',
        details,
      )
    // What the user's own query would have answered, or what the user asked for.
    case IN_FAILED_TRANSACTION:
    case QUERY_CANCELED:
      return failure
    default:
      return new SwitchError(
        `Could not switch to ${path.schema === undefined ? 'the default search_path' : `schema "${path.schema}"`}: ` +
          `${failure.message}. The query was not run.`,
        details,
      )
  }
}
