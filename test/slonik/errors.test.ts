import type { DatabasePool } from 'slonik'
import { createTenancy } from '../../src/index'
import { postgres } from '../../src/postgres/index'
import type { TenantSlonikOptions } from '../../src/slonik'
import { context } from '../postgres/support/houses'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

const NOT_FOUND = { code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'gone' }

describe.each(PAIRS)('errors of $name', (pair) => {
  const houses = new SlonikHouses(pair, 'errors')
  const { sql, slonik } = houses
  const first = sql`select name from users where id = 1`
  let pool: DatabasePool
  beforeAll(async () => {
    await houses.build(['a', 'b', 'shared', 'locked'])
    await houses.asOwner((owner) =>
      owner.query(`revoke all on schema ${houses.schema('locked')} from rowhouse_app`),
    )
    pool = await houses.tenantSlonik({ sharedSchemas: [houses.schema('shared')] })
  })
  afterAll(() => houses.clear())

  const strays = (): Promise<unknown[]> =>
    houses.asOwner(
      async (owner) =>
        (
          await owner.query(
            `select relnamespace::regnamespace::text from pg_class where relname = 'slonik_stray'`,
          )
        ).rows,
    )

  test.each([
    'select name from users',
    `insert into users (name) values ('stray')`,
    'create table slonik_stray (id int)',
    'do $$ begin create table slonik_stray (id int); end $$',
  ])('%s for a schema that is not there runs nothing, with a shared schema behind it', async (text) => {
    await houses.in('gone', async () => {
      const query = houses.textQuery(text)
      await expect(pool.query(query)).rejects.toMatchObject(NOT_FOUND)
      await expect(pool.transaction((tx) => tx.query(query))).rejects.toMatchObject(NOT_FOUND)
      await pool.connect((connection) => expect(connection.query(query)).rejects.toMatchObject(NOT_FOUND))
      await expect(pool.stream(query, (stream) => void stream.resume())).rejects.toMatchObject(NOT_FOUND)
    })
    expect([await strays(), await houses.names('shared')]).toEqual([[], ['shared-1', 'shared-2']])
    expect(await houses.in('b', () => pool.oneFirst(first))).toBe('b-1')
  })

  test('a schema that this role may not use is told from one that is not there', async () => {
    await expect(houses.in('locked', () => pool.any(first))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_ACCESS',
      tenant: 'locked',
    })
  })

  test('a schema that is dropped while its connection is idle', async () => {
    await houses.build(['short'])
    expect(await houses.in('short', () => pool.oneFirst(first))).toBe('short-1')
    await houses.asOwner((owner) => owner.query(`drop schema ${houses.schema('short')} cascade`))
    await expect(houses.in('short', () => pool.any(first))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
  })

  test("errors of the database are slonik's, with pg's as the cause", async () => {
    const { module } = slonik
    await houses.in('a', async () => {
      const failing = [
        [sql`insert into users (id) values (1)`, module.UniqueIntegrityConstraintViolationError, '23505'],
        [sql`insert into users (id) values (null)`, module.NotNullIntegrityConstraintViolationError, '23502'],
        [sql`select 'x'::int`, module.InvalidInputError, '22P02'],
        [sql`select from from`, module.InputSyntaxError, '42601'],
        [sql`select pg_cancel_backend(pg_backend_pid())`, module.StatementCancelledError, '57014'],
      ] as const
      for (const [query, type, code] of failing) {
        const error: unknown = await pool.query(query).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(type)
        expect(error).toMatchObject({ cause: { code } })
      }
      await expect(pool.query(sql`select * from nowhere`)).rejects.toMatchObject({ code: '42P01' })
      await expect(pool.query(sql`select 1 / 0`)).rejects.toMatchObject({ code: '22012' })
    })
  })

  test('a statement that takes too long is stopped', async () => {
    const hasty = await houses.tenantSlonik({ statementTimeout: 50 })
    const slow = houses.in('a', () => hasty.query(sql`select pg_sleep(5)`))
    await expect(slow).rejects.toBeInstanceOf(slonik.module.StatementTimeoutError)
    expect(await houses.in('b', () => hasty.oneFirst(first))).toBe('b-1')
  })

  test('options that scoping can not be safe with are refused, all in one error', async () => {
    const wrong = {
      tenancy: {},
      driverFactory: slonik.createPgDriverFactory(),
      hygiene: 'none',
      pooler: 'all',
      sharedSchemas: ['pg_temp'],
    } as unknown as TenantSlonikOptions
    const error: unknown = await slonik
      .createTenantSlonik(houses.uri(), wrong)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ROWHOUSE_CONFIG', problems: Array(5).fill(expect.any(String)) })
  })

  test('a database that is not there is reported at once, as slonik does', async () => {
    const nowhere = 'postgres://nobody@127.0.0.1:1/x'
    await expect(slonik.createTenantSlonik(nowhere, { tenancy: context })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  test('a tenancy of createTenancy() says whose the queries are', async () => {
    const engine = postgres({ connectionString: houses.server.appUrl })
    const tenancy = createTenancy({ engine, prefix: houses.prefix })
    const own = await houses.tenantSlonik({ tenancy })
    expect(await tenancy.run('a', () => own.oneFirst(first))).toBe('a-1')
    expect(await tenancy.run('b', () => own.oneFirst(first))).toBe('b-1')
    await expect(own.oneFirst(first)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
    await tenancy.close()
  })
})
