import type { DatabasePool } from 'slonik'
import { setTimeout as sleep } from 'node:timers/promises'
import { context } from '../postgres/support/houses'
import { settles } from '../support/settles'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

describe.each(PAIRS)('a share of the pool for each tenant, on $name', (pair) => {
  const houses = new SlonikHouses(pair, 'fairness')
  const { sql } = houses
  const first = sql`select name from users where id = 1`
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  const nameOf = (pool: DatabasePool, id: string): Promise<unknown> =>
    houses.in(id, () => pool.oneFirst(first))

  test('a tenant has never more connections than its share, whatever becomes of its calls', async () => {
    const pool = await houses.tenantSlonik({ maximumPoolSize: 4, maxPerTenant: 2 })
    let [inside, most] = [0, 0]
    const work = async (fails: boolean): Promise<unknown> =>
      houses.in('a', () =>
        pool.connect(async (connection) => {
          most = Math.max(most, (inside += 1))
          const name = await connection.oneFirst(first)
          expect(context.current()?.id).toBe('a')
          await sleep(2)
          inside -= 1
          if (fails) throw new Error('stop')
          return name
        }),
      )
    const outcomes = await settles(
      Promise.allSettled(Array.from({ length: 20 }, (_, place) => work(place % 2 === 1))),
      'all of a',
    )
    expect(outcomes.map(({ status }) => status)).toEqual(
      outcomes.map((_, place) => (place % 2 === 1 ? 'rejected' : 'fulfilled')),
    )
    expect(most).toBe(2)
  })

  test('nobody waits behind the many calls of another tenant', async () => {
    const pool = await houses.tenantSlonik({ maximumPoolSize: 2, maxPerTenant: 1 })
    const order: string[] = []
    // Both connections are open: the order in which they are given does not hang on the time that this takes.
    await Promise.all(['b', 'c'].map((id) => nameOf(pool, id)))
    const ask = (id: string): Promise<unknown> =>
      houses.in(id, () =>
        pool.connect(async (connection) => {
          order.push(id)
          await connection.oneFirst(first)
        }),
      )
    await settles(Promise.all([...'aaaaaaaa', 'b', 'c'].map(ask)), 'all of them')
    expect(order.slice(0, 3).sort()).toEqual(['a', 'b', 'c'])
    expect(order).toHaveLength(10)
  })

  test('who waits too long is told whose wait it was, and takes no place later', async () => {
    const pool = await houses.tenantSlonik({ maximumPoolSize: 4, maxPerTenant: 1, connectionTimeout: 100 })
    let release = (): void => {}
    const held = houses.in('a', () => pool.connect(() => new Promise<void>((resolve) => (release = resolve))))
    await sleep(50)
    await expect(settles(nameOf(pool, 'a'), 'the wait')).rejects.toMatchObject({
      code: 'ROWHOUSE_POOL_TIMEOUT',
      tenant: 'a',
    })
    expect(await nameOf(pool, 'b')).toBe('b-1')
    release()
    await held
    for (let round = 0; round < 3; round++) expect(await settles(nameOf(pool, 'a'), 'a')).toBe('a-1')
  })

  test('maxPerTenant: 0 is refused', async () => {
    await expect(houses.tenantSlonik({ maxPerTenant: 0 })).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
  })
})
