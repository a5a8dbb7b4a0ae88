import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

const server = MYSQL_SERVERS[0]!
const FILES = { '20200101000000_a.sql': '-- Up Migration\ncreate table a (id int);\n' }

test.each([1, 2])(
  'a fleet is looked at and migrated by an owner who has room for %i connections',
  async (limit) => {
    const town = await MysqlTown.open(server, 'few', FILES)
    const owner = `few_${Date.now()}`
    await town.owner.query('create user ?@? identified by ? with max_user_connections ?', [
      owner,
      '%',
      'secret',
      limit,
    ])
    await town.owner.query('grant all on *.* to ?@? with grant option', [owner, '%'])
    const url = new URL(server.ownerUrl)
    url.username = owner
    url.password = 'secret'
    const tenancy = town.sibling({}, { migrationUrl: url.href })
    try {
      for (const id of ['a', 'b', 'c']) await town.tenancy.create(id, { migrate: false })
      for (let times = 0; times < 5; times += 1)
        expect((await tenancy.statusAll({ concurrency: 8 })).tenants).toBe(3)
      expect(await tenancy.migrateAll({ concurrency: limit }).report()).toMatchObject({ ok: 3, failed: 0 })
      expect(await tenancy.migrateAll({ concurrency: 8 }).report()).toMatchObject({ ok: 3, failed: 0 })
    } finally {
      await tenancy.close()
      await town.owner.query('drop user ?@?', [owner, '%'])
      await town.close()
    }
  },
)
