import { context } from '../postgres/support/houses'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

const DENIED = { code: '42501' }

describe.each(PAIRS)('with a role for each tenant, $name', (pair) => {
  const hard = new SlonikHouses(pair, 'hard', 'role')
  const soft = new SlonikHouses(pair, 'soft')
  const { sql } = hard
  const first = sql`select name from users where id = 1`
  beforeAll(() => Promise.all([hard.build(['a', 'b']), soft.build(['a', 'b'])]))
  afterAll(() => Promise.all([hard.clear(), soft.clear()]))

  test('reads its own, and is refused by the server in the schema of another, in queries, streams and transactions', async () => {
    const pool = await hard.tenantSlonik({ isolation: 'role' })
    for (const [id, other] of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'b'],
    ] as const) {
      const there = hard.textQuery(`select name from ${hard.schema(other)}.users`)
      const write = hard.textQuery(`insert into ${hard.schema(other)}.users (name) values ('stray')`)
      await hard.in(id, async () => {
        expect(await pool.oneFirst(first)).toBe(`${id}-1`)
        expect(await pool.oneFirst(sql`select current_user`)).toBe(hard.schema(id))
        await expect(pool.any(there)).rejects.toMatchObject(DENIED)
        await expect(pool.query(write)).rejects.toMatchObject(DENIED)
        await expect(pool.stream(there, (stream) => void stream.resume())).rejects.toMatchObject(DENIED)
        await expect(
          pool.transaction(async (connection) => {
            expect(await connection.oneFirst(first)).toBe(`${id}-1`)
            await connection.query(write)
          }),
        ).rejects.toMatchObject(DENIED)
        expect(await pool.oneFirst(first)).toBe(`${id}-1`)
      })
    }
    for (const id of ['a', 'b']) expect(await hard.names(id)).toEqual([`${id}-1`, `${id}-2`])
  })

  test('SQL that takes a role is not sent', async () => {
    const pool = await hard.tenantSlonik({ isolation: 'role' })
    await hard.in('a', async () => {
      for (const text of [
        `set role ${hard.schema('b')}`,
        `select set_config('role', '${hard.schema('b')}', false)`,
      ])
        await expect(pool.query(hard.textQuery(text))).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION' })
      expect(await pool.oneFirst(sql`select current_user`)).toBe(hard.schema('a'))
    })
  })

  test('the control: without roles it reads and writes there', async () => {
    const pool = await soft.tenantSlonik()
    const write = soft.textQuery(`insert into ${soft.schema('b')}.users (name) values ('stray')`)
    await soft.in('a', () => pool.query(write))
    expect(await soft.names('b')).toEqual(['b-1', 'b-2', 'stray'])
  })

  test('local mode can not be combined with it', async () => {
    await expect(
      pair.slonik.createTenantSlonik(hard.uri(), { tenancy: context, isolation: 'role', mode: 'local' }),
    ).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
  })
})
