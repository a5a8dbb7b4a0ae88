import { createTenancy } from '../../../src/index'
import { mysql } from '../../../src/mysql/mysql'
import { postgres } from '../../../src/postgres/postgres'
import type { EngineServer } from '../../support/engines'
import { MigrationFolder } from '../../support/migrations'
import { uniquePrefix } from '../../support/servers'

/** SQL of the running tenant, with `?` for a value. */
export type Sql = (text: string, ...values: unknown[]) => Promise<any[]>

/** What an application needs of a tenancy, whatever the engine. */
export interface AnyTenancy {
  readonly pool: unknown
  run<T>(tenant: string, work: () => T): T
  current(): { readonly id: any; readonly schema: any } | undefined
  middleware(options: any): any
  resumeTenant(): any
  bind<Args extends unknown[], Result>(work: (...args: Args) => Result): (...args: Args) => Result
  schemaName(tenant: any): any
  create(tenant: any, options?: any): Promise<unknown>
  drop(tenant: any): Promise<unknown>
  close(): Promise<void>
}

/** Two tenants on a server, each with a table of widgets and one of logs. */
export interface Town {
  readonly engine: 'postgres' | 'mysql'
  readonly prefix: string
  readonly appUrl: string
  readonly tenancy: AnyTenancy
  readonly sql: Sql
  end(): Promise<void>
}

const TABLES = {
  postgres:
    'create table widgets (id serial primary key, name text, extra jsonb, raw bytea, words text[]); create table logs (line text);',
  mysql:
    'create table widgets (id int auto_increment primary key, name varchar(100), extra json, raw blob, words text); create table logs (line text);',
}

/** Makes them; over two connections, so that tenants share them. */
export async function foundTown(server: EngineServer, title: string): Promise<Town> {
  const { engine, appUrl, ownerUrl } = server
  const prefix = uniquePrefix(title)
  const folder = new MigrationFolder({ '20200101000000_tables.sql': TABLES[engine] })
  const options = { prefix, migrations: folder.path }
  const tenancy: AnyTenancy =
    engine === 'postgres'
      ? createTenancy({
          ...options,
          engine: postgres({ connectionString: appUrl, migrationUrl: ownerUrl, max: 2 }),
        })
      : createTenancy({
          ...options,
          engine: mysql({ uri: appUrl, migrationUrl: ownerUrl, connectionLimit: 2 }),
        })
  await tenancy.create('a')
  await tenancy.create('b')
  return {
    ...{ engine, prefix, appUrl, tenancy, sql: sqlOf(engine, tenancy.pool) },
    async end() {
      await tenancy.close()
      await server.dropPrefix(prefix)
      folder.remove()
    },
  }
}

/** One way to ask for both drivers. */
export function sqlOf(engine: 'postgres' | 'mysql', pool: unknown): Sql {
  return async (text, ...values) => {
    let count = 0
    const sql = engine === 'postgres' ? text.replace(/\?/g, () => `$${++count}`) : text
    const answer = await (pool as any).query(sql, values)
    return engine === 'postgres' ? answer.rows : answer[0]
  }
}
