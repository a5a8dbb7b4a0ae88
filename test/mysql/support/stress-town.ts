import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { Order } from '../../isolation/support/lifecycle'
import { Registry } from '../../isolation/support/registry'
import { canaryOf } from '../../isolation/support/town'
import type { Item } from '../../isolation/support/town'
import { MigrationFolder } from '../../support/migrations'
import type { MysqlTestServer } from '../../support/servers'
import { Houses } from './houses'

/** For tenants that come and go. */
const MIGRATIONS = {
  '20200101000000_create_items.sql':
    '-- Up Migration\ncreate table items (id int primary key auto_increment, token varchar(100) not null, tenant varchar(20) not null);\n' +
    '-- Down Migration\ndrop table items;\n',
  '20200102000000_add_note.sql':
    '-- Up Migration\nalter table items add note text;\n-- Down Migration\nalter table items drop note;\n',
}

/** Twenty tenants, each with `items (id, token, tenant)`, where `tenant` says by default whose table it is and row 1 is a canary. */
export class StressTown extends Houses {
  readonly tenants = Array.from({ length: 20 }, (_, index) => `t${String(index + 1).padStart(2, '0')}`)

  /** What makes and drops tenants of this town beside the pool under test. */
  readonly registry = new Registry(() => this.#order())
  readonly #migrations = new MigrationFolder(MIGRATIONS)
  #built: readonly string[] = []

  constructor(server: MysqlTestServer, title: string, isolation?: 'database' | 'role') {
    super(server, title, isolation)
  }

  override async build(): Promise<void> {
    await super.build(this.tenants)
    await this.asOwner(async (owner) => {
      for (const tenant of this.tenants) {
        const database = owner.escapeId(this.schema(tenant))
        await owner.query(
          `create table ${database}.items (
             id int primary key auto_increment, token varchar(100) not null, tenant varchar(20) not null default ${owner.escape(tenant)});
           insert into ${database}.items (token) values (${owner.escape(canaryOf(tenant))});
           create procedure ${database}.newest() begin select token, tenant from items order by id desc limit 20; select 1; end`,
        )
      }
    })
    this.#built = await this.#tables()
  }

  /** Leaves nothing but the canaries, as the town was built. */
  async reset(): Promise<void> {
    const strays = await this.strayTables()
    await this.asOwner(async (owner) => {
      for (const tenant of this.tenants) {
        const table = `${owner.escapeId(this.schema(tenant))}.items`
        await owner.query(`truncate table ${table}; insert into ${table} (token) values (?)`, [
          canaryOf(tenant),
        ])
      }
      for (const stray of strays) await owner.query(`drop table if exists ${owner.escapeId(stray)}`)
    })
  }

  /** Tables in the tenants' databases that were not there when the town was built, as `database.name`. */
  async strayTables(): Promise<readonly string[]> {
    return (await this.#tables()).filter((name) => !this.#built.includes(name))
  }

  override async clear(): Promise<void> {
    await this.registry.close()
    this.#migrations.remove()
    await super.clear()
  }

  #tables(): Promise<string[]> {
    return this.asOwner(async (owner) => {
      const [rows] = await owner.query<RowDataPacket[]>(
        `select concat(table_schema, '.', table_name) as name from information_schema.tables
          where left(table_schema, ?) = ?`,
        [this.prefix.length, this.prefix],
      )
      return rows.map(({ name }) => name as string)
    })
  }

  #order(): Order {
    const { appUrl, ownerUrl } = this.server
    const isHard = this.isolation === 'role'
    return {
      engine: 'mysql',
      appUrl,
      ownerUrl,
      prefix: this.prefix,
      migrations: this.#migrations.path,
      isHard,
    }
  }

  /** What really is in each tenant's table, seen by the owner. */
  items(): Promise<ReadonlyMap<string, readonly (Item & { readonly id: string })[]>> {
    return this.asOwner(async (owner) => {
      const all = new Map<string, (Item & { id: string })[]>()
      for (const tenant of this.tenants) all.set(tenant, await itemsOf(owner, this.schema(tenant)))
      return all
    })
  }
}

async function itemsOf(owner: Connection, database: string): Promise<(Item & { id: string })[]> {
  const [rows] = await owner.query<RowDataPacket[]>(
    `select id, token, tenant from ${owner.escapeId(database)}.items order by id`,
  )
  return rows.map(({ id, token, tenant }) => ({
    id: String(id),
    token: token as string,
    tenant: tenant as string,
  }))
}
