import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import * as mysql from 'mysql2'
import { DriverError } from '../errors'

/*
 * What we use of mysql2 beyond its documentation, in one place: own types for it, and a check at start that the installed
 * version still has it. Written against mysql2 3.24.
 */

/** A packet of the server as mysql2 parses it. */
export interface Packet {
  readonly buffer: Buffer
  readonly offset: number
  readonly end: number
  isError(): boolean
  asError(encoding: string): DatabaseError
}

/** What the server refused. */
export interface DatabaseError extends Error {
  readonly code?: string
  readonly errno?: number
  readonly sqlState?: string
}

/** A step of a command: takes a packet and tells the next step; null when the command is through. */
export type Step = (packet: Packet | undefined, connection: WireConnection) => Step | null | undefined

/** What the server says at the end of a statement without rows. */
export interface OkResult {
  readonly serverStatus?: number
  readonly warningStatus?: number
  readonly stateChanges?: { readonly schema?: string | null } | undefined
}

/** One command of the protocol, from its request to the end of its answer. */
export interface Command extends EventEmitter {
  next: Step | null | undefined
  start: Step
  execute(packet: Packet | undefined, connection: WireConnection): boolean
  onResult?: ((...args: unknown[]) => void) | undefined
  doneInsert?: (result: OkResult | null) => Step | null | undefined
  readonly sql?: string
  /** Of the option `timeout`. */
  readonly queryTimeout?: NodeJS.Timeout | null
  /** Of an Execute: what Prepare made. */
  statement?: PreparedStatement
  /** Of a Prepare. */
  readonly options?: { readonly sql?: string }
}

/** A statement that the server has prepared. */
export interface PreparedStatement {
  readonly query: string
  close(): unknown
  execute(parameters: unknown, callback?: unknown): Command
}

/** The statements of one connection, by mysql2's key for their text. */
export interface StatementCache {
  get(key: string): PreparedStatement | undefined
  set(key: string, statement: PreparedStatement): void
  delete(key: string): void
  clear(): void
  readonly size: number
}

/** A connection of a pool, with the members that its types leave out. */
export interface WireConnection extends EventEmitter {
  readonly stream: Duplex
  readonly clientEncoding: string
  readonly config: {
    charsetNumber: number
    readonly maxPreparedStatements: number
    readonly compress?: boolean
    readonly clientFlags: number
  }
  readonly serverCapabilityFlags?: number
  readonly _handshakePacket?: { readonly statusFlags?: number } | null
  readonly _paused: boolean
  readonly _fatalError: unknown
  readonly _closing?: boolean
  _command: Command | null | undefined
  _pool: unknown
  _statements: StatementCache
  sequenceId: number
  compressedSequenceId: number
  addCommand(command: Command): Command
  write(buffer: Buffer): void
  _resetSequenceId(): void
  _notifyError(error: Error): void
  query(...args: readonly unknown[]): Command
  execute(...args: readonly unknown[]): Command
  prepare(...args: readonly unknown[]): Command
  release(): void
  destroy(): void
}

/** mysql2's pool, with the members that its types leave out. */
export interface WirePool extends EventEmitter {
  readonly config: {
    readonly connectionLimit: number
    readonly connectionConfig: { database?: string | undefined }
  }
  readonly _allConnections: { readonly length: number }
  readonly _connectionQueue: { readonly length: number }
  readonly _freeConnections: { readonly length: number }
  /** After `end()`. */
  readonly _closed: boolean
  getConnection(callback: (error: Error | null, connection?: WireConnection) => void): void
  releaseConnection(connection: WireConnection): void
  query(...args: readonly unknown[]): Command
  execute(...args: readonly unknown[]): void
  promise(): unknown
  end(callback?: (error?: Error) => void): void
}

/** What a command is to scoping. */
export type CommandKind = 'query' | 'prepare' | 'execute' | 'changeUser' | 'reset' | 'other'

/** Tells commands apart by what they have, since their classes are not exported. */
export function kindOf(command: Command): CommandKind {
  if (Object.hasOwn(command, 'parameterDefinitions')) return 'prepare'
  if (Object.hasOwn(command, 'statement') && Object.hasOwn(command, 'parameters')) return 'execute'
  if (Object.hasOwn(command, '_queryOptions')) return 'query'
  if (Object.hasOwn(command, 'currentConfig')) return 'changeUser'
  return command.constructor.name === 'ResetConnection' ? 'reset' : 'other'
}

/** Makes a query command that belongs to no connection yet. */
export function createQuery(sql: string): Command {
  return (mysql as unknown as { createQuery(...args: unknown[]): Command }).createQuery(
    sql,
    [],
    undefined,
    {},
  )
}

const CONNECTION_MEMBERS = [
  'addCommand',
  'write',
  '_resetSequenceId',
  '_notifyError',
  'handlePacket',
  'query',
  'execute',
  'prepare',
]
const POOL_MEMBERS = ['getConnection', 'releaseConnection', 'query', 'execute', 'promise', 'end']
const QUERY_MEMBERS = ['start', 'execute', 'doneInsert', 'done']

/**
 * Checks that the installed mysql2 has what a switch in the same flush needs.
 *
 * @returns what is missing, `Connection.addCommand`; empty when all is there
 */
export function missingMembers(driver: Readonly<Record<string, unknown>> = mysql): string[] {
  const query = typeof driver['createQuery'] === 'function' ? createQuery('select 1') : undefined
  return [
    ...missingOf('Connection', prototypeOf(driver['Connection']), CONNECTION_MEMBERS),
    ...missingOf('Pool', prototypeOf(driver['Pool']), POOL_MEMBERS),
    ...missingOf('Query', query, QUERY_MEMBERS),
    ...(query !== undefined && kindOf(query) !== 'query' ? ['Query._queryOptions'] : []),
  ]
}

/** @throws DriverError naming what is missing */
export function assertDriver(): void {
  const missing = missingMembers()
  if (missing.length === 0) return
  throw new DriverError(
    `The installed mysql2 lacks ${missing.join(', ')}, which safe scoping needs. Install mysql2 3.24 or a later 3.x.`,
  )
}

function prototypeOf(type: unknown): unknown {
  return typeof type === 'function' ? type.prototype : undefined
}

function missingOf(name: string, target: unknown, members: readonly string[]): string[] {
  const found = target as Record<string, unknown> | undefined
  return members
    .filter((member) => typeof found?.[member] !== 'function')
    .map((member) => `${name}.${member}`)
}
