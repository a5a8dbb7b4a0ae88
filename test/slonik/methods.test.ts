import type { CommonQueryMethods, DatabasePool, QuerySqlToken } from 'slonik'
import { context } from '../postgres/support/houses'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

describe.each(PAIRS)('the methods of $name', (pair) => {
  const houses = new SlonikHouses(pair, 'methods')
  const { DataIntegrityError, InputSyntaxError, NotFoundError } = pair.slonik.module
  let pool: DatabasePool
  let plain: DatabasePool
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    pool = await houses.tenantSlonik()
    plain = await houses.plainSlonik('b')
    // Whatever follows comes from another tenant's connection.
    await houses.in('a', () => pool.any(all))
  })
  afterAll(() => houses.clear())

  const { sql } = houses
  const all = sql`select id, name from users order by id`
  const names = sql`select name from users order by id`
  const read = (id: number) => sql`select name from users where id = ${id}`
  const methods: Record<string, (on: CommonQueryMethods) => Promise<unknown>> = {
    any: (on) => on.any(all),
    anyFirst: (on) => on.anyFirst(names),
    exists: (on) => on.exists(read(1)),
    'exists, for nothing': (on) => on.exists(read(77)),
    many: (on) => on.many(all),
    manyFirst: (on) => on.manyFirst(names),
    maybeOne: (on) => on.maybeOne(read(1)),
    'maybeOne, for nothing': (on) => on.maybeOne(read(77)),
    maybeOneFirst: (on) => on.maybeOneFirst(read(2)),
    one: (on) => on.one(read(1)),
    oneFirst: (on) => on.oneFirst(read(2)),
    query: (on) => on.query(all),
    'query that writes': (on) => on.query(sql`update users set name = name where id < ${3} returning name`),
    stream: async (on) => {
      const rows: unknown[] = []
      await on.stream(all, (stream) => void stream.on('data', (row) => rows.push(row)))
      return rows
    },
    transaction: (on) => on.transaction((tx) => tx.anyFirst(names)),
  }

  describe.each(Object.entries(methods))('%s', (_name, method) => {
    test('answers as slonik does, in the tenant of the call: on the pool, a connection and a transaction', async () => {
      const expected = await method(plain)
      expect(JSON.stringify(expected)).toMatch(/b-[12]|true|false|null/)
      expect(await houses.in('b', () => method(pool))).toEqual(expected)
      expect(await houses.in('b', () => pool.connect((connection) => method(connection)))).toEqual(expected)
      expect(await houses.in('b', () => pool.transaction((tx) => method(tx)))).toEqual(expected)
    })

    test('without a tenant sends nothing', async () => {
      const before = pool.state()
      await expect(method(pool)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
      expect(pool.state()).toEqual(before)
    })
  })

  test('connect without a tenant does not call its routine', async () => {
    const routine = jest.fn()
    await expect(pool.connect(routine)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
    await expect(pool.transaction(routine)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
    expect(routine).not.toHaveBeenCalled()
  })

  test('withoutTenant has the default search_path of the role, and no tables of tenants', async () => {
    await houses.in('a', () => pool.any(all))
    const path = await context.withoutTenant(() => pool.oneFirst(sql`show search_path`))
    expect(path).toBe(
      await houses.asOwner(async (owner) => (await owner.query('show search_path')).rows[0].search_path),
    )
    await expect(context.withoutTenant(() => pool.any(all))).rejects.toMatchObject({
      code: '42P01',
    })
  })

  test("slonik's own errors are slonik's", async () => {
    await houses.in('a', async () => {
      await expect(pool.one(read(77))).rejects.toBeInstanceOf(NotFoundError)
      await expect(pool.one(all)).rejects.toBeInstanceOf(DataIntegrityError)
      await expect(pool.any(sql` `)).rejects.toThrow('Query cannot be empty')
      expect(await pool.oneFirst(read(1))).toBe('a-1')
    })
  })

  test('the pool is a pool of slonik: state, configuration, events, end', async () => {
    const own = await houses.tenantSlonik({ maximumPoolSize: 2, queryRetryLimit: 3 })
    expect(own.configuration).toMatchObject({ maximumPoolSize: 2, queryRetryLimit: 3 })
    const heard: unknown[] = []
    own.on?.('error', (error) => heard.push(error))
    await houses
      .in('a', () => own.any(sql`select from from`))
      .catch((error: unknown) => {
        if (own.on === undefined) heard.push(error)
      })
    expect(heard).toEqual([expect.any(InputSyntaxError)])
    await houses.in('a', () => own.any(all))
    expect(own.state()).toMatchObject({ acquiredConnections: 0, idleConnections: 1, waitingClients: 0 })
    await own.end()
    expect(own.state()).toMatchObject({ idleConnections: 0, state: 'ENDED' })
    await expect(houses.in('a', () => own.any(all))).rejects.toThrow('shut down')
  })

  test('several statements in one text are refused, and none of them runs', async () => {
    const many = sql`insert into users (name) values ('many'); select 1`
    await expect(houses.in('b', () => pool.query(many))).rejects.toBeInstanceOf(InputSyntaxError)
    expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
  })

  test('notices of a query come with its result', async () => {
    const result = await houses.in('b', () => pool.query(sql`do $$ begin raise notice 'heard'; end $$`))
    expect(result.notices).toEqual([{ message: 'heard' }])
  })

  // What slonik 49 added.
  const { prepared } = pair.slonik.module.sql as Partial<Later>
  if (prepared !== undefined) {
    test('a record, and a prepared statement that each tenant has its own of', async () => {
      const { record } = pool as unknown as Pick<DatabasePool, 'any'> & { record: DatabasePool['any'] }
      const pairs = sql`select id::text as key, name as value from users where id < 3`
      const named = () => prepared('all of them', {})`select * from users order by id`
      await expect(record(pairs)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
      for (const id of ['a', 'b', 'a']) {
        expect(await houses.in(id, () => record(pairs))).toEqual({ 1: `${id}-1`, 2: `${id}-2` })
        expect(await houses.in(id, () => pool.any(named()))).toMatchObject([{ name: `${id}-1` }, {}])
      }
      await houses.asOwner((owner) => owner.query(`alter table ${houses.schema('b')}.users add age int`))
      expect(await houses.in('b', () => pool.any(named()))).toMatchObject([{ name: 'b-1', age: null }, {}])
      expect(await houses.in('a', () => pool.any(named()))).toEqual([
        { id: 1, name: 'a-1' },
        { id: 2, name: 'a-2' },
      ])
      await houses.asOwner((owner) => owner.query(`alter table ${houses.schema('b')}.users drop age`))
    })
  }
})

interface Later {
  readonly prepared: (name: string, parser: object) => (parts: TemplateStringsArray) => QuerySqlToken
}
