import type { Pool, PoolConnection } from 'mysql2/promise'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TenantPoolOptions } from '../../src/mysql/pool'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { context, Houses, namesIn, threadOf } from './support/houses'

const NAME = 'select name from users where id = 1'

describe.each(MYSQL_SERVERS)('a share of the pool for each tenant, on $name', (server) => {
  const houses = new Houses(server, 'fairness')
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  const lend = (pool: Pool, id: string): Promise<PoolConnection> => houses.in(id, () => pool.getConnection())
  const nameOf = async (pool: Pool, id: string): Promise<string[]> =>
    namesIn(await houses.in(id, () => pool.query(NAME)))

  test('a tenant has never more connections than its share, and all of its calls are answered', async () => {
    const pool = houses.pool({ connectionLimit: 4, maxPerTenant: 2 })
    let [inside, most] = [0, 0]
    const work = async (): Promise<string[]> => {
      const connection = await lend(pool, 'a')
      most = Math.max(most, (inside += 1))
      const names = namesIn(await connection.query(NAME))
      await sleep(2)
      inside -= 1
      connection.release()
      return names
    }
    const all = await settles(Promise.all(Array.from({ length: 20 }, work)), 'all of a')
    expect(all).toEqual(Array(20).fill(['a-1']))
    expect(most).toBe(2)
  })

  test('nobody waits behind the many calls of another tenant', async () => {
    const pool = houses.pool({ connectionLimit: 2, maxPerTenant: 1 })
    const order: string[] = []
    // Both connections are open: the order in which they are given does not hang on the time that this takes.
    await Promise.all(['b', 'c'].map((id) => nameOf(pool, id)))
    const ask = async (id: string): Promise<void> => {
      const connection = await lend(pool, id)
      order.push(id)
      await connection.query(NAME)
      connection.release()
    }
    await settles(Promise.all([...'aaaaaaaa', 'b', 'c'].map(ask)), 'all of them')
    expect(order.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
    expect(order).toHaveLength(10)
  })

  test.each([{ maxPerTenant: 1 }, {}])(
    'who waits too long is told whose wait it was, and takes no place later: %j',
    async (share) => {
      const limit = share.maxPerTenant === undefined ? 1 : 4
      const pool = houses.pool({ connectionLimit: limit, acquireTimeoutMs: 100, ...share })
      const connection = await lend(pool, 'a')
      const late = { code: 'ROWHOUSE_POOL_TIMEOUT', tenant: 'a', status: 503 }
      await expect(settles(lend(pool, 'a'), 'the wait')).rejects.toMatchObject(late)
      await expect(settles(nameOf(pool, 'a'), 'the query')).rejects.toMatchObject(late)
      if (share.maxPerTenant) expect(await nameOf(pool, 'b')).toEqual(['b-1'])
      connection.release()
      for (let round = 0; round < 3; round++) expect(await settles(nameOf(pool, 'a'), 'a')).toEqual(['a-1'])
      expect(await settles(nameOf(pool, 'b'), 'b')).toEqual(['b-1'])
    },
  )

  const ENDS: [how: string, end: (lent: PoolConnection) => unknown][] = [
    ['destroy()', (lent) => lent.destroy()],
    ['a lost connection', (lent) => lent.query('kill connection_id()').catch(() => {})],
    ['an open transaction', (lent) => lent.beginTransaction().then(() => lent.release())],
    ['a release twice', (lent) => [lent.release(), lent.release()]],
    ['a release behind a destroy()', (lent) => [lent.destroy(), lent.release()]],
  ]

  test.each(ENDS)('a turn ends with %s', async (_how, end) => {
    const pool = houses.pool({ connectionLimit: 2, maxPerTenant: 1 })
    const lent = await lend(pool, 'a')
    await houses.in('a', () => end(lent))
    expect(await settles(nameOf(pool, 'a'), 'the next query')).toEqual(['a-1'])
    // One turn and not two: while this one lasts, the next one waits.
    const again = await lend(pool, 'a')
    const order: string[] = []
    const next = nameOf(pool, 'a').then(() => order.push('next'))
    await nameOf(pool, 'b').then(() => order.push('b'))
    expect(order).toEqual(['b'])
    again.release()
    await settles(next, 'the waiting query')
  })

  test('a connection that can not be had ends the turn', async () => {
    const pool = houses.pool({ uri: 'mysql://nobody@127.0.0.1:1/none', maxPerTenant: 1 })
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(settles(lend(pool, 'a'), 'the connection')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('shared tables have no share', async () => {
    const pool = houses.pool({ connectionLimit: 2, maxPerTenant: 1 })
    const both = await Promise.all([1, 2].map(() => context.withoutTenant(() => pool.getConnection())))
    expect(new Set(await Promise.all(both.map(threadOf))).size).toBe(2)
    for (const connection of both) connection.release()
  })

  test('end() refuses who waits for its turn', async () => {
    const pool = houses.pool({ connectionLimit: 2, maxPerTenant: 1 })
    await lend(pool, 'a')
    const waiting = expect(settles(lend(pool, 'a'), 'the wait')).rejects.toThrow('Pool is closed')
    await settles(pool.end(), 'end()')
    await waiting
  })

  test.each([
    { maxPerTenant: 0 },
    { maxPerTenant: 1.5 },
    { acquireTimeoutMs: -1 },
    { acquireTimeoutMs: Number.NaN },
  ])('%j is refused', (options: Partial<TenantPoolOptions>) => {
    expect(() => houses.pool(options)).toThrow(expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }))
  })
})
