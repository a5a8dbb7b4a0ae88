import type { Pool, PoolClient } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { context } from './support/houses'
import { SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses } from './support/houses'

const NAME = 'select name from users where id = 1'

describe.each(SERVERS)('a share of the pool for each tenant, on $name', (server) => {
  const houses = new Houses(server, `fairness ${server.version}`)
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  const connect = (pool: Pool, id: string): Promise<PoolClient> => houses.in(id, () => pool.connect())
  const nameOf = async (pool: Pool, id: string): Promise<string> =>
    (await houses.in(id, () => pool.query(NAME))).rows[0].name

  test('a tenant has never more connections than its share, and all of its calls are answered', async () => {
    const pool = houses.pool({ max: 4, maxPerTenant: 2 })
    let [inside, most] = [0, 0]
    const work = async (): Promise<string> => {
      const client = await connect(pool, 'a')
      most = Math.max(most, (inside += 1))
      const { rows } = await client.query(NAME)
      await sleep(2)
      inside -= 1
      client.release()
      return rows[0].name
    }
    expect(await settles(Promise.all(Array.from({ length: 20 }, work)), 'all of a')).toEqual(
      Array(20).fill('a-1'),
    )
    expect([most, pool.totalCount, pool.waitingCount]).toEqual([2, 2, 0])
  })

  test('nobody waits behind the many calls of another tenant', async () => {
    const pool = houses.pool({ max: 2, maxPerTenant: 1 })
    const order: string[] = []
    // Both connections are open: the order in which they are given does not hang on the time that this takes.
    await Promise.all(['b', 'c'].map((id) => nameOf(pool, id)))
    const ask = async (id: string): Promise<void> => {
      const client = await connect(pool, id)
      order.push(id)
      await client.query(NAME)
      client.release()
    }
    const all = [...'aaaaaaaa', 'b', 'c'].map(ask)
    expect(pool.waitingCount).toBe(10)
    await settles(Promise.all(all), 'all of them')
    expect(order.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
    expect(order).toHaveLength(10)
  })

  test('calls of one tenant keep their order', async () => {
    const pool = houses.pool({ max: 3, maxPerTenant: 1 })
    const order: number[] = []
    await Promise.all([0, 1, 2, 3, 4].map((place) => nameOf(pool, 'a').then(() => order.push(place))))
    expect(order).toEqual([0, 1, 2, 3, 4])
  })

  test('who waits too long for its turn is told whose it was, and takes no place later', async () => {
    const pool = houses.pool({ max: 4, maxPerTenant: 1, connectionTimeoutMillis: 100 })
    const client = await connect(pool, 'a')
    const late = { code: 'ROWHOUSE_POOL_TIMEOUT', tenant: 'a', status: 503 }
    await expect(settles(connect(pool, 'a'), 'the wait')).rejects.toMatchObject(late)
    await expect(settles(nameOf(pool, 'a'), 'the query')).rejects.toThrow(
      'timeout exceeded when trying to connect',
    )
    expect(await nameOf(pool, 'b')).toBe('b-1')
    expect(pool.waitingCount).toBe(0)
    client.release()
    expect(await nameOf(pool, 'a')).toBe('a-1')
    await sleep(150)
    expect(await nameOf(pool, 'a')).toBe('a-1')
  })

  test('without a share, the wait for a connection names the tenant, too', async () => {
    const pool = houses.pool({ connectionTimeoutMillis: 100 })
    const client = await connect(pool, 'a')
    await expect(connect(pool, 'b')).rejects.toMatchObject({ code: 'ROWHOUSE_POOL_TIMEOUT', tenant: 'b' })
    await expect(context.withoutTenant(() => pool.query('select 1'))).rejects.toMatchObject({
      code: 'ROWHOUSE_POOL_TIMEOUT',
      tenant: undefined,
    })
    client.release()
  })

  test('a connection that comes too late goes back', async () => {
    const pool = houses.pool({ max: 1, maxPerTenant: 1, connectionTimeoutMillis: 200 })
    const client = await connect(pool, 'b')
    const early = connect(pool, 'a')
    const outcome = expect(early).rejects.toMatchObject({ code: 'ROWHOUSE_POOL_TIMEOUT', tenant: 'a' })
    await sleep(195)
    client.release()
    await outcome.catch(async () => (await early).release())
    expect(await settles(nameOf(pool, 'a'), 'the next query')).toBe('a-1')
    expect(pool.idleCount).toBe(1)
  })

  test.each(['error', 'a lost connection', 'an open transaction', 'a failed connect'])(
    'a turn ends with %s',
    async (how) => {
      const pool =
        how === 'a failed connect'
          ? houses.pool({ maxPerTenant: 1, connectionString: 'postgres://nobody@127.0.0.1:1/none' })
          : houses.pool({ max: 2, maxPerTenant: 1 })
      if (how === 'a failed connect') {
        for (let attempt = 0; attempt < 3; attempt++)
          await expect(settles(connect(pool, 'a'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
        return
      }
      const client = await connect(pool, 'a')
      client.on('error', () => {})
      if (how === 'an open transaction') await client.query('begin')
      if (how === 'a lost connection')
        await client.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {})
      client.release(how === 'error')
      expect(await settles(nameOf(pool, 'a'), 'the next query')).toBe('a-1')
    },
  )

  test('shared tables have no share', async () => {
    const pool = houses.pool({ max: 2, maxPerTenant: 1 })
    const both = await Promise.all([1, 2].map(() => context.withoutTenant(() => pool.connect())))
    for (const client of both) client.release()
    expect(pool.totalCount).toBe(2)
  })

  test('end() refuses who waits for its turn', async () => {
    const pool = houses.pool({ max: 2, maxPerTenant: 1 })
    const client = await connect(pool, 'a')
    const waiting = expect(settles(connect(pool, 'a'), 'the wait')).rejects.toThrow('after calling end')
    const ended = pool.end()
    client.release()
    await settles(ended, 'end()')
    await waiting
  })

  test.each([0, -1, 1.5, Number.NaN, '2'])('maxPerTenant: %p is refused', (maxPerTenant) => {
    expect(() => houses.pool({ maxPerTenant: maxPerTenant as number })).toThrow('maxPerTenant')
  })
})
