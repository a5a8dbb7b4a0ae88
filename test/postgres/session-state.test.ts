import type { Pool, PoolClient } from 'pg'
import type { Hygiene } from '../../src/postgres/hygiene'
import { SERVERS } from '../support/servers'
import { Houses, pidOf } from './support/houses'

const READ = 'select name from users where id = 1'

/** Ways to leave something behind on a connection, each with a query that finds it. */
const LEFTOVERS: readonly (readonly [what: string, leave: string, look: string, clean: unknown])[] = [
  ['a setting', `set statement_timeout = 54321`, 'show statement_timeout', '0'],
  ['a time zone', `set timezone = 'Asia/Tokyo'`, `select current_setting('timezone') = 'Asia/Tokyo'`, false],
  ['a role', 'set role rowhouse_app', `select current_setting('role') = 'rowhouse_app'`, false],
  [
    'a table by CREATE AS',
    'create temp table copies as select * from users',
    `select to_regclass('pg_temp.copies')`,
    null,
  ],
  [
    'a table by SELECT INTO',
    'select * into temp copies from users',
    `select to_regclass('pg_temp.copies')`,
    null,
  ],
  [
    'a table by EXPLAIN',
    'explain analyze create temp table copies as select 1 as a',
    `select to_regclass('pg_temp.copies')`,
    null,
  ],
  ['LISTEN', 'listen secrets', 'select count(*)::int from pg_listening_channels()', 0],
  [
    'a temporary table',
    'create temp table users_tmp (a int)',
    `select to_regclass('pg_temp.users_tmp')`,
    null,
  ],
  [
    'a cursor with hold',
    `declare held cursor with hold for ${READ}`,
    "select count(*)::int from pg_cursors where name = 'held'",
    0,
  ],
  [
    'PREPARE',
    `prepare mine as ${READ}`,
    `select count(*)::int from pg_prepared_statements where name = 'mine'`,
    0,
  ],
  [
    'an advisory lock by DO',
    'do $$ begin perform pg_advisory_lock(4711); end $$',
    `select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
    0,
  ],
]

/** The same without any command tag that tells of it. */
const HIDDEN: typeof LEFTOVERS = [
  [
    'set_config',
    `select set_config('app.user_id', '7', false)`,
    `select coalesce(current_setting('app.user_id', true), '')`,
    '',
  ],
  [
    'an advisory lock',
    'select pg_advisory_lock(4712)',
    `select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
    0,
  ],
  [
    'a temporary table made in a function',
    'select leave_table()',
    `select to_regclass('pg_temp.hidden')`,
    null,
  ],
  ['a sequence', `insert into users (name) values ('x') returning id`, 'select lastval()::int', '55000'],
]

describe.each(SERVERS)('what a tenant leaves on a connection, on $name', (server) => {
  const houses = new Houses(server, `session ${server.version}`)
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    for (const id of ['a', 'b']) {
      await houses.asOwner((owner) =>
        owner.query(
          `create function ${houses.schema(id)}.leave_table() returns int language plpgsql as
             $$ begin create temp table hidden (a int); return 1; end $$`,
        ),
      )
    }
  })
  afterAll(() => houses.clear())

  const look = (pool: Pick<Pool | PoolClient, 'query'>, sql: string): Promise<unknown> =>
    pool.query({ text: sql, rowMode: 'array' }).then(
      ({ rows }) => (rows[0] as unknown as unknown[] | undefined)?.[0],
      (error: { code: string }) => error.code,
    )

  async function found(hygiene: Hygiene, leave: string, search: string): Promise<unknown> {
    const pool = houses.pool({ hygiene })
    const pid = await houses.in('a', () => pidOf(pool))
    await houses.in('a', () => pool.query(leave))
    const [result, next] = await houses.in('b', async () => [await look(pool, search), await pidOf(pool)])
    // Cleared and not replaced: a new connection would cost milliseconds.
    expect(next).toBe(pid)
    expect(await houses.in('b', async () => (await pool.query(READ)).rows[0].name)).toBe('b-1')
    await houses.in('a', () => pool.query(`delete from users where name = 'x'`))
    await pool.end()
    return result
  }

  describe.each(['strict', 'auto', 'fast'] as const)('hygiene %s', (hygiene) => {
    test.each(LEFTOVERS)('%s does not reach the next tenant', async (_what, leave, search, clean) => {
      expect(await found(hygiene, leave, search)).toEqual(clean)
    })
  })

  describe.each(['strict', 'auto'] as const)('hygiene %s', (hygiene) => {
    test.each(HIDDEN)(
      '%s, which no tag tells of, does not reach the next tenant',
      async (_what, leave, search, clean) => {
        expect(await found(hygiene, leave, search)).toEqual(clean)
      },
    )
  })

  test.each(HIDDEN.slice(0, 3))(
    'hygiene fast does not stop %s, as its documentation says',
    async (_what, leave, search, clean) => {
      expect(await found('fast', leave, search)).not.toEqual(clean)
    },
  )

  test('without clearing, the looks of these tests do find what was left', async () => {
    for (const [, leave, search, clean] of [...LEFTOVERS, ...HIDDEN]) {
      const pool = houses.plainPool('a')
      await pool.query(leave)
      expect([leave, await look(pool, search)]).not.toEqual([leave, clean])
      await pool.query(`delete from users where name = 'x'`)
      await pool.end()
    }
  })

  test('a connection that was handed out is cleared, whatever ran on it; plain reads cost no clearing', async () => {
    const pool = houses.pool()
    const statements = async (): Promise<number> =>
      (await pool.query('select count(*)::int as n from pg_prepared_statements')).rows[0].n
    await houses.in('a', () => pool.query({ name: 'kept', text: READ }))
    await houses.in('b', () => pool.query(READ))
    expect(await houses.in('a', statements)).toBe(1)
    await houses.in('a', async () => (await pool.connect()).release())
    expect(await houses.in('a', statements)).toBe(1)
    await houses.in('a', async () => {
      const client = await pool.connect()
      await client.query(READ)
      client.release()
    })
    expect(await houses.in('b', statements)).toBe(0)
  })

  test("the tenant's own state stays while the connection serves nobody else", async () => {
    const pool = houses.pool()
    await houses.in('a', () => pool.query(`set application_name = 'mine'`))
    expect(await houses.in('a', () => look(pool, 'show application_name'))).toBe('mine')
    expect(await houses.in('b', () => look(pool, 'show application_name'))).toBe(houses.applicationName)
  })

  test('a temporary table does not shadow the table of the tenant, not even its own', async () => {
    const pool = houses.pool()
    await houses.in('a', () => pool.query(`create temp table users (id int, name text)`))
    expect(await houses.in('a', () => look(pool, READ))).toBe('a-1')
    expect(await houses.in('b', () => look(pool, READ))).toBe('b-1')
  })

  test('a statement_timeout of the tenant before does not stop the clearing', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      for (let number = 0; number < 150; number += 1)
        await client.query(`create temp table t${number} (a int)`)
      await client.query('set statement_timeout = 1')
      client.release()
    })
    expect(await houses.in('b', () => look(pool, READ))).toBe('b-1')
    expect(await houses.in('b', () => look(pool, 'show statement_timeout'))).toBe('0')
  })

  test('strings that do not end where they seem to, with standard_conforming_strings off', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      await pool.query('set standard_conforming_strings = off')
      await pool.query(`select 'a\\'', set_config('app.user_id', '7', false) --'`)
    })
    expect(
      await houses.in('b', () => look(pool, `select coalesce(current_setting('app.user_id', true), '')`)),
    ).toBe('')
  })

  test("type parsers and properties of one borrower are not the next one's", async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      client.setTypeParser(23, (value: string) => `<${value}>`)
      Object.assign(client, { secret: 'a' })
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: '<1>' }])
      expect((client as unknown as { secret?: string }).secret).toBe('a')
      client.release()
    })
    await houses.in('b', async () => {
      const client = await pool.connect()
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      expect((client as unknown as { secret?: string }).secret).toBeUndefined()
      client.release()
    })
  })

  test('a session that can not be cleared is closed, and nobody uses it', async () => {
    const pool = houses.pool({ hygiene: 'strict' })
    pool.once('connect', (client: PoolClient) => {
      const { connection } = client as unknown as { connection: { query(text: string): void } }
      const send = connection.query.bind(connection)
      // Nothing is known that makes a real DISCARD ALL fail on demand.
      connection.query = (text) => send(text === 'DISCARD ALL' ? 'select 1/0' : text)
    })
    const pid = await houses.in('a', () => pidOf(pool))
    await expect(houses.in('b', () => pool.query(READ))).rejects.toMatchObject({
      code: 'ROWHOUSE_ISOLATION',
      tenant: 'b',
    })
    expect(await houses.in('b', () => look(pool, READ))).toBe('b-1')
    expect(await houses.in('b', () => pidOf(pool))).not.toBe(pid)
  })
})
