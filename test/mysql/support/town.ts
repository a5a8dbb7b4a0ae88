import type { Pool as CallbackPool } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import type { Connection, Pool } from 'mysql2/promise'
import { mysql } from '../../../src/mysql/mysql'
import type { MysqlOptions } from '../../../src/mysql/mysql'
import { createTenancy } from '../../../src/tenancy'
import type { DefaultRecord } from '../../../src/scoped-tenancy'
import type { Tenancy } from '../../../src/tenancy'
import { MigrationFolder } from '../../support/migrations'
import { dropMysqlPrefix, uniquePrefix } from '../../support/servers'
import type { MysqlTestServer } from '../../support/servers'

/** A tenancy on MySQL. */
export type MysqlTenancy = Tenancy<Pool, Pool, DefaultRecord, CallbackPool>

/** Two small migrations, one in SQL and one in TypeScript: widget types, and widgets that refer to them. */
export const MYSQL_WIDGETS = {
  '20200101000000_create_widget_types.sql':
    '-- Up Migration\ncreate table widget_types (id int auto_increment primary key, name varchar(255) not null);\n' +
    '-- Down Migration\ndrop table widget_types;\n',
  '20200102000000_create_widgets.ts': `
    import type { MigrationDb } from 'rowhouse/mysql'
    export async function up(db: MigrationDb): Promise<void> {
      await db.query('create table widgets (id int auto_increment primary key, name varchar(255) not null, widget_type_id int, foreign key (widget_type_id) references widget_types (id))')
      await db.query('create index widgets_name_index on widgets (name)')
    }
    export async function down(db: MigrationDb): Promise<void> {
      await db.query('drop table widgets')
    }`,
} as const

/** A tenancy of one test: own prefix, own migration folder, the application's user beside the owner's. */
export class MysqlTown {
  readonly prefix: string
  readonly folder: MigrationFolder
  readonly tenancy: MysqlTenancy
  readonly owner: Connection
  readonly #server: MysqlTestServer

  private constructor(
    server: MysqlTestServer,
    prefix: string,
    folder: MigrationFolder,
    owner: Connection,
    options: MysqlOptions,
  ) {
    this.#server = server
    this.prefix = prefix
    this.folder = folder
    this.owner = owner
    this.tenancy = this.sibling({}, options)
  }

  static async open(
    server: MysqlTestServer,
    title: string,
    files: Readonly<Record<string, string>> = MYSQL_WIDGETS,
    options: MysqlOptions = {},
  ): Promise<MysqlTown> {
    const owner = await createConnection({ uri: server.ownerUrl, multipleStatements: true })
    return new MysqlTown(server, uniquePrefix(title), new MigrationFolder(files), owner, options)
  }

  /** Another tenancy over the same folder and server. The caller closes it. */
  sibling(options: { name?: string; prefix?: string }, engine: MysqlOptions = {}): MysqlTenancy {
    const { appUrl, ownerUrl } = this.#server
    return createTenancy({
      engine: mysql({ uri: appUrl, migrationUrl: ownerUrl, connectionLimit: 3, ...engine }),
      prefix: this.prefix,
      migrations: this.folder.path,
      ...options,
    })
  }

  schema(id: string): string {
    return this.prefix + id
  }

  /** Rows of a query in a tenant's database, with the owner's eyes. */
  async rows(id: string, sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    await this.owner.query('use ??', [this.schema(id)])
    const [rows] = await this.owner.query(sql, [...values])
    return rows as Record<string, unknown>[]
  }

  /** Names of the tables and views of a database. */
  async tables(id: string): Promise<string[]> {
    const [rows] = await this.owner.query(
      'select table_name as name from information_schema.tables where table_schema = ? order by binary table_name',
      [this.schema(id)],
    )
    return (rows as { name: string }[]).map(({ name }) => name)
  }

  async schemas(): Promise<string[]> {
    const [rows] = await this.owner.query(
      'select schema_name as name from information_schema.schemata where left(schema_name, ?) = ? order by 1',
      [this.prefix.length, this.prefix],
    )
    return (rows as { name: string }[]).map(({ name }) => name)
  }

  async close(): Promise<void> {
    await this.tenancy.close()
    await this.owner.end()
    this.folder.remove()
    await dropMysqlPrefix(this.#server, this.prefix)
  }
}
