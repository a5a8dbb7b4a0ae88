import * as mysql from 'mysql2'
import type { Pool, PoolOptions } from 'mysql2'
import { ConfigError } from '../errors'
import type { PoolCounts } from '../observe/pool-counts'
import type { WirePool } from './driver'
import { statementsPerConnection } from './statements'

/** The options that are ours and not mysql2's, as a caller without types may give them. */
export interface OwnOptions {
  readonly hygiene: string
  readonly switch: string
  readonly statementBudget: number
  readonly isolation: string
}

/** What mysql2 has made of the options, with the members that its types leave out. */
interface ResolvedConfig {
  readonly connectionLimit: number
  readonly resetOnRelease?: boolean
  readonly connectionConfig: {
    clientFlags: number
    maxPreparedStatements: number
    readonly database?: string | undefined
  }
}

/** What a pool was opened with, whether an option or the URI said so. */
export interface PoolFacts {
  /** 0 means no limit. */
  readonly connectionLimit: number
  readonly statementsPerConnection: number
  readonly allowsLocalFiles: boolean
  readonly database: string | undefined
}

/** A pool as it was opened. */
export interface OpenPool {
  readonly pool: Pool
  /** LOAD DATA LOCAL is allowed. */
  readonly allowsLocalFiles: boolean
  /** The application has said itself, by mysql2's option `trace`, whether the stack of each call is to be recorded. */
  readonly isTraceChosen: boolean
}

/** CLIENT_LOCAL_FILES of the protocol: the server may ask for a file. */
const LOCAL_FILES = 0x80

/**
 * Makes the pool of mysql2, and checks and amends what that has made of the options: some of them may stand in the URI.
 *
 * @throws ConfigError with all problems
 */
export function openPool(options: PoolOptions, own: OwnOptions): OpenPool {
  // A copy: mysql2 adds to it what the URI says.
  const resolved: { flags?: unknown; maxPreparedStatements?: unknown; trace?: unknown } = { ...options }
  const pool = mysql.createPool(resolved as PoolOptions)
  const config = (pool as unknown as { config: ResolvedConfig }).config
  const problems = problemsOf(config, own)
  if (problems.length > 0) {
    pool.end()
    throw new ConfigError(problems)
  }
  const { connectionConfig } = config
  const allowsLocalFiles = asksForLocalFiles(resolved.flags)
  if (allowsLocalFiles) connectionConfig.clientFlags |= LOCAL_FILES
  else connectionConfig.clientFlags &= ~LOCAL_FILES
  connectionConfig.maxPreparedStatements = statementsPerConnection(
    own.statementBudget,
    config.connectionLimit,
    Math.floor(Number(resolved.maxPreparedStatements)) || undefined,
  )
  return { pool, allowsLocalFiles, isTraceChosen: resolved.trace !== undefined }
}

/** Tells what a pool was opened with. */
export function describePool(pool: object): PoolFacts {
  const { connectionLimit, connectionConfig } = (pool as { config: ResolvedConfig }).config
  return {
    connectionLimit,
    statementsPerConnection: connectionConfig.maxPreparedStatements,
    allowsLocalFiles: (connectionConfig.clientFlags & LOCAL_FILES) !== 0,
    database: connectionConfig.database,
  }
}

/** Counts the connections of a pool. @param turns - how many calls wait elsewhere for the turn of their tenant */
export function countConnections(pool: WirePool, turns = 0): PoolCounts {
  const { _allConnections: all, _freeConnections: free, _connectionQueue: queue } = pool
  return { open: all.length, idle: free.length, waiting: queue.length + turns }
}

/** As of mysql2, in a list or separated by commas, and `-` wins. On by default there, for whoever has the server in hand. */
function asksForLocalFiles(flags: unknown): boolean {
  const list: readonly unknown[] = Array.isArray(flags)
    ? flags
    : typeof flags === 'string'
      ? flags.split(',')
      : []
  const names = list.map((flag) => String(flag).trim().toUpperCase())
  return !names.includes('-LOCAL_FILES') && names.some((name) => /^\+?LOCAL_FILES$/.test(name))
}

function problemsOf(
  { resetOnRelease }: ResolvedConfig,
  { hygiene, switch: how, statementBudget, isolation }: OwnOptions,
): string[] {
  const problems: string[] = []
  if (!['strict', 'auto', 'fast'].includes(hygiene))
    problems.push('The option `hygiene` is "strict", "auto" or "fast".')
  if (!['joined', 'awaited'].includes(how)) problems.push('The option `switch` is "joined" or "awaited".')
  if (!['database', 'role'].includes(isolation))
    problems.push('The option `isolation` is "database" or "role".')
  if (!Number.isSafeInteger(statementBudget) || statementBudget < 1)
    problems.push('The option `statementBudget` is a whole number from 1.')
  if (resetOnRelease)
    problems.push(
      'The option `resetOnRelease` costs a round trip and would not know of tenants: use `hygiene: "strict"`.',
    )
  return problems
}
