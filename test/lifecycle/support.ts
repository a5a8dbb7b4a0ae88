import { Client } from 'pg'
import type { Pool } from 'pg'
import { postgres } from '../../src/postgres/postgres'
import type { PostgresOptions } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import type { Tenancy } from '../../src/tenancy'
import { MigrationFolder, WIDGETS } from '../support/migrations'
import { dropPrefix, uniquePrefix } from '../support/servers'
import type { TestServer } from '../support/servers'

/** A tenancy of one test: own prefix, own migration folder, the application's role beside the owner's. */
export class Town {
  readonly prefix: string
  readonly folder: MigrationFolder
  readonly tenancy: Tenancy<Pool, Pool>
  readonly owner: Client
  readonly #server: TestServer

  private constructor(
    server: TestServer,
    title: string,
    files: Readonly<Record<string, string>>,
    options: Partial<PostgresOptions>,
  ) {
    this.#server = server
    this.prefix = uniquePrefix(title)
    this.folder = new MigrationFolder(files)
    this.owner = new Client({ connectionString: server.ownerUrl })
    this.tenancy = this.sibling({}, options)
  }

  static async open(
    server: TestServer,
    title: string,
    files: Readonly<Record<string, string>> = WIDGETS,
    options: Partial<PostgresOptions> = {},
  ): Promise<Town> {
    const town = new Town(server, title, files, options)
    town.owner.on('notice', () => {})
    await town.owner.connect()
    return town
  }

  /** Another tenancy over the same folder and server. The caller closes it. */
  sibling(
    options: { name?: string; prefix?: string },
    engine: Partial<PostgresOptions> = {},
  ): Tenancy<Pool, Pool> {
    return createTenancy({
      engine: postgres({
        connectionString: this.#server.appUrl,
        migrationUrl: this.#server.ownerUrl,
        max: 3,
        ...engine,
      }),
      prefix: this.prefix,
      migrations: this.folder.path,
      ...options,
    })
  }

  /** Names of all relations of a schema, `widgets`, `widgets_name_index`. */
  async relations(schema: string): Promise<string[]> {
    const { rows } = await this.owner.query(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relkind in ('r', 'i', 'S', 'v') order by 1`,
      [schema],
    )
    return rows.map(({ name }) => name as string)
  }

  async schemas(): Promise<string[]> {
    const { rows } = await this.owner.query(
      'select nspname as name from pg_namespace where starts_with(nspname, $1) order by 1',
      [this.prefix],
    )
    return rows.map(({ name }) => name as string)
  }

  async close(): Promise<void> {
    await this.tenancy.close()
    await this.owner.end()
    this.folder.remove()
    await dropPrefix(this.#server, this.prefix)
  }
}
