import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import * as pg from 'pg'
import { DriverError } from '../errors'

/*
 * What we use of pg beyond its documentation, in one place: own types for it, and a check at start that the installed
 * version still has it. Written against pg 8.23 and pg-pool 3.14.
 */

/** The protocol level of a client. */
export interface WireConnection extends EventEmitter {
  readonly stream: Duplex
  /** Statement name -> text, of what the server has parsed. */
  parsedStatements: Record<string, string>
  submittedNamedStatements: Record<string, string>
  /** Every message goes through it, but Flush. */
  _send(message: Buffer): boolean
  query(text: string): void
  parse(message: { text: string; name: string }): void
  bind(message: { portal: string; statement: string; values: readonly unknown[]; binary: boolean }): void
  execute(message: { portal: string; rows: number }): void
  close(message: { type: 'S' | 'P'; name: string }): void
  sync(): void
}

/** Anything that `client.query()` takes and that talks to the connection itself: queries, cursors, streams. */
export interface Submittable {
  /** Writes to the connection; an Error returned instead means that nothing was written. */
  submit(connection: WireConnection): unknown
  handleError(error: unknown, connection: WireConnection | undefined): void
  callback?: ((...args: unknown[]) => void) | undefined
  text?: unknown
  name?: string | undefined
  query_timeout?: number | undefined
}

/** pg's own query class. */
export interface TextQuery extends Submittable {
  queryMode?: string | undefined
  binary?: boolean | undefined
  rows?: number | undefined
  values?: unknown
  requiresPreparation(): boolean
}

/** Parsers by the number of a type, of one client. */
export interface TypeParsers {
  text: Record<number, unknown>
  binary: Record<number, unknown>
}

/** Members of pg's Client that its types leave out. */
export interface ClientInternals {
  readonly _types: TypeParsers
  readonly connection: WireConnection
  readonly processID: number | null
  readonly _queryable: boolean
  readonly _ending: boolean
  readonly _ended: boolean
  _activeQuery: Submittable | null | undefined
  readonly _queryQueue: readonly Submittable[]
  /** Undefined until the first ReadyForQuery. */
  readyForQuery: boolean | undefined
  _pulseQueryQueue(): void
  _handleErrorMessage(message: ServerMessage): void
  _handleReadyForQuery(message: ServerMessage): void
  _handleRowDescription(message: ServerMessage): void
  _handleDataRow(message: ServerMessage): void
  _handleCommandComplete(message: ServerMessage): void
  _handleParseComplete(message: ServerMessage): void
  _handleEmptyQuery(message: ServerMessage): void
  getTransactionStatus(): 'I' | 'T' | 'E' | null
  /** What pg-pool compares with `maxUses`, whose default is Infinity: at Infinity it lets the connection go. */
  _poolUseCount?: number
}

/** Members of pg-pool's Pool that its types leave out. */
export interface PoolInternals {
  _release(client: pg.PoolClient, idleListener: () => void, error?: Error | boolean): void
  newClient(pendingItem: unknown): void
}

/** A message of the server as pg-protocol parses it. */
export interface ServerMessage {
  readonly name?: string
  /** Command tag of CommandComplete. */
  readonly text?: string
  /** Transaction status of ReadyForQuery. */
  readonly status?: 'I' | 'T' | 'E'
  readonly severity?: string
  readonly code?: string
  readonly message?: string
  hint?: string | undefined
  /** Of the error, in characters from 1. */
  position?: string | undefined
}

/** pg's Client with the members above. */
export const DriverClient = pg.Client as unknown as new (
  config?: pg.ClientConfig,
) => pg.Client & ClientInternals

/** pg's Pool with the members above. */
export const DriverPool = pg.Pool as unknown as new (config?: pg.PoolConfig) => pg.Pool & PoolInternals

/** pg's protocol level; its prototype writes messages through `_send`. */
export const DriverConnection = pg.Connection as unknown as { readonly prototype: unknown }

/** pg's Query, made from the arguments of `client.query()`. */
export const DriverQuery = pg.Query as unknown as new (
  config: unknown,
  values?: unknown,
  callback?: unknown,
) => TextQuery

/** Whether what `query()` was given speaks the protocol itself, instead of being text or a config object. */
export function isSubmittable(config: unknown): config is Submittable {
  return (
    typeof config === 'object' &&
    config !== null &&
    typeof (config as Partial<Submittable>).submit === 'function'
  )
}

/**
 * A user's callback whose exception reaches the process without passing through the driver: thrown in the middle of the
 * driver's parser, it would take the rest of the server's answer with it.
 */
export function throwingLater<Args extends unknown[]>(
  callback: (...args: Args) => unknown,
): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  }
}

/** Whether an error is the server's answer to a statement, after which the connection goes on. */
export function isStatementError(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR'
}

const CLIENT_MEMBERS = [
  '_pulseQueryQueue',
  '_handleErrorMessage',
  '_handleReadyForQuery',
  '_handleRowDescription',
  '_handleDataRow',
  '_handleCommandComplete',
  '_handleParseComplete',
  '_handleEmptyQuery',
  'getTransactionStatus',
]
const CONNECTION_MEMBERS = ['_send', 'parse', 'bind', 'execute', 'sync', 'close', 'query']
const QUERY_MEMBERS = ['submit', 'handleError', 'requiresPreparation']
const POOL_MEMBERS = ['_release', 'newClient', 'connect', 'query']

/**
 * Checks that the installed pg has what scoping needs.
 *
 * @throws {@link DriverError} naming what is missing
 */
export function assertDriver(driver: Record<'Client' | 'Connection' | 'Query' | 'Pool', unknown> = pg): void {
  const missing = [
    ...missingOf('Client', driver.Client, CLIENT_MEMBERS),
    ...missingOf('Connection', driver.Connection, CONNECTION_MEMBERS),
    ...missingOf('Query', driver.Query, QUERY_MEMBERS),
    ...missingOf('Pool', driver.Pool, POOL_MEMBERS),
  ]
  if (missing.length === 0) return
  throw new DriverError(
    `The installed pg lacks ${missing.join(', ')}, which safe scoping needs. Install pg 8.20 or a later 8.x.`,
  )
}

function missingOf(name: string, type: unknown, members: readonly string[]): string[] {
  const prototype = (typeof type === 'function' ? type.prototype : undefined) as
    Record<string, unknown> | undefined
  return members
    .filter((member) => typeof prototype?.[member] !== 'function')
    .map((member) => `${name}.${member}`)
}
