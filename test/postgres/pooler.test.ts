import { postgres } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import { SERVERS } from '../support/servers'
import { context, Houses } from './support/houses'
import { startPoolerLike } from './support/pooler-like'

const READ = 'select name from users where id = 1'
const DETECTED = { code: 'ROWHOUSE_POOLER_DETECTED' }

describe.each(SERVERS)('a pooler in between, on $name', (server) => {
  const houses = new Houses(server, `pooler ${server.version}`)
  let pooler: Awaited<ReturnType<typeof startPoolerLike>>
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    pooler = await startPoolerLike(server.appUrl)
  })
  afterAll(async () => {
    await houses.clear()
    await pooler.close()
  })

  test.each([
    ['a query', READ],
    ['a write', `insert into users (name) values ('stray')`],
    ['BEGIN', 'begin'],
    ['DDL', 'create table stray (id int)'],
  ])('%s is refused, and nothing of it runs', async (_what, sql) => {
    const pool = houses.pool({ connectionString: pooler.url })
    for (let round = 0; round < 2; round += 1) {
      await expect(houses.in('a', () => pool.query(sql))).rejects.toMatchObject(DETECTED)
    }
    expect(await houses.names('a')).toEqual(['a-1', 'a-2'])
  })

  test('also where a query without a tenant came first on the connection', async () => {
    const pool = houses.pool({ connectionString: pooler.url })
    await context.withoutTenant(() => pool.query('select 1'))
    await expect(houses.in('a', () => pool.query(READ))).rejects.toMatchObject(DETECTED)
    await expect(houses.in('b', () => pool.query(READ))).rejects.toMatchObject(DETECTED)
  })

  test('one that is declared to pool whole sessions is used', async () => {
    const pool = houses.pool({ connectionString: pooler.url, pooler: 'session' })
    for (const id of ['a', 'b', 'a']) {
      expect((await houses.in(id, () => pool.query(READ))).rows).toEqual([{ name: `${id}-1` }])
    }
    await expect(houses.in('gone', () => pool.query(READ))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
  })

  test('the connection for migrations must be direct', async () => {
    const owner = await startPoolerLike(server.ownerUrl)
    const tenancy = createTenancy({
      engine: postgres({ connectionString: server.appUrl, migrationUrl: owner.url }),
      prefix: houses.prefix,
    })
    try {
      await expect(tenancy.create('new')).rejects.toMatchObject(DETECTED)
    } finally {
      await tenancy.close()
      await owner.close()
    }
  })
})
