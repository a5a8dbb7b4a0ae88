import { settles } from '../support/settles'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

// Slonik sends what waits on a connection when the query before it is through, also while it destroys the connection.
describe.each(PAIRS)('queries that nobody awaited, on $name', (pair) => {
  const houses = new SlonikHouses(pair, 'unawaited')
  const { sql } = houses
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const first = sql`select name from users where id = 1`
  const many = sql`select name from users, generate_series(1, 20)`

  test.each([1, 2, 3, 5])('%d of them, and a handler that throws', async (count) => {
    const pool = await houses.tenantSlonik()
    const work = houses.in('a', () =>
      pool.connect(async (connection) => {
        for (let query = 0; query < count; query++) void connection.any(many).catch(() => {})
        throw new Error('stop')
      }),
    )
    await expect(settles(work, 'the handler')).rejects.toThrow('stop')
    expect(
      await settles(
        houses.in('b', () => pool.oneFirst(first)),
        'the next tenant',
      ),
    ).toBe('b-1')
  })

  test('a COPY FROM that has no data fails, and the connection goes on', async () => {
    const pool = await houses.tenantSlonik()
    const copy = sql`copy users (name) from stdin`
    await houses.in('a', async () => {
      const name = pool.connect(async (connection) => {
        await expect(settles(connection.query(copy), 'the COPY')).rejects.toThrow()
        return connection.oneFirst(first)
      })
      expect(await settles(name, 'the connection')).toBe('a-1')
      await expect(settles(pool.query(copy), 'the COPY of the pool')).rejects.toThrow()
    })
    expect(
      await settles(
        houses.in('b', () => pool.oneFirst(first)),
        'the next tenant',
      ),
    ).toBe('b-1')
  })
})
