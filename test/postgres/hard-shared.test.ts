import type { Pool } from 'pg'
import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const texts = { role: 'shared things by role', schema: 'shared things by schema' }

describe.each(SERVERS)('what tenants share on $name', (server) => {
  const hard = new Houses(server, texts.role, 'role')
  const soft = new Houses(server, texts.schema)
  beforeAll(() => Promise.all([hard.build(['a', 'b']), soft.build(['a', 'b'])]))
  afterAll(() => Promise.all([hard.clear(), soft.clear()]))

  const first = async (on: Pick<Pool, 'query'>, sql: string): Promise<unknown> =>
    Object.values((await on.query(sql)).rows[0] ?? {})[0]
  /** What tenant b sees by `look` while tenant a, on another connection, has done `leave` and goes on. */
  async function seen(houses: Houses, leave: string, look: string): Promise<unknown> {
    const pool = houses.pool({ max: 2 })
    const client = await houses.in('a', () => pool.connect())
    try {
      await houses.in('a', () => client.query(leave))
      return await houses.in('b', () => first(pool, look))
    } finally {
      await houses.in('a', () => client.query('select pg_advisory_unlock_all()'))
      client.release()
    }
  }

  test('the texts of other tenants in pg_stat_activity are hidden, as those of other roles; so are they from pg_terminate_backend', async () => {
    const leave = `select 'secret of a'`
    const own = `usename = 'rowhouse_app' and application_name =`
    const look = (houses: Houses) =>
      `select string_agg(query, ';' order by query) from pg_stat_activity where ${own} '${houses.applicationName}' and pid <> pg_backend_pid()`
    expect(await seen(hard, leave, look(hard))).toBe('<insufficient privilege>')
    expect(await seen(soft, leave, look(soft))).toBe(leave)
    const kill = (houses: Houses) =>
      `select pg_cancel_backend(pid) from pg_stat_activity where ${own} '${houses.applicationName}' and pid <> pg_backend_pid()`
    await expect(seen(hard, leave, kill(hard))).rejects.toMatchObject({ code: '42501' })
    expect(await seen(soft, leave, kill(soft))).toBe(true)
  })

  test('advisory locks are one for all', async () => {
    const [leave, look] = ['select pg_advisory_lock(4711)', 'select pg_try_advisory_lock(4711)']
    expect(await seen(hard, leave, look)).toBe(false)
  })

  test('NOTIFY reaches the connections of all tenants', async () => {
    const pool = hard.pool({ max: 2 })
    const client = await hard.in('a', () => pool.connect())
    const heard = new Promise((resolve) => client.once('notification', ({ payload }) => resolve(payload)))
    await hard.in('a', () => client.query('listen news'))
    await hard.in('b', () => pool.query(`notify news, 'of b'`))
    expect(await heard).toBe('of b')
    client.release()
  })

  test('names of all tenants and their columns can be read in the catalog', async () => {
    const look = `select string_agg(attname, ',' order by attnum) from pg_attribute
                   where attrelid = (select oid from pg_class where relname = 'users' and relnamespace::regnamespace::text = '${hard.schema('a')}')
                     and attnum > 0`
    expect(await seen(hard, 'select 1', look)).toBe('id,name')
    // information_schema shows what a role has rights on.
    const listed = `select count(*)::int from information_schema.tables where table_schema = '${hard.schema('a')}'`
    expect(await seen(hard, 'select 1', listed)).toBe(0)
    const plan = `select count(*)::int from pg_stats where schemaname = '${hard.schema('a')}'`
    expect(await seen(hard, 'select 1', plan)).toBe(0)
  })

  test('large objects are read by the tenant that made them only', async () => {
    for (const [houses, oid] of [
      [hard, 4711],
      [soft, 4712],
    ] as const) {
      const pool = houses.pool()
      await houses.in('a', () => pool.query(`select lo_from_bytea(${oid}, 'secret')`))
      const read = houses.in('b', () => first(pool, `select convert_from(lo_get(${oid}), 'UTF8')`))
      if (houses === soft) expect(await read).toBe('secret')
      else await expect(read).rejects.toMatchObject({ code: '42501' })
      await houses.in('a', () => pool.query(`select lo_unlink(${oid})`))
    }
  })

  test('a temporary table that was left behind can not be read by the next tenant, even without clearing', async () => {
    const pool = hard.pool()
    const client = await hard.in('a', () => pool.connect())
    await hard.in('a', () => client.query('create temp table left_behind as select 1 as one'))
    client.release()
    await expect(hard.in('b', () => pool.query('select * from pg_temp.left_behind'))).rejects.toMatchObject({
      code: '42P01',
    })
  })
})
