import { EngineTown } from '../engines/support/engine-town'
import { ENGINE_SERVERS } from '../support/engines'
import { SERVERS, uniquePrefix, withOwner } from '../support/servers'

describe.each([ENGINE_SERVERS[0]!, ENGINE_SERVERS.find(({ engine }) => engine === 'mysql')!])(
  'a foreign key from tenants to a shared table on $name',
  (server) => {
    const shared = `${uniquePrefix(`shared ${server.name}`)}s`
    let town: EngineTown
    beforeEach(async () => {
      const sql = `create table orders (country char(2) not null, foreign key (country) references ${shared}.countries (code))`
      town = new EngineTown(server, `foreign keys ${server.name}`, {
        files: {
          '20200101000000_create_orders.sql': `-- Up Migration\n${sql};\n-- Down Migration\ndrop table orders;\n`,
        },
      })
      const { username } = new URL(server.appUrl)
      const isMysql = server.engine === 'mysql'
      for (const statement of [
        `create schema ${shared}`,
        `create table ${shared}.countries (code char(2) primary key)`,
        `insert into ${shared}.countries values ('de'), ('fr')`,
        ...(isMysql ? [] : [`grant usage on schema ${shared} to ${username}`]),
        `grant select, insert on ${shared}.countries to ${isMysql ? `'${username}'@'%'` : username}`,
      ])
        await town.asOwner(statement)
      for (const id of ['acme', 'globex']) await town.tenancy.create(id)
    })
    afterEach(async () => {
      await town.close()
      await server.dropPrefix(shared)
    })

    const order = (tenant: string, country: string): Promise<unknown> =>
      town.tenancy.run(tenant, () => town.tenancy.pool.query(`insert into orders values ('${country}')`))

    test('holds in each tenant, and keeps what any of them uses', async () => {
      await order('acme', 'de')
      await order('globex', 'fr')
      await expect(order('acme', 'xx')).rejects.toThrow(/foreign key/i)
      await expect(town.asOwner(`delete from ${shared}.countries where code = 'fr'`)).rejects.toThrow(
        /foreign key/i,
      )
      await town.tenancy.admin.query(`insert into ${shared}.countries values ('it')`)
      await order('globex', 'it')
      expect(
        (await town.asOwner('select country from orders order by 1', 'acme')).map(
          ({ country }) => country as string,
        ),
      ).toEqual(['de'])
      expect(
        (await town.asOwner('select country from orders order by 1', 'globex')).map(
          ({ country }) => country as string,
        ),
      ).toEqual(['fr', 'it'])
    })

    test('goes with its tenant, and leaves the shared table as it was', async () => {
      await order('acme', 'de')
      await town.tenancy.drop('acme')
      await town.asOwner(`delete from ${shared}.countries where code = 'de'`)
      expect(await town.asOwner(`select code from ${shared}.countries`)).toHaveLength(1)
      await expect(order('acme', 'fr')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
    })

    test('is what lint warns of', async () => {
      const findings = await town.tenancy.lint()
      expect(findings.map(({ code }) => code)).toContain('shared-reference')
    })
  },
)

test('to make one waits for writers of the shared table and stops them, and readers go on, as lint says', async () => {
  const server = SERVERS[0]!
  const shared = `${uniquePrefix('locks')}s`
  await withOwner(server, async (owner) => {
    await owner.query(`create schema ${shared}; create table ${shared}.countries (code char(2) primary key)`)
    try {
      await owner.query(
        `begin; create table ${shared}.orders (country char(2) references ${shared}.countries)`,
      )
      await withOwner(server, async (other) => {
        await other.query("set lock_timeout = '100ms'")
        expect((await other.query(`select * from ${shared}.countries`)).rows).toEqual([])
        await expect(other.query(`insert into ${shared}.countries values ('de')`)).rejects.toMatchObject({
          code: '55P03',
        })
      })
    } finally {
      await owner.query(`rollback; drop schema ${shared} cascade`)
    }
  })
})
