import type { Connection, RowDataPacket } from 'mysql2/promise'
import { canaryOf } from '../../isolation/support/town'
import type { Item } from '../../isolation/support/town'
import type { MysqlTestServer } from '../../support/servers'
import { Houses } from './houses'

/** Twenty tenants, each with `items (id, token, tenant)`, where `tenant` says by default whose table it is and row 1 is a canary. */
export class StressTown extends Houses {
  readonly tenants = Array.from({ length: 20 }, (_, index) => `t${String(index + 1).padStart(2, '0')}`)

  constructor(server: MysqlTestServer, title: string) {
    super(server, title)
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
