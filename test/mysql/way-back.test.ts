import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolConnection } from 'mysql2'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, namesIn, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'

// The answer to the way back may be outstanding when a connection is released.
describe.each(MYSQL_SERVERS)('a connection on its way back, on $name', (server) => {
  const houses = new Houses(server, 'way back')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const asA = <Result>(work: () => Result): Result => houses.in('a', work)
  test('is there for the next query of a pool that lets nobody wait', async () => {
    const pool = houses.pool({ waitForConnections: false })
    await asA(async () => {
      for (let round = 0; round < 20; round++) {
        const connection = await pool.getConnection()
        await connection.query(READ)
        connection.release()
        expect(namesIn(await pool.query(READ))).toEqual(['a-1'])
      }
    })
    expect(await houses.nameOfB(pool)).toEqual(['b-1'])
  })

  test('takes no place in a line that has an end', async () => {
    const pool = houses.pool({ queueLimit: 1 })
    await asA(async () => {
      const connection = await pool.getConnection()
      await connection.query(READ)
      connection.release()
      const answers = await Promise.all([pool.query(READ), pool.query(READ)])
      expect(answers.map(namesIn)).toEqual([['a-1'], ['a-1']])
    })
    expect(await houses.nameOfB(pool)).toEqual(['b-1'])
  })

  test('is not waited for where another one may be opened, and is used again', async () => {
    const pool = houses.pool({ connectionLimit: 10 })
    const threads = new Set<number>()
    await asA(async () => {
      for (let round = 0; round < 50; round++) threads.add(await threadOf(pool))
    })
    expect(threads.size).toBeLessThanOrEqual(3)
    expect(await houses.nameOfB(pool)).toEqual(['b-1'])
  })

  test('that is destroyed there makes room once', async () => {
    const pool = houses.pool()
    const raw: PoolConnection[] = []
    pool.on('connection', (connection) => raw.push(connection as unknown as PoolConnection))
    await asA(() => pool.query(READ))
    const connection = await asA(() => pool.getConnection())
    await asA(() => connection.query(READ))
    const order: string[] = []
    const ask = (name: string): Promise<unknown> => asA(() => pool.query(READ)).then(() => order.push(name))
    const all = ['1', '2', '3'].map(ask)
    connection.release()
    raw[0]!.destroy()
    await sleep(0)
    all.push(ask('4'))
    await settles(Promise.all(all), 'the waiters')
    // The first one was about to get the connection that is no more. It has the new one instead, for which the second one
    // was called up, who stands in line again.
    expect(order).toEqual(['1', '3', '2', '4'])
    expect(raw).toHaveLength(2)
  })

  test('a listener of `release` may ask the pool', async () => {
    const { pool, callbackPool } = houses.pools()
    const heard = new Promise((resolve) => {
      callbackPool.once('release', () => resolve(asA(() => pool.query(READ)).then(namesIn)))
    })
    await asA(() => pool.query(READ))
    expect(await settles(heard, 'the query of the listener')).toEqual(['a-1'])
    expect(await houses.nameOfB(pool)).toEqual(['b-1'])
  })
})
