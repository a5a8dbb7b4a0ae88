import { readProgress } from '../../src/postgres/progress'
import type { SchemaName } from '../../src/tenant/schema-name'
import { Town } from '../lifecycle/support'
import { SERVERS } from '../support/servers'

describe.each(SERVERS)('what lies beside tenants of $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  test('the version of a tenant without books is not that of a shared schema', async () => {
    town = await Town.open(server, 'version')
    const shared = `${town.prefix}shared`
    await town.owner.query(
      `create schema ${shared}; create table ${shared}.schema_migrations (id serial, name text, run_on timestamp);
       insert into ${shared}.schema_migrations (name) values ('20990101000000_the_application');
       grant usage on schema ${shared} to public; grant select on all tables in schema ${shared} to public`,
    )
    const tenancy = town.sibling({}, { sharedSchemas: [shared] })
    try {
      await tenancy.create('empty', { migrate: false })
      await tenancy.create('acme')
      const version = (id: string): Promise<unknown> => {
        const schema = (town.prefix + id) as SchemaName
        return tenancy.run(
          id,
          async () => (await readProgress(tenancy.pool, schema, 'schema_migrations')).version,
        )
      }
      await town.owner.query(`drop table if exists ${town.prefix}empty.schema_migrations`)
      expect([await version('empty'), await version('acme')]).toEqual([undefined, 20200102000000])
    } finally {
      await tenancy.close()
    }
  })

  test('a dropped tenant that something stands on holds up no other’s purge', async () => {
    town = await Town.open(server, 'purge')
    const { tenancy } = town
    for (const id of ['a', 'b', 'c']) await tenancy.create(id)
    await town.owner.query(
      `create schema ${town.prefix}views; create view ${town.prefix}views.all_widgets as select * from ${town.prefix}a.widgets`,
    )
    for (const id of ['a', 'b', 'c']) await tenancy.drop(id, { keep: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await expect(tenancy.purge({ expired: true })).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_IN_USE',
      tenant: 'a',
    })
    expect((await tenancy.listDropped()).map(({ tenant }) => tenant)).toEqual(['a'])
    expect(await tenancy.purge({ expired: true, cascade: true })).toMatchObject([{ tenant: 'a' }])
  })
})
