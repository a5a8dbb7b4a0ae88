import type { Pool } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { borrow, Houses } from './support/houses'

const READ = 'select name from users where id = 1'

type Acts = Record<string, (...args: unknown[]) => unknown>

describe.each(MYSQL_SERVERS)('a connection on loan, on $name', (server) => {
  const houses = new Houses(server, 'loan members')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const asB = (pool: Pool): Promise<string[]> => houses.nameOfB(pool)

  describe('holds what its borrower sets on it', () => {
    test('a release in a wrapper of a leak detector', async () => {
      const { pool, callbackPool } = houses.pools()
      const calls: string[] = []
      for (let round = 0; round < 3; round++)
        await houses.in('a', async () => {
          const lent = await borrow(callbackPool)
          const { release } = lent as unknown as Acts
          lent.release = () => {
            calls.push('release')
            release!.call(lent)
          }
          lent.release()
        })
      expect(calls).toHaveLength(3)
      expect(await asB(pool)).toEqual(['b-1'])
      expect(await asB(pool)).toEqual(['b-1'])
    })

    test('a query in a wrapper that logs, and members: none of it reaches the next tenant', async () => {
      const { pool, callbackPool } = houses.pools()
      const seen: unknown[] = []
      await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        const query = lent.query.bind(lent) as (...args: unknown[]) => unknown
        Object.assign(lent, {
          note: 'of a',
          query: (...args: unknown[]) => {
            seen.push(args[0])
            return query(...args)
          },
        })
        expect(await new Promise((resolve) => lent.query(READ, (_error, rows) => resolve(rows)))).toEqual([
          { name: 'a-1' },
        ])
        expect(lent).toHaveProperty('note', 'of a')
        lent.release()
      })
      expect(await asB(pool)).toEqual(['b-1'])
      await houses.in('b', async () => {
        const lent = await borrow(callbackPool)
        expect(Reflect.get(lent, 'note')).toBeUndefined()
        await new Promise((resolve) => lent.query(READ, resolve))
        lent.release()
      })
      expect(seen).toEqual([READ])
    })
  })

  test.each(['query', 'execute', 'rollback', 'ping'] as const)(
    'answers a %s that a callback sends when the connection has just been given up',
    async (name) => {
      const { pool, callbackPool } = houses.pools()
      await houses.in('a', async () => {
        await pool.query(READ)
        const lent = await borrow(callbackPool)
        const args =
          name === 'query' || name === 'execute' ? [`insert into users (name) values ('late')`] : []
        const answer = new Promise((resolve) => {
          lent.query(`use ${houses.schema('b')}`, () => {})
          lent.query('select 2', () => (lent as unknown as Acts)[name]!(...args, resolve))
        })
        expect(await settles(answer, 'the late command')).toMatchObject({ code: 'ROWHOUSE_ISOLATION' })
        lent.destroy()
      })
      expect(await houses.names('a')).not.toContain('late')
      expect(await asB(pool)).toEqual(['b-1'])
    },
  )
})
