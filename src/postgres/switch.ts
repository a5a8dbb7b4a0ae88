import { PoolerError, SwitchError, TenantAccessError, TenantNotFoundError } from '../errors'
import { DriverConnection } from './driver'
import type { ServerMessage, WireConnection } from './driver'
import type { SearchPath } from './search-path'

/*
 * The switch on the wire. `SET search_path` and a check of its result travel in one write with the user's query:
 *
 *   joined   P/B/E SET · P/B/E check · [user: P/B/D/E] · Sync      one statement: fails as a whole
 *   ahead    P/B/E SET · P/B/E check · Sync · [user: BEGIN]        outside the user's transaction, else ROLLBACK undoes it
 *   awaited  P/B/E SET · P/B/E check · Sync, its answer, [user]    what can't share a transaction with anything
 *
 * When a switch fails, the server skips everything up to the Sync: the user's query does not run. Where tenants have roles,
 * `SET ROLE` stands in front of the SET, and the check is one at the role, too.
 */

/**
 * How closely the switch looks at its result. `plain`: the tenant's schema is there and this role may use it;
 * `telling`: the same, the error says which of the two is wrong, and the backend is the one the connection was opened
 * to. Costs about 20 us more, where `plain` costs about 15 (PostgreSQL 18.4, no latency).
 */
export type CheckDepth = 'plain' | 'telling'

const AT_SCHEMA = 'current_schema() is not distinct from $1'
const PLAIN_CHECK = `select 1 / (${AT_SCHEMA})::int`

// The three ways to fail have an SQLSTATE each: no such schema 22012, no USAGE on it 2201F, another backend 2201E.
// Every failing part depends on a function of the session: a plan knows the parameters, and would fold `sqrt(-length($1))`
// into an error that is raised although the branch is never taken (measured on 18.4 and 15.18).
const TELLING_CHECK =
  `select case when ${AT_SCHEMA} then ln((pg_backend_pid() = $2)::int) ` +
  'else 1 / (to_regnamespace(quote_ident($1)) is not null)::int + sqrt(-pg_backend_pid()) end'
/** The telling check where the backend is not compared. */
export const TELLING_CHECK_BEHIND_POOLER = TELLING_CHECK.replace('ln((pg_backend_pid() = $2)::int)', '0')

/** SQLSTATE of {@link PLAIN_CHECK}, and of the telling one where there is no such schema. */
export const CHECK_FAILED = '22012'
/** SQLSTATE of a telling check where the role may not use the schema. */
export const NO_USAGE = '2201F'
const OTHER_BACKEND = '2201E'
/** There is no such role; it is not granted to the one that the connection belongs to. */
const NO_ROLE = ['22023', '42501']
/**
 * Takes a role, or tells that its schema is not there (22012), which SET ROLE could not. It takes a snapshot, so it does not
 * stand in a user's transaction.
 */
const TAKE_ROLE =
  "select case when to_regnamespace(quote_ident($1)) is not null then set_config('role', $1, false) " +
  'else (1 / (pg_backend_pid() * 0))::text end'
const IN_FAILED_TRANSACTION = '25P02'
const QUERY_CANCELED = '57014'

/** What a switch consists of. */
export interface SwitchParts {
  readonly set: boolean
  /** Undefined: nothing to check. */
  readonly check: CheckDepth | undefined
  /** Pid from the startup messages; undefined where a pooler was declared, so that the backend is not compared. */
  readonly backendPid: number | undefined
}

/**
 * Writes a switch, without a Sync.
 *
 * @returns how many answers (CommandComplete) to expect
 */
export function writeSwitch(connection: WireConnection, path: SearchPath, parts: SwitchParts): number {
  if (path.schema === undefined || parts.check === undefined) {
    if (!parts.set) return 0
    connection._send((path.wire.set ??= record((recorder) => writeSet(recorder, path))))
    return statementsOf(path)
  }
  if (parts.check === 'plain') {
    const { schema } = path
    const key = parts.set ? 'setAndCheck' : 'check'
    const messages = (path.wire[key] ??= record((recorder) => {
      if (parts.set) writeSet(recorder, path)
      writeStatement(recorder, checkOf(path, PLAIN_CHECK), [schema])
    }))
    connection._send(messages)
    return parts.set ? statementsOf(path) + 1 : 1
  }
  return writeTelling(connection, path, path.schema, parts)
}

function writeTelling(
  connection: WireConnection,
  path: SearchPath,
  schema: string,
  { set, backendPid }: SwitchParts,
): number {
  if (set && path.role !== undefined) writeStatement(connection, TAKE_ROLE, [schema])
  if (set) writePath(connection, path)
  if (backendPid === undefined)
    writeStatement(connection, checkOf(path, TELLING_CHECK_BEHIND_POOLER), [schema])
  else writeStatement(connection, checkOf(path, TELLING_CHECK), [schema, String(backendPid)])
  return set ? statementsOf(path) + 1 : 1
}

/** A tenant's role is named like its schema. */
function checkOf({ role }: SearchPath, check: string): string {
  return role === undefined ? check : check.replace(AT_SCHEMA, () => `(${AT_SCHEMA} and current_user = $1)`)
}

/** The messages of a switch never change for a path, and one write costs less than one for each of them. */
export function record(write: (recorder: WireConnection) => void): Buffer {
  const chunks: Buffer[] = []
  const recorder = Object.create(DriverConnection.prototype as object) as WireConnection
  recorder._send = (chunk) => chunks.push(chunk) > 0
  write(recorder)
  return Buffer.concat(chunks)
}

/** Without a look at anything: it takes no snapshot. */
function writeSet(connection: WireConnection, path: SearchPath): void {
  if (path.role !== undefined) writeStatement(connection, `SET ROLE ${path.role}`, [])
  writePath(connection, path)
}

function writePath(connection: WireConnection, { sql }: SearchPath): void {
  writeStatement(connection, `SET search_path TO ${sql}`, [])
}

/** Of {@link writeSet}. */
function statementsOf({ role }: SearchPath): number {
  return role === undefined ? 1 : 2
}

/** Writes one statement by the extended protocol, without a Sync. */
export function writeStatement(
  connection: WireConnection,
  text: string,
  values: readonly (string | null)[],
): void {
  connection.parse({ text, name: '' })
  connection.bind({ portal: '', statement: '', values, binary: false })
  connection.execute({ portal: '', rows: 0 })
}

/** Whether a switch was refused for a reason that only a telling one finds out. */
export function isUnclear({ role }: SearchPath, { code = '' }: ServerMessage): boolean {
  return code === CHECK_FAILED || (role !== undefined && NO_ROLE.includes(code))
}

/** The error a user gets when a switch did not succeed; the user's query did not run. */
export function switchErrorOf(path: SearchPath, failure: ServerMessage): unknown {
  const details = { tenant: path.tenant, cause: failure }
  if (path.role !== undefined && NO_ROLE.includes(failure.code ?? ''))
    return new TenantAccessError(
      `The role ${path.role} does not exist, or is not granted to the application's role; the query was not run. Migrate the ` +
        'tenant, which makes and grants it (isolation: "role").',
      details,
    )
  switch (failure.code) {
    case CHECK_FAILED:
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
          'opened to); the query was not run. Connect directly, set `mode: "local"` if it pools transactions, or `pooler: "session"` if it pools whole sessions.',
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
