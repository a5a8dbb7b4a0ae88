import type { Pool as MysqlPool, PoolConnection } from 'mysql2/promise'
import type { Pool as PostgresPool, PoolClient } from 'pg'
import type { Hooks } from '../../../src/lifecycle/hooks'
import { mysql } from '../../../src/mysql/mysql'
import { postgres } from '../../../src/postgres/postgres'
import type { TenancyOptions } from '../../../src/options'
import { createTenancy } from '../../../src/tenancy'
import type { Tenancy } from '../../../src/tenancy'
import { MYSQL_WIDGETS } from '../../mysql/support/town'
import type { EngineServer } from '../../support/engines'
import { MigrationFolder, WIDGETS } from '../../support/migrations'
import { uniquePrefix } from '../../support/servers'

/** A client or connection that was handed out. */
export interface Lent {
  query(sql: string): Promise<unknown>
  release(): void
}

/** How to speak to one engine's pool: the few lines in which the drivers differ. */
interface Dialect {
  engine(
    urls: { appUrl: string; ownerUrl: string; hasRoles: boolean; lockTimeoutMs: number | undefined },
    size: number,
  ): TenancyOptions<any, any, object>['engine']
  rows(answer: any): { name: string }[]
  lend(pool: any): Promise<PoolClient | PoolConnection>
  readonly value: '$1' | '?'
  readonly files: Readonly<Record<string, string>>
}

const DIALECTS: Readonly<Record<EngineServer['engine'], Dialect>> = {
  postgres: {
    engine: ({ appUrl, ownerUrl, hasRoles, lockTimeoutMs }, max) =>
      postgres({
        ...{ connectionString: appUrl, migrationUrl: ownerUrl, max, lockTimeoutMs },
        ...(hasRoles ? { isolation: 'role' } : {}),
      }),
    rows: ({ rows }) => rows,
    lend: (pool: PostgresPool) => pool.connect(),
    value: '$1',
    files: WIDGETS,
  },
  mysql: {
    engine: ({ appUrl, ownerUrl, hasRoles, lockTimeoutMs }, connectionLimit) =>
      mysql({
        ...{ uri: appUrl, migrationUrl: ownerUrl, connectionLimit, lockTimeoutMs },
        ...(hasRoles ? { isolation: 'role' } : {}),
      }),
    rows: ([rows]) => rows,
    lend: (pool: MysqlPool) => pool.getConnection(),
    value: '?',
    files: MYSQL_WIDGETS,
  },
}

/** What a town is made of. */
export interface TownOptions {
  /** Connections of the pool. Default 3. */
  readonly size?: number
  /** Default: the server's. */
  readonly appUrl?: string
  readonly name?: string
  /** Default: widget types, and widgets, in two migrations. */
  readonly files?: Readonly<Record<string, string>>
  readonly prefix?: string
  /** Each tenant has a role of its own. Default false. */
  readonly hasRoles?: boolean
  readonly hooks?: Hooks
  /** Default: the engine's. */
  readonly lockTimeoutMs?: number
  /** Which ids it takes. */
  readonly validate?: RegExp
}

/** A tenancy on a server of any engine, with tables `widget_types` and `widgets`, each with `id` and `name`. */
export class EngineTown {
  readonly prefix: string
  readonly folder: MigrationFolder
  readonly tenancy: Tenancy<any, any>
  readonly #server: EngineServer
  readonly #dialect: Dialect

  /** @param title - what tells it from the other towns of its test file */
  constructor(server: EngineServer, title: string, options: TownOptions = {}) {
    const { size = 3, appUrl = server.appUrl, name, prefix, hasRoles = false, hooks } = options
    this.#server = server
    this.#dialect = DIALECTS[server.engine]
    this.prefix = prefix ?? uniquePrefix(`${title} ${server.name}`)
    this.folder = new MigrationFolder(options.files ?? this.#dialect.files)
    this.tenancy = createTenancy({
      engine: this.#dialect.engine(
        { appUrl, ownerUrl: server.ownerUrl, hasRoles, lockTimeoutMs: options.lockTimeoutMs },
        size,
      ),
      name,
      hooks,
      validate: options.validate,
      prefix: this.prefix,
      migrations: this.folder.path,
    })
  }

  /** `tenant_acme` */
  schema(id: string): string {
    return this.prefix + id
  }

  /** Writes a widget of whose turn it is. */
  async insert(name: string, on: Pick<Lent, 'query'> = this.tenancy.pool): Promise<void> {
    const query = on.query.bind(on) as (sql: string, values: unknown[]) => Promise<unknown>
    await query(`insert into widgets (name) values (${this.#dialect.value})`, [name])
  }

  /** Names of the widgets of whose turn it is, in the order of insertion. */
  async names(on: Pick<Lent, 'query'> = this.tenancy.pool): Promise<string[]> {
    const answer = await on.query('select name from widgets order by id')
    return this.#dialect.rows(answer).map(({ name }) => name)
  }

  /** Makes a tenant with one widget. */
  async settle(id: string, name = `of ${id}`): Promise<void> {
    await this.tenancy.create(id)
    await this.tenancy.run(id, () => this.insert(name))
  }

  /** Names of the widgets of a tenant, as its pool reads them. */
  namesOf(id: string): Promise<string[]> {
    return this.tenancy.run(id, () => this.names())
  }

  lend(): Promise<Lent> {
    return this.#dialect.lend(this.tenancy.pool)
  }

  /** What a tenant's table really holds, with the owner's eyes. */
  async kept(id: string): Promise<string[]> {
    const rows = await this.asOwner('select name from widgets order by id', id)
    return rows.map(({ name }) => name as string)
  }

  /** Rows of a statement of the owner's, in the schema of a tenant where one is named. */
  asOwner(sql: string, id?: string): Promise<any[]> {
    return this.#server.asOwner(sql, id === undefined ? undefined : this.schema(id))
  }

  get #cascade(): string {
    return this.#server.engine === 'postgres' ? ' cascade' : ''
  }

  schemas(): Promise<string[]> {
    return this.#server.schemas(this.prefix)
  }

  async close(): Promise<void> {
    // Kept under names that do not begin with the prefix.
    for (const { keptAs } of await this.tenancy.listDropped())
      await this.asOwner(`drop schema ${keptAs}${this.#cascade}`)
    await this.tenancy.close()
    this.folder.remove()
    await this.#server.dropPrefix(this.prefix)
  }
}
