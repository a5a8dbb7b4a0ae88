import type { Pool } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses } from './support/houses'

// mysql2 encodes in what the server has reported last, and hears nothing of a reset.
describe.each(MYSQL_SERVERS)('SET NAMES, on $name', (server) => {
  const houses = new Houses(server, 'charset')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const WORD = '😀é'

  async function write(pool: Pool, id: string): Promise<void> {
    await houses.in(id, () => pool.query(`insert into users (name) values ('${WORD}')`))
    await houses.in(id, () => pool.execute('insert into users (name) values (?)', [WORD]))
  }

  const lastNames = async (id: string): Promise<string[]> => (await houses.names(id)).slice(-2)

  describe.each(['auto', 'fast', 'strict'] as const)('with hygiene %s', (hygiene) => {
    test.each(['utf8mb3', 'latin1', 'binary'])(
      'of a tenant to %s says nothing of the next one',
      async (charset) => {
        const pool = houses.pool({ hygiene })
        await houses.in('a', () => pool.query(`set names ${charset}`))
        await write(pool, 'b')
        expect(await lastNames('b')).toEqual([WORD, WORD])
        const lent = await houses.in('a', () => pool.getConnection())
        await houses.in('a', () => lent.query(`set names ${charset}`))
        lent.release()
        await write(pool, 'b')
        expect(await lastNames('b')).toEqual([WORD, WORD])
      },
    )

    test('of the application is in force for each tenant', async () => {
      const { pool, callbackPool } = houses.pools({ hygiene, charset: 'latin1' })
      callbackPool.on('connection', (connection) => connection.query('set names utf8mb4'))
      for (const id of ['a', 'b']) {
        await houses.in(id, () => pool.query(`set names latin1`))
        await write(pool, id === 'a' ? 'b' : 'a')
        expect(await lastNames(id === 'a' ? 'b' : 'a')).toEqual([WORD, WORD])
      }
    })

    test('of a loan that clears its session by itself', async () => {
      const pool = houses.pool({ hygiene })
      await houses.in('a', async () => {
        const lent = await pool.getConnection()
        await lent.query('set names latin1')
        await lent.reset()
        await lent.query(`insert into users (name) values ('${WORD}')`)
        lent.release()
      })
      expect((await houses.names('a')).at(-1)).toBe(WORD)
      await write(pool, 'b')
      expect(await lastNames('b')).toEqual([WORD, WORD])
    })
  })
})
