import { Town } from '../lifecycle/support'
import { adminClient, SERVERS } from '../support/servers'

const server = SERVERS[0]!
const FILES = { '20200101000000_a.sql': '-- Up Migration\ncreate table a (id int);\n' }

test.each([1, 2])('a fleet is looked at by an owner who has room for %i connections', async (limit) => {
  const town = await Town.open(server, 'few', FILES)
  const role = `few_${Date.now()}`
  const admin = await adminClient(server)
  await admin.query(`create role ${role} login password 'secret' connection limit ${limit}`)
  await admin.query(`grant ${new URL(server.ownerUrl).username} to ${role}`)
  const url = new URL(town.migrationUrl)
  url.username = role
  url.password = 'secret'
  const tenancy = town.sibling({}, { migrationUrl: url.href })
  try {
    for (const id of ['a', 'b', 'c']) await town.tenancy.create(id)
    const start = performance.now()
    for (let times = 0; times < 5; times += 1) {
      expect((await tenancy.statusAll({ concurrency: 8 })).tenants).toBe(3)
      expect(await tenancy.migrateAll({ concurrency: 8 }).report()).toMatchObject({ ok: 3, failed: 0 })
    }
    // Nobody waits for connections that are refused and not needed.
    expect(performance.now() - start).toBeLessThan(2000)
  } finally {
    await tenancy.close()
    await admin.query(`drop role ${role}`)
    await admin.end()
    await town.close()
  }
})
