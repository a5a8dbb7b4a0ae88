import { AsyncLocalStorage } from 'node:async_hooks'
import { createPool } from 'mysql2'
import type { Pool as CallbackPool, PoolConnection } from 'mysql2'
import type { Pool } from 'mysql2/promise'
import { createTenantPool } from '../../../src/mysql/pool'
import type { TenantPoolOptions } from '../../../src/mysql/pool'
import type { CuttingProxy } from '../../support/cutting-proxy'
import { context } from './houses'
import type { Houses } from './houses'

/** Fewer connections than requests by far, so that every connection serves every tenant. */
const POOL_SIZE = 3

/** A pool under test, and how it gets its tenant. */
export interface MysqlSubject {
  readonly pool: Pool
  readonly callbackPool: CallbackPool
  readonly isGuarded: boolean
  /** Between the pool and its server, where connections are to break. */
  readonly proxy?: CuttingProxy
  run<T>(tenant: string, work: () => T): T
  current(): string | undefined
  close(): Promise<void>
}

/** The pool of this package. */
export function scopedSubject(houses: Houses, options: Partial<TenantPoolOptions> = {}): MysqlSubject {
  const { pool, callbackPool } = createTenantPool({
    uri: houses.server.appUrl,
    connectionLimit: POOL_SIZE,
    isolation: houses.isolation,
    scope: () => context.scope(),
    ...options,
  })
  return {
    pool,
    callbackPool,
    isGuarded: true,
    run: (tenant, work) => houses.in(tenant, work),
    current: () => context.current()?.id,
    close: () => pool.end(),
  }
}

/**
 * What a recipe would do: a `USE` in front of each query, in the tenant of the moment when the connection arrives. Its
 * statements are kept by text, and its callbacks run wherever the driver calls them.
 */
export function naiveSubject(houses: Houses): MysqlSubject {
  const store = new AsyncLocalStorage<string>()
  const callbackPool = createPool({
    uri: houses.server.appUrl,
    connectionLimit: POOL_SIZE,
    multipleStatements: true,
  })
  const getConnection = callbackPool.getConnection.bind(callbackPool)
  callbackPool.getConnection = (
    callback: (error: NodeJS.ErrnoException | null, connection: PoolConnection) => unknown,
  ) => {
    getConnection((error, connection) => {
      if (error) return void callback(error, connection)
      const tenant = store.getStore() ?? 't01'
      connection.query(`use \`${houses.schema(tenant)}\``, (problem) => void callback(problem, connection))
    })
  }
  const pool = callbackPool.promise()
  return {
    pool,
    callbackPool,
    isGuarded: false,
    run: (tenant, work) => store.run(tenant, work),
    current: () => store.getStore(),
    close: () => pool.end(),
  }
}
