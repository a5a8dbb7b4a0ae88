import type { EngineFactory } from '../engine'
import { ConfigError } from '../errors'
import { MIGRATION_TEMPLATES as MYSQL_TEMPLATES } from '../mysql/migration-templates'
import { MIGRATION_TEMPLATES as POSTGRES_TEMPLATES } from '../postgres/migration-templates'
import { WITHOUT_TENANT } from '../tenant/context'
import { Recorder } from './recorder'
import type { QueryAnswer, QueryMatch, RecordedQuery } from './recorder'
import { RecordingMysqlPool } from './recording-mysql-pool'
import { RecordingPool } from './recording-pool'
import type { PoolParts, RecordedResult } from './recording-pool'
import { RecordingTenants } from './recording-tenants'
import { RecordingTransaction } from './recording-transaction'

/** An engine without a server, and what its pools were asked. */
export interface RecordingEngine<Pool> extends EngineFactory<Pool, Pool> {
  /** Every query in its order, those of `tenancy.admin`, too. */
  readonly queries: readonly RecordedQuery[]
  /** Says what queries are answered; of several answers for one query the last one counts. Without any there are no rows. */
  answer(match: QueryMatch, answer: QueryAnswer): void
  /** Forgets queries and answers; tenants stay. */
  reset(): void
}

/** Which driver's pool an engine is to have. */
export interface RecordingOptions<Driver extends 'postgres' | 'mysql'> {
  /** Default `postgres`. */
  readonly driver?: Driver | undefined
}

/**
 * An engine for unit tests: `createTenancy({ engine: recordingEngine() })`. Context, middleware, ids and the life of tenants
 * are the real ones; `tenancy.pool` sends nothing, writes down what it is given, and refuses what the real one refuses: a
 * query without a tenant, a client of another tenant, a client after its release.
 *
 * @typeParam Pool - what the code under test takes, `recordingEngine<pg.Pool>()`
 * @throws ConfigError for an unknown driver
 */
export function recordingEngine<Pool = RecordingPool>(
  options?: RecordingOptions<'postgres'>,
): RecordingEngine<Pool>
/** The same with a pool of `mysql2/promise`. */
export function recordingEngine<Pool = RecordingMysqlPool>(
  options: RecordingOptions<'mysql'>,
): RecordingEngine<Pool>
/** What both come to. */
export function recordingEngine({
  driver = 'postgres',
}: RecordingOptions<'postgres' | 'mysql'> = {}): RecordingEngine<RecordingPool | RecordingMysqlPool> {
  if (driver !== 'postgres' && driver !== 'mysql')
    throw new ConfigError(["The option `driver` must be 'postgres' or 'mysql'."])
  const recorder = new Recorder()
  const makePool = (parts: PoolParts): RecordingPool | RecordingMysqlPool =>
    driver === 'mysql' ? new RecordingMysqlPool(parts) : new RecordingPool(parts)
  return {
    ...KINDS[driver],
    name: driver,
    queries: recorder.queries,
    answer: (match, answer) => recorder.answer(match, answer),
    reset: () => recorder.reset(),
    open({ scope, transaction }) {
      const tenants = new RecordingTenants()
      const pool = makePool({ recorder, scope, transaction })
      return {
        pool,
        admin: makePool({ recorder, scope: () => WITHOUT_TENANT, transaction: () => undefined }),
        begin: () => RecordingTransaction.begin(recorder, scope()),
        async send(sql, values) {
          const answer: unknown = await pool.query(sql, [...values])
          if (!Array.isArray(answer)) {
            const { rows, rowCount } = answer as RecordedResult
            return { rows: rows as object[], affected: rowCount ?? 0 }
          }
          const [rows] = answer as readonly unknown[]
          return Array.isArray(rows)
            ? { rows: rows as object[], affected: rows.length }
            : { rows: [], affected: 0, ...(rows as object) }
        },
        returning: async () => new Set(['insert', 'update', 'delete']),
        readMark: async (schema) => tenants.readMark(schema),
        listMarked: (prefix) => tenants.listMarked(prefix),
        openWorker: async () => tenants,
        close: async () => {},
      }
    },
  }
}

const KINDS = {
  postgres: { nameLimit: { max: 63, unit: 'bytes' }, migrationTemplates: POSTGRES_TEMPLATES },
  mysql: { nameLimit: { max: 64, unit: 'characters' }, migrationTemplates: MYSQL_TEMPLATES },
} as const
