import type { Pool } from 'pg'
import Cursor from 'pg-cursor'
import { SERVERS } from '../support/servers'
import { context, Houses, pidOf } from './support/houses'

const READ = 'select name from users where id = 1'
const NOT_FOUND = { code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'gone' }

describe.each(SERVERS)('a switch that fails runs nothing, on $name', (server) => {
  const houses = new Houses(server, `failed switch ${server.version}`)
  beforeAll(() => houses.build(['a', 'b', 'shared']))
  afterAll(() => houses.clear())

  const nameOn = async (pool: Pick<Pool, 'query'>): Promise<string> => (await pool.query(READ)).rows[0].name

  /** What could have been made anywhere: tables called `stray`, in whatever schema. */
  const strays = (): Promise<string[]> =>
    houses.asOwner(async (owner) => {
      const { rows } = await owner.query(
        `select relnamespace::regnamespace::text as schema from pg_class where relname = 'stray'`,
      )
      return rows.map(({ schema }) => schema as string)
    })

  test.each([
    ['a query', READ],
    ['a write', `insert into users (name) values ('stray')`],
    ['CREATE TABLE', 'create table stray (id int)'],
    ['SELECT INTO', 'select 1 as id into stray'],
    ['several statements', `create table stray (id int); insert into users (name) values ('stray')`],
    ['VACUUM', 'vacuum users'],
    ['DO', 'do $$ begin create table stray (id int); end $$'],
    ['EXPLAIN ANALYZE', 'explain analyze create table stray as select 1'],
  ])('%s for a schema that does not exist, with a shared schema behind it', async (_what, sql) => {
    const pool = houses.pool({ sharedSchemas: [houses.schema('shared')] })
    const pid = await houses.in('a', () => pidOf(pool))
    await expect(houses.in('gone', () => pool.query(sql))).rejects.toMatchObject(NOT_FOUND)
    expect(await houses.names('shared')).toEqual(['shared-1', 'shared-2'])
    expect(await strays()).toEqual([])
    // The connection is as good as before.
    expect(await houses.in('b', () => nameOn(pool))).toBe('b-1')
    expect(await houses.in('a', () => pidOf(pool))).toBe(pid)
  })

  test('a cursor, a transaction and a named statement for a schema that does not exist', async () => {
    const pool = houses.pool()
    const named = { name: 'read', text: READ }
    await houses.in('gone', async () => {
      await expect(pool.query({ ...named })).rejects.toMatchObject(NOT_FOUND)
      const client = await pool.connect()
      await expect(client.query(new Cursor(READ)).read(1)).rejects.toMatchObject(NOT_FOUND)
      client.release()
    })
    for (const id of ['a', 'b']) {
      expect((await houses.in(id, () => pool.query({ ...named }))).rows).toEqual([{ name: `${id}-1` }])
      await expect(houses.in('gone', () => pool.query({ ...named }))).rejects.toMatchObject(NOT_FOUND)
    }
  })

  test('BEGIN, and the ROLLBACK that follows tells the same reason instead of hiding it', async () => {
    const pool = houses.pool()
    const work = houses.in('gone', async () => {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    })
    await expect(work).rejects.toMatchObject(NOT_FOUND)
    expect(await houses.in('b', () => nameOn(pool))).toBe('b-1')
  })

  test('a schema that this role may not use is told from one that is not there', async () => {
    await houses.build(['locked'])
    await houses.asOwner((owner) =>
      owner.query(`revoke all on schema ${houses.schema('locked')} from rowhouse_app`),
    )
    const pool = houses.pool({ sharedSchemas: [houses.schema('shared')] })
    const denied = { code: 'ROWHOUSE_TENANT_ACCESS', tenant: 'locked' }
    for (const sql of [READ, 'create table stray (id int)', 'begin']) {
      await houses.in('a', () => nameOn(pool))
      await expect(houses.in('locked', () => pool.query(sql))).rejects.toMatchObject(denied)
    }
    expect(await strays()).toEqual([])
  })

  test.each([
    ['select 1 as id into stray'],
    [`insert into users (name) values ('stray')`],
    ['create table stray (id int)'],
    [READ],
  ])('%s behind a drop of the schema by somebody else, within one checkout', async (sql) => {
    await houses.build(['gone'])
    const pool = houses.pool({ sharedSchemas: [houses.schema('shared')] })
    await houses.in('gone', async () => {
      const client = await pool.connect()
      try {
        expect(await nameOn(client)).toBe('gone-1')
        await houses.asOwner((owner) => owner.query(`drop schema ${houses.schema('gone')} cascade`))
        await expect(client.query(sql)).rejects.toMatchObject(NOT_FOUND)
      } finally {
        client.release()
      }
    })
    expect(await houses.names('shared')).toEqual(['shared-1', 'shared-2'])
    expect(await strays()).toEqual([])
  })

  test('a tenant that is made after it was missed is found', async () => {
    const pool = houses.pool()
    await expect(houses.in('late', () => nameOn(pool))).rejects.toMatchObject({ code: NOT_FOUND.code })
    await houses.build(['late'])
    expect(await houses.in('late', () => nameOn(pool))).toBe('late-1')
  })

  test('without a tenant nothing is sent, in any form', async () => {
    const pool = houses.pool()
    const required = { code: 'ROWHOUSE_TENANT_REQUIRED' }
    await expect(pool.query(READ)).rejects.toMatchObject(required)
    await expect(pool.connect()).rejects.toMatchObject(required)
    expect(await new Promise((resolve) => pool.query(READ, (error) => resolve(error)))).toMatchObject(
      required,
    )
    expect(await new Promise((resolve) => pool.connect((error) => resolve(error)))).toMatchObject(required)
    expect(pool.totalCount).toBe(0)
  })

  test('a half made tenant does not read from public', async () => {
    const table = `${houses.prefix}only_public`
    const half = houses.schema('half')
    await houses.asOwner((owner) =>
      owner.query(
        `create schema ${half}; grant usage on schema ${half} to rowhouse_app;
         create table public.${table} as select 1 as id; grant select on public.${table} to public`,
      ),
    )
    const pool = houses.pool()
    try {
      await expect(houses.in('half', () => pool.query(`select * from ${table}`))).rejects.toMatchObject({
        code: '42P01',
        hint: expect.stringContaining('sharedSchemas'),
      })
      await expect(houses.in('half', () => pool.query('select public_only()'))).rejects.toMatchObject({
        code: '42883',
        hint: expect.stringMatching(/No function matches.*sharedSchemas/),
      })
      const { rows } = await context.withoutTenant(() => pool.query(`select * from ${table}`))
      expect(rows).toHaveLength(1)
    } finally {
      await houses.asOwner((owner) => owner.query(`drop table public.${table}`))
    }
  })
})
