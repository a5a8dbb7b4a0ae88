import type { PoolClient } from 'pg'
import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const READ = 'select name from users where id = 1'

describe.each(SERVERS)("the application's own SQL and the path, on $name", (server) => {
  const houses = new Houses(server, `user sql ${server.version}`)
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  const nameOn = async (on: Pick<PoolClient, 'query'>): Promise<string> => (await on.query(READ)).rows[0].name

  /** A client of `a` on a connection that served `c` before. */
  async function asA<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const pool = houses.pool()
    expect(await houses.in('c', () => nameOn(pool))).toBe('c-1')
    const result = await houses.in('a', async () => {
      const client = await pool.connect()
      try {
        return await work(client)
      } finally {
        client.release()
      }
    })
    expect(await houses.in('c', () => nameOn(pool))).toBe('c-1')
    return result
  }

  const toB = (): string => houses.schema('b')

  test.each([
    ['SET', () => `set search_path to ${toB()}`],
    ['set_config', () => `select set_config('search_path', '${toB()}', false)`],
    [
      'set_config in a CTE',
      () => `with x as (select set_config('search_path', '${toB()}', false)) select * from x`,
    ],
    ['DO', () => `do $$ begin perform set_config('search_path', '${toB()}', false); end $$`],
    ['SET among several statements', () => `select 1; set search_path to ${toB()}`],
    ['RESET', () => 'reset search_path'],
    ['RESET ALL', () => 'reset all'],
    ['DISCARD ALL', () => 'discard all'],
    ['SET SCHEMA', () => `set schema '${toB()}'`],
    ['ALTER ... SET in a comment-ridden SET', () => `/* a */ SeT /* b -- */ search_path = ${toB()} -- c`],
  ])('%s does not move the next query', async (_what, sql) => {
    await asA(async (client) => {
      await client.query(sql())
      expect(await nameOn(client)).toBe('a-1')
      await client.query(sql())
      await client.query(`update users set name = name where id = 1`)
      await client.query(sql())
    })
    const pool = houses.pool()
    await houses.in('a', () => pool.query(sql()))
    expect(await houses.in('a', () => nameOn(pool))).toBe('a-1')
    expect(await houses.in('b', () => nameOn(pool))).toBe('b-1')
  })

  test.each([
    ['begin', 'commit'],
    ['begin', 'rollback'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'commit'],
    ['start transaction read only', 'rollback'],
    ['begin', 'end'],
    ['begin', 'abort'],
    ['begin', 'commit and chain'],
    ['begin', 'rollback and chain'],
  ])('%s ... %s leaves the connection on the tenant', async (begin, end) => {
    await asA(async (client) => {
      await client.query(begin)
      if (begin === 'begin') await client.query('set transaction isolation level repeatable read')
      expect(await nameOn(client)).toBe('a-1')
      await client.query(end)
      expect(await nameOn(client)).toBe('a-1')
      if (end.includes('chain')) await client.query('rollback')
      expect(await nameOn(client)).toBe('a-1')
    })
  })

  test.each(['select 1', 'select 1/0'])(
    'ROLLBACK and a query in one text, behind "%s", do not fall back to the tenant before',
    async (first) => {
      await asA(async (client) => {
        await client.query('begin')
        await nameOn(client)
        await client.query(first).catch(() => {})
        const found = await client.query(`rollback; ${READ}`).then(
          (results) => (results as unknown as { rows: unknown[] }[])[1]!.rows[0],
          (error: { code: string }) => error.code,
        )
        // A silent server tells nothing of the path after an error, and no switch can be made before the ROLLBACK.
        const isRefused = first === 'select 1/0' && server.version < 18
        expect(found).toEqual(isRefused ? '25P02' : { name: 'a-1' })
        await client.query('rollback')
      })
    },
  )

  test('a path set in a transaction is gone, and a savepoint brings no stranger back', async () => {
    await asA(async (client) => {
      await client.query('begin')
      await client.query(`set local search_path to ${toB()}`)
      await client.query('savepoint s')
      expect(await nameOn(client)).toBe('a-1')
      await client.query('rollback to savepoint s')
      expect(await nameOn(client)).toBe('a-1')
      await client.query('release savepoint s')
      expect(await nameOn(client)).toBe('a-1')
      await client.query('commit')
      expect(await nameOn(client)).toBe('a-1')
    })
  })

  test('an error in a transaction, its ROLLBACK, and the next query', async () => {
    await asA(async (client) => {
      await client.query('begin')
      await expect(client.query('select 1/0')).rejects.toMatchObject({ code: '22012' })
      await expect(client.query(READ)).rejects.toMatchObject({ code: '25P02' })
      await expect(client.query(`set search_path to ${toB()}`)).rejects.toMatchObject({ code: '25P02' })
      await client.query('rollback')
      expect(await nameOn(client)).toBe('a-1')
    })
  })

  test('an error outside a transaction undoes the switch with it, and the next query is switched again', async () => {
    const pool = houses.pool()
    await houses.in('c', () => nameOn(pool))
    for (let round = 0; round < 3; round += 1) {
      await expect(houses.in('a', () => pool.query('select 1/0 from users'))).rejects.toMatchObject({
        code: '22012',
      })
      expect(await houses.in('a', () => nameOn(pool))).toBe('a-1')
      await expect(houses.in('b', () => pool.query('select 1/0 from users'))).rejects.toMatchObject({
        code: '22012',
      })
      expect(await houses.in('b', () => nameOn(pool))).toBe('b-1')
    }
  })

  test('a REPEATABLE READ transaction takes its snapshot at its first query, not at our switch', async () => {
    await asA(async (client) => {
      await client.query('begin isolation level repeatable read')
      await client.query(`set local lock_timeout = '5s'`)
      await client.query('lock table users in access share mode')
      await houses.asOwner((owner) =>
        owner.query(`insert into ${houses.schema('a')}.users (name) values ('late')`),
      )
      const { rows } = await client.query(`select name from users where name = 'late'`)
      await client.query('rollback')
      await client.query(`delete from users where name = 'late'`)
      expect(rows).toHaveLength(1)
    })
  })

  test.each([
    'vacuum users',
    'create index concurrently if not exists users_name on users (name)',
    'drop index concurrently users_name',
    'create table if not exists q1 (a int)',
    'drop table q1',
    'alter table users add column if not exists extra int',
    'alter table users drop column extra',
    'truncate users_copy',
    'comment on table users is null',
  ])('%s works behind a switch', async (sql) => {
    const pool = houses.pool()
    const work = (id: string, text: string): Promise<unknown> => houses.in(id, () => pool.query(text))
    const owner = server.ownerUrl
    const own = houses.pool({ connectionString: owner })
    await work('b', READ)
    await houses.in('b', () => own.query(READ))
    await houses.in('a', () => own.query('create table if not exists users_copy (a int)'))
    await houses.in('a', () => own.query(sql))
    await expect(houses.in('b', () => own.query('select 1 from users_copy'))).rejects.toMatchObject({
      code: '42P01',
    })
  })

  test('a procedure that commits, called with a parameter', async () => {
    const procedure = `${houses.schema('c')}.commits`
    await houses.asOwner((owner) =>
      owner.query(
        `create or replace procedure ${procedure}(i int) language plpgsql as $$ begin perform 1; commit; end $$;
         grant execute on procedure ${procedure} to rowhouse_app`,
      ),
    )
    try {
      await asA(async (client) => {
        await client.query(`call ${procedure}($1)`, [1])
        expect(await nameOn(client)).toBe('a-1')
      })
    } finally {
      await houses.asOwner((owner) => owner.query(`drop procedure ${procedure}`))
    }
  })
})
