import { Pool } from 'pg'
import type { Client, PoolConfig } from 'pg'
import { TenantPool } from '../../../src/postgres/pool'
import type { TenantPoolConfig } from '../../../src/postgres/pool'
import { TenantContext } from '../../../src/tenant/context'
import type { Tenant } from '../../../src/tenant/context'
import type { SchemaName } from '../../../src/tenant/schema-name'
import type { TenantId } from '../../../src/tenant/tenant-id'
import { expectNoConnections } from '../../support/leak-guard'
import { settles } from '../../support/settles'
import { adminClient, dropPrefix, uniquePrefix, withOwner } from '../../support/servers'
import type { TestServer } from '../../support/servers'

/** Where the tests of the pool keep their tenant. */
export const context = new TenantContext('pool tests')

const APP_ROLE = 'rowhouse_app'

/** Tenants of one test file on one server: each has a schema with `users (id, name)`, where user 1 of `a` is `a-1`. */
export class Houses {
  readonly server: TestServer
  readonly prefix: string
  /** Name under which the server sees the connections of this file. */
  readonly applicationName: string
  readonly isolation: 'schema' | 'role'
  readonly #pools: Pool[] = []

  /** @param isolation - `role`: each tenant has a role, and the application's no right of its own */
  constructor(server: TestServer, title: string, isolation: 'schema' | 'role' = 'schema') {
    this.server = server
    this.isolation = isolation
    this.prefix = uniquePrefix(title)
    this.applicationName = this.prefix
  }

  /** Creates the schemas of these tenants, each with two users, for the application's role to work in. */
  async build(ids: readonly string[]): Promise<void> {
    await withOwner(this.server, async (owner) => {
      for (const id of ids) {
        const schema = owner.escapeIdentifier(this.schema(id))
        await owner.query(
          `create schema ${schema};
           create table ${schema}.users (id serial primary key, name text);
           insert into ${schema}.users (name) select '${id}-' || n from generate_series(1, 2) n`,
        )
        if (this.isolation === 'role') {
          const options = this.server.version >= 16 ? 'with inherit false, set true' : ''
          await owner.query(
            `create role ${schema}; grant ${schema} to ${APP_ROLE} ${options};
             grant usage on schema ${schema} to ${schema}, ${APP_ROLE};
             grant select, insert, update, delete on all tables in schema ${schema} to ${schema};
             grant usage, select on all sequences in schema ${schema} to ${schema}`,
          )
          continue
        }
        await owner.query(
          `grant usage, create on schema ${schema} to ${APP_ROLE};
           grant all on all tables in schema ${schema} to ${APP_ROLE};
           grant all on all sequences in schema ${schema} to ${APP_ROLE}`,
        )
      }
    })
  }

  /** Ends every pool, drops every schema, and sees to it that no connection is left. */
  async clear(): Promise<void> {
    await Promise.all(this.#pools.filter((pool) => !pool.ending).map((pool) => pool.end()))
    await expectNoConnections(this.server, this.applicationName)
    await dropPrefix(this.server, this.prefix)
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

  /** Runs work that has explicitly no tenant. */
  outside<Result>(work: () => Result): Result {
    return context.withoutTenant(work)
  }

  /** The name of user 1 of tenant b, by way of this pool, which must answer in time. */
  nameOfB(pool: Pick<Pool, 'query'>): Promise<string> {
    const name = async (): Promise<string> =>
      (await pool.query('select name from users where id = 1')).rows[0].name
    return settles(this.in('b', name), 'the query of the next tenant')
  }

  config(): PoolConfig {
    return { connectionString: this.server.appUrl, application_name: this.applicationName }
  }

  /** A tenant pool of one connection, as the application's role; ended by {@link clear}. */
  pool(options: Partial<TenantPoolConfig> = {}): Pool {
    const pool = new TenantPool({
      ...this.config(),
      max: 1,
      scope: () => context.scope(),
      isolation: this.isolation,
      ...options,
    })
    // Killed connections are part of these tests, and an unheard `error` would end the process.
    pool.on('error', () => {})
    this.#pools.push(pool)
    return pool
  }

  /** A pool of pg itself, on the schema of one tenant. */
  plainPool(id: string, options: PoolConfig = {}): Pool {
    const path = `-c search_path=${this.schema(id)}`
    const pool = new Pool({ ...this.config(), max: 1, options: path, ...options })
    pool.on('error', () => {})
    this.#pools.push(pool)
    return pool
  }

  /** Runs work as the role with the most rights. */
  async asAdmin<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = await adminClient(this.server)
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }

  /** Runs work as the owner of the schemas. */
  asOwner<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    return withOwner(this.server, work)
  }

  /** What a tenant's table really holds, in the order of insertion. */
  names(id: string, table = 'users'): Promise<string[]> {
    return this.asOwner(async (owner) => {
      const { rows } = await owner.query(
        `select name from ${owner.escapeIdentifier(this.schema(id))}.${table} order by id`,
      )
      return rows.map(({ name }: { name: string }) => name)
    })
  }

  /** Kills the server process of a connection and waits until it is gone. */
  async kill(pid: number): Promise<void> {
    await this.asAdmin(async (admin) => {
      await admin.query('select pg_terminate_backend($1)', [pid])
      for (;;) {
        const { rowCount } = await admin.query('select from pg_stat_activity where pid = $1', [pid])
        if (rowCount === 0) return
      }
    })
  }
}

/** Pid of the server process behind the next free connection. */
export async function pidOf(pool: Pick<Pool, 'query'>): Promise<number> {
  const { rows } = await pool.query('select pg_backend_pid() as pid')
  return rows[0].pid
}
