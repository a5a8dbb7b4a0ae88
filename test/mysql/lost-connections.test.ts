import type { Pool as CallbackPool, PoolConnection } from 'mysql2'
import type { WireConnection } from '../../src/mysql/driver'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { borrow, Houses, namesIn, threadOf } from './support/houses'

const NAME = 'select name from users where id = 1'

type Asker = Pick<CallbackPool, 'query' | 'execute'>

/** Ways to ask, each with what it gives in the end. */
const FORMS: [form: string, ask: (on: Asker) => Promise<unknown>][] = [
  ['a callback', (on) => new Promise((resolve, reject) => on.query(NAME, answer(resolve, reject)))],
  [
    'an executed statement',
    (on) => new Promise((resolve, reject) => on.execute(NAME, answer(resolve, reject))),
  ],
  [
    'a stream',
    (on) =>
      new Promise((resolve, reject) => {
        const rows: unknown[] = []
        const stream = on.query(NAME).stream()
        stream.on('data', (row) => rows.push(row))
        stream.on('end', () => resolve([rows])).on('error', reject)
      }),
  ],
  [
    'events',
    (on) =>
      new Promise((resolve, reject) => {
        const rows: unknown[] = []
        const query = on.query(NAME)
        query.on('result', (row) => rows.push(row))
        query.on('end', () => resolve([rows])).on('error', reject)
      }),
  ],
]

function answer(resolve: (result: unknown) => void, reject: (error: unknown) => void) {
  return (error: unknown, rows: unknown): void => (error ? reject(error) : resolve([rows]))
}

/** Ends the next connection that the pool gives, between the moment it is chosen and the one it is given. */
function loseNext(pool: CallbackPool): void {
  pool.once('acquire', (connection) => {
    ;(connection as unknown as WireConnection).stream.destroy(new Error('The network is gone.'))
  })
}

describe.each(MYSQL_SERVERS)('lost connections of $name', (server) => {
  const houses = new Houses(server, 'lost')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  describe('lost while the pool was giving it', () => {
    test.each(FORMS)('%s has another connection', async (_form, ask) => {
      const { pool, callbackPool } = houses.pools()
      const lost = await houses.in('b', () => threadOf(pool))
      loseNext(callbackPool)
      const result = await settles(
        houses.in('a', () => ask(callbackPool)),
        'the query',
      )
      expect(namesIn(result as never)).toEqual(['a-1'])
      expect(await houses.in('a', () => threadOf(pool))).not.toBe(lost)
    })

    test('a loan is of another connection, and the turn of its tenant ends with it, once', async () => {
      const { pool, callbackPool } = houses.pools({ connectionLimit: 2, maxPerTenant: 1 })
      await houses.in('a', () => threadOf(pool))
      loseNext(callbackPool)
      const lent = await settles(
        houses.in('a', () => borrow(callbackPool)),
        'the loan',
      )
      const order: string[] = []
      const waiting = houses.in('a', () => pool.query(NAME)).then(() => order.push('a'))
      await houses.in('b', () => pool.query(NAME)).then(() => order.push('b'))
      expect(order).toEqual(['b'])
      lent.release()
      await settles(waiting, 'the next call of the tenant')
      expect(order).toEqual(['b', 'a'])
    })
  })

  describe('lost while it was on loan', () => {
    const lostLoan = async (): Promise<{ lent: PoolConnection; callbackPool: CallbackPool }> => {
      const { callbackPool } = houses.pools()
      const lent = await borrow(callbackPool)
      const { stream } = lent as unknown as WireConnection
      const closed = new Promise((resolve) => stream.once('close', resolve))
      stream.destroy(new Error('The network is gone.'))
      await settles(closed, 'the end of the socket')
      return { lent, callbackPool }
    }

    test.each(FORMS)('%s is told so, and the pool goes on', async (_form, ask) => {
      await houses.in('a', async () => {
        const { lent, callbackPool } = await lostLoan()
        await expect(settles(ask(lent), 'the query')).rejects.toMatchObject({ fatal: true })
        lent.release()
        expect(namesIn((await ask(callbackPool)) as never)).toEqual(['a-1'])
      })
    })

    test('a query that nobody listens to ends nothing but itself', async () => {
      await houses.in('a', async () => {
        const { lent } = await lostLoan()
        const ended = new Promise((resolve) => lent.query(NAME).on('end', resolve))
        await settles(ended, 'the query')
        lent.release()
      })
    })
  })
})
