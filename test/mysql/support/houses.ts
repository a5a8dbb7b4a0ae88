import type { Pool as CallbackPool, PoolConnection as CallbackConnection } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import type { Connection, Pool, RowDataPacket } from 'mysql2/promise'
import { makeMarkTable } from '../../../src/mysql/marks'
import { MigrationSession } from '../../../src/mysql/migration-session'
import { createTenantPool } from '../../../src/mysql/pool'
import type { TenantPoolOptions, TenantPools } from '../../../src/mysql/pool'
import { giveRole } from '../../../src/mysql/tenant-role'
import { TenantContext } from '../../../src/tenant/context'
import type { Tenant } from '../../../src/tenant/context'
import type { SchemaName } from '../../../src/tenant/schema-name'
import type { TenantId } from '../../../src/tenant/tenant-id'
import { settles } from '../../support/settles'
import { dropMysqlPrefix, uniquePrefix } from '../../support/servers'
import type { MysqlTestServer } from '../../support/servers'

/** Where the tests of the pool keep their tenant. */
export const context = new TenantContext('mysql pool tests')

/** Tenants of one test file on one server: each has a database with `users (id, name)`, where user 1 of `a` is `a-1`. */
export class Houses {
  readonly server: MysqlTestServer
  readonly prefix: string
  /** `role`: the application's user has no rights in tenants but by their roles. */
  readonly isolation: 'database' | 'role'
  readonly #pools: TenantPools[] = []

  constructor(server: MysqlTestServer, title: string, isolation: 'database' | 'role' = 'database') {
    this.server = server
    this.isolation = isolation
    this.prefix = uniquePrefix(title)
  }

  /** Creates the databases of these tenants, each with two users, for the application's user to work in. */
  async build(ids: readonly string[]): Promise<void> {
    await this.asOwner(async (owner) => {
      for (const id of ids) {
        const database = owner.escapeId(this.schema(id))
        await owner.query(`create database ${database}`)
        await owner.query(
          `create table ${database}.users (id int primary key auto_increment, name varchar(80))`,
        )
        await owner.query(`insert into ${database}.users (name) values (?), (?)`, [`${id}-1`, `${id}-2`])
        if (this.isolation === 'role') await this.#giveRole(this.schema(id))
        else await this.grantDirectly(id)
      }
    })
  }

  /** Rights of the user's own, beside any role. */
  async grantDirectly(id: string): Promise<void> {
    await this.asOwner(async (owner) => {
      const pattern = owner.escapeId(this.schema(id).replaceAll('_', '\\_'))
      await owner.query(`grant all on ${pattern}.* to 'rowhouse_app'@'%'`)
    })
  }

  async #giveRole(schema: string): Promise<void> {
    const session = await MigrationSession.open({ uri: this.server.ownerUrl })
    try {
      await makeMarkTable(session, schema)
      await giveRole(session, schema, { user: 'rowhouse_app', host: '%' })
    } finally {
      await session.close()
    }
  }

  /** Ends every pool and drops every database. */
  async clear(): Promise<void> {
    await Promise.all(this.#pools.map(({ pool }) => pool.end().catch(() => {})))
    await dropMysqlPrefix(this.server, this.prefix)
  }

  schema(id: string): string {
    return this.prefix + id
  }

  tenant(id: string): Tenant {
    return { id: id as TenantId, schema: this.schema(id) as SchemaName }
  }

  /** Runs work in the context of a tenant. */
  in<Result>(id: string, work: () => Result): Result {
    return context.run(this.tenant(id), work)
  }

  /** A tenant pool of one connection, as the application's user; ended by {@link clear}. */
  pools(options: Partial<TenantPoolOptions> = {}): TenantPools {
    const pools = createTenantPool({
      uri: this.server.appUrl,
      connectionLimit: 1,
      isolation: this.isolation,
      scope: () => context.scope(),
      ...options,
    })
    this.#pools.push(pools)
    return pools
  }

  pool(options: Partial<TenantPoolOptions> = {}): Pool {
    return this.pools(options).pool
  }

  callbackPool(options: Partial<TenantPoolOptions> = {}): CallbackPool {
    return this.pools(options).callbackPool
  }

  /** What user 1 of tenant b is called, by way of this pool, which must answer in time. */
  nameOfB(pool: Pick<Pool, 'query'>): Promise<string[]> {
    const names = async (): Promise<string[]> =>
      namesIn(await pool.query('select name from users where id = 1'))
    return settles(this.in('b', names), 'the query of the next tenant')
  }

  /** Runs work as the user with all rights. */
  async asOwner<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await createConnection({ uri: this.server.ownerUrl, multipleStatements: true })
    try {
      return await work(connection)
    } finally {
      await connection.end()
    }
  }

  /** What a tenant's table really holds, in the order of insertion. */
  names(id: string, table = 'users'): Promise<string[]> {
    return this.asOwner(async (owner) => {
      const [rows] = await owner.query<RowDataPacket[]>(
        `select name from ${owner.escapeId(this.schema(id))}.${table} order by id`,
      )
      return rows.map(({ name }) => name as string)
    })
  }
}

/** Takes a connection of a pool with callbacks. */
export function borrow(pool: CallbackPool): Promise<CallbackConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)))
  })
}

/** Names in the rows of an answer. */
export function namesIn([rows]: readonly [unknown, ...unknown[]]): string[] {
  return (rows as { name: string }[]).map(({ name }) => name)
}

/** Id of the server's thread behind the next free connection. */
export async function threadOf(pool: Pick<Pool, 'query'>): Promise<number> {
  const [rows] = await pool.query<RowDataPacket[]>('select connection_id() as id')
  return rows[0]!['id'] as number
}
