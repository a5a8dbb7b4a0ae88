import { createPool } from 'mysql2'
import type { Pool as MysqlPool, PoolConnection } from 'mysql2'
import { Pool } from 'pg'
import type { PoolClient } from 'pg'
import type { AnyTenancy } from './library'

type Use = (error: Error | undefined, client: PoolClient | undefined, done: () => void) => void

/** Says `set search_path` on each connection that it lends, for the tenant of the driver's callback. */
export class NaivePool extends Pool {
  readonly #tenancy: AnyTenancy

  constructor(tenancy: AnyTenancy, connectionString: string, max: number) {
    super({ connectionString, max })
    this.#tenancy = tenancy
  }

  override connect(): Promise<PoolClient>
  override connect(use: Use): void
  override connect(use?: Use): Promise<PoolClient> | void {
    if (use !== undefined) return this.#lend(use)
    return new Promise((resolve, reject) =>
      this.#lend((error, client) => (error ? reject(error) : resolve(client!))),
    )
  }

  #lend(use: Use): void {
    super.connect((error, client, done) => {
      if (client === undefined) return use(error, client, done)
      const schema = this.#tenancy.current()?.schema
      const path = schema === undefined ? 'reset search_path' : `set search_path to "${schema}"`
      client.query(path, () => use(undefined, client, done))
    })
  }
}

/** Says `use` on each connection that it lends, for the tenant of the driver's callback. */
export function naiveMysqlPool(tenancy: AnyTenancy, uri: string, connectionLimit: number): MysqlPool {
  const pool = createPool({ uri, connectionLimit, database: 'information_schema' })
  const getConnection = pool.getConnection.bind(pool)
  pool.getConnection = (use: (error: any, connection: PoolConnection) => void) =>
    getConnection((error, connection) => {
      if (error) return use(error, connection)
      connection.query('use ??', [tenancy.current()?.schema ?? 'information_schema'], () =>
        use(null, connection),
      )
    })
  return pool
}
