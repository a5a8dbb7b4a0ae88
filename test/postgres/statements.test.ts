import type { Pool, QueryConfig } from 'pg'
import { SERVERS } from '../support/servers'
import { context, Houses } from './support/houses'

describe.each(SERVERS)('named statements across tenants, on $name', (server) => {
  const houses = new Houses(server, `statements ${server.version}`)
  beforeAll(() => houses.build(['a', 'b', 'wide', 'typed']))
  beforeAll(() =>
    houses.asOwner((owner) =>
      owner.query(
        `alter table ${houses.schema('wide')}.users add column extra text default 'more';
         alter table ${houses.schema('typed')}.users alter column id type text`,
      ),
    ),
  )
  afterAll(() => houses.clear())

  const run = (pool: Pool, id: string, text: string, values: unknown[] = []): Promise<unknown[]> =>
    houses.in(id, async () => (await pool.query({ name: 'named', text, values })).rows as unknown[])

  test('one statement reads and writes in the tenant of each call', async () => {
    const pool = houses.pool()
    const insert = { name: 'insert', text: 'insert into users (name) values ($1) returning name' }
    for (const id of ['a', 'b', 'a', 'b', 'b', 'a']) {
      expect(await run(pool, id, 'select name from users where id = 1')).toEqual([{ name: `${id}-1` }])
      await houses.in(id, () => pool.query({ ...insert, values: [`${id}-new`] }))
    }
    for (const id of ['a', 'b']) {
      expect(await houses.names(id)).toEqual([`${id}-1`, `${id}-2`, ...Array<string>(3).fill(`${id}-new`)])
    }
  })

  test('tenants whose tables differ in columns, as in a fleet that is being migrated', async () => {
    const pool = houses.pool()
    for (let round = 0; round < 3; round += 1) {
      expect(await run(pool, 'a', 'select * from users where name like $1', ['%-1'])).toEqual([
        { id: 1, name: 'a-1' },
      ])
      expect(await run(pool, 'wide', 'select * from users where name like $1', ['%-1'])).toEqual([
        { id: 1, name: 'wide-1', extra: 'more' },
      ])
    }
  })

  test('tenants whose columns have other types', async () => {
    const pool = houses.pool()
    for (let round = 0; round < 3; round += 1) {
      expect(await run(pool, 'a', 'select name from users where id = $1', [1])).toEqual([{ name: 'a-1' }])
      expect(await run(pool, 'typed', 'select name from users where id = $1', ['1'])).toEqual([
        { name: 'typed-1' },
      ])
    }
  })

  test('the same tenant parses once', async () => {
    const pool = houses.pool()
    for (let round = 0; round < 3; round += 1) await run(pool, 'a', 'select name from users where id = 1')
    const { rows } = await houses.in('a', () =>
      pool.query(
        `select (generic_plans + custom_plans)::int as runs from pg_prepared_statements where name = 'named'`,
      ),
    )
    expect(rows).toEqual([{ runs: 3 }])
  })

  test('one name for two texts is refused as by pg', async () => {
    const pool = houses.pool()
    await run(pool, 'a', 'select 1')
    await expect(run(pool, 'a', 'select 2')).rejects.toThrow('must be unique')
    await run(pool, 'a', 'select 1')
    await expect(run(pool, 'b', 'select 2')).rejects.toThrow('must be unique')
    expect(await run(pool, 'b', 'select 1')).toHaveLength(1)
  })

  test('a statement is parsed again after DISCARD ALL and DEALLOCATE ALL', async () => {
    const pool = houses.pool()
    for (const sql of ['discard all', 'deallocate all']) {
      await run(pool, 'a', 'select name from users where id = 1')
      await houses.in('a', () => pool.query(sql))
      expect(await run(pool, 'a', 'select name from users where id = 1')).toEqual([{ name: 'a-1' }])
    }
  })

  test('a name without its text works where it was prepared, and is an error where it was not', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      await client.query({ name: 'q', text: 'select name from users where id = 1' })
      expect(await client.query({ name: 'q' } as QueryConfig)).toMatchObject({ rows: [{ name: 'a-1' }] })
      await client.query('discard all')
      await expect(client.query({ name: 'q' } as QueryConfig)).rejects.toMatchObject({ code: '26000' })
      client.release()
    })
  })

  test('a parse that fails leaves no statement that pg believes in', async () => {
    const pool = houses.pool()
    await expect(run(pool, 'a', 'select nothing from users')).rejects.toMatchObject({ code: '42703' })
    await houses.asOwner((owner) =>
      owner.query(`alter table ${houses.schema('a')}.users add column nothing int`),
    )
    expect(await run(pool, 'a', 'select nothing from users')).toHaveLength(5)
  })

  const rowCountOf = (pool: Pool, id: string, query: object): Promise<number | string | null> =>
    houses
      .in(id, () => pool.query(query as QueryConfig))
      .then(
        ({ rowCount }) => rowCount,
        ({ code }: { code: string }) => code,
      )

  // A DISCARD ALL in front makes the server forget the statement: pg would run an empty one, and call it done.
  test.each(['auto', 'strict'] as const)(
    'a statement named without its text, hygiene %s',
    async (hygiene) => {
      const pool = houses.pool({ hygiene })
      const insert = { name: 'by name', text: `insert into users (name) values ('named')` }
      expect(await rowCountOf(pool, 'a', insert)).toBe(1)
      const before = (await houses.names('b')).length
      expect(await rowCountOf(pool, 'b', { name: 'by name' })).toBe(1)
      expect(await houses.names('b')).toHaveLength(before + 1)
      expect(await rowCountOf(pool, 'a', { name: 'nobody knows it' })).toBe('26000')
    },
  )

  test('a statement that the connect hook has prepared is there for each tenant', async () => {
    const named = { name: 'hooked', text: 'select count(*)::int as n from users' }
    const pool = houses.pool({
      onConnect: async (client) => void (await client.query({ ...named, text: 'select 1' })),
    })
    const one = { name: 'hooked' }
    expect(await rowCountOf(pool, 'a', one)).toBe(1)
    expect(await rowCountOf(pool, 'a', 'update users set name = name' as never)).toBeGreaterThan(1)
    expect(await rowCountOf(pool, 'b', one)).toBe(1)
    expect(await rowCountOf(pool, 'b', { ...named, text: 'select 1' })).toBe(1)
    expect(await rowCountOf(pool, 'b', one)).toBe(1)
  })

  test('a statement behind a tenant that is missing is prepared again', async () => {
    const pool = houses.pool()
    const named = { name: 'lost', text: 'select 1 as one' }
    const outside = (): Promise<number | string | null> =>
      context
        .withoutTenant(() => pool.query(named))
        .then(
          ({ rowCount }) => rowCount,
          ({ code }: { code: string }) => code,
        )
    const answers = [
      await outside(),
      await rowCountOf(pool, 'missing', named),
      await outside(),
      await outside(),
    ]
    expect(answers).toEqual([1, 'ROWHOUSE_TENANT_NOT_FOUND', 1, 1])
  })

  test('a statement behind a tenant that lacks its table is prepared again', async () => {
    const pool = houses.pool({ hygiene: 'fast' })
    const table = `${houses.schema('a')}.extra`
    await houses.asOwner((owner) =>
      owner.query(`create table ${table} (id int); grant all on ${table} to public`),
    )
    const named = { name: 'lacking', text: 'select id from extra' }
    await houses.in('b', () => pool.query('select 1 from users'))
    const answers: unknown[] = []
    for (const id of ['a', 'b', 'a', 'b', 'a']) answers.push(await rowCountOf(pool, id, named))
    expect(answers).toEqual([0, '42P01', 0, '42P01', 0])
  })
})
