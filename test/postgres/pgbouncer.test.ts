import { Pool } from 'pg'
import { startPgBouncer } from '../../scripts/embedded-pgbouncer/start'
import type { PgBouncer } from '../../scripts/embedded-pgbouncer/start'
import { postgres } from '../../src/postgres/postgres'
import type { PostgresOptions } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const NAME = 'select name from users where id = 1'

describe.each(SERVERS)('a real PgBouncer in front of $name', (server) => {
  const houses = new Houses(server, `pgbouncer ${server.version}`)
  let sessions: PgBouncer
  let transactions: PgBouncer
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    sessions = await startPgBouncer({ target: server.appUrl, poolMode: 'session', poolSize: 5 })
    transactions = await startPgBouncer({ target: server.appUrl, poolMode: 'transaction', poolSize: 3 })
  })
  afterAll(async () => {
    await Promise.all([sessions, transactions].map((bouncer) => bouncer.stop()))
    await houses.clear()
  })

  test.each([0, 1])('is noticed, whatever it pools (%i)', async (index) => {
    const { url } = [sessions, transactions][index]!
    const pool = houses.pool({ connectionString: url })
    await expect(houses.in('a', () => pool.query(NAME))).rejects.toMatchObject({
      code: 'ROWHOUSE_POOLER_DETECTED',
    })
    await expect(houses.in('a', () => pool.query('create table stray (id int)'))).rejects.toMatchObject({
      code: 'ROWHOUSE_POOLER_DETECTED',
    })
  })

  test('one of sessions serves when it is declared, and what a tenant leaves is cleared', async () => {
    const pool = houses.pool({ connectionString: sessions.url, pooler: 'session' })
    for (const id of ['a', 'b', 'a']) {
      const left = await houses.in(id, async () => {
        const { rows } = await pool.query(`select current_setting('app.user', true) as left`)
        await pool.query(`select set_config('app.user', $1, false)`, [id])
        expect((await pool.query(NAME)).rows).toEqual([{ name: `${id}-1` }])
        return (rows as { left: string | null }[])[0]!.left
      })
      expect(left ?? '').toBe('')
    }
  })

  test('a tenancy behind one of transactions: shared tables, the mark, migrations by the direct way', async () => {
    const prefix = `${houses.prefix}t_`
    const open = (options: PostgresOptions) =>
      createTenancy({
        engine: postgres(options),
        prefix,
        migrations: __dirname + '/../support/no-migrations',
      })
    const behind = {
      connectionString: transactions.url,
      application_name: houses.applicationName,
      mode: 'local',
    } as const
    const tenancy = open({ ...behind, migrationUrl: server.ownerUrl })
    const indirect = open({ ...behind, migrationUrl: transactions.url })
    try {
      await expect(indirect.create('x', { migrate: false })).rejects.toMatchObject({
        code: 'ROWHOUSE_POOLER_DETECTED',
      })
      await tenancy.create('x', { migrate: false })
      expect(await tenancy.exists('x')).toBe(true)
      expect((await tenancy.list()).map(({ tenant }) => tenant)).toEqual(['x'])
      const path = await tenancy.admin.query<{ search_path: string }>('show search_path')
      expect(path.rows[0]!.search_path).toBe('"$user", public')
      await tenancy.drop('x')
      await expect(tenancy.run('x', () => tenancy.pool.query('select 1'))).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_NOT_FOUND',
      })
    } finally {
      await Promise.all([tenancy.close(), indirect.close()])
    }
  })

  test('what a function leaves in a session reaches others, unless PgBouncer clears each transaction', async () => {
    const clearing = await startPgBouncer({
      target: server.appUrl,
      poolMode: 'transaction',
      poolSize: 1,
      settings: ['server_reset_query = DISCARD ALL', 'server_reset_query_always = 1'],
    })
    try {
      for (const [url, expected] of [
        [transactions.url, 'left'],
        [clearing.url, ''],
      ] as const) {
        await houses.asOwner((owner) =>
          owner.query(
            `create or replace function "${houses.schema('a')}".leave() returns text language sql as
             $$ select set_config('app.user', 'left', false) $$`,
          ),
        )
        const pool = houses.pool({ connectionString: url, mode: 'local' })
        await houses.in('a', () => pool.query('select leave()'))
        const found = await houses.in('b', () =>
          pool.query(`select current_setting('app.user', true) as user`),
        )
        expect((found.rows as { user: string | null }[])[0]!.user ?? '').toBe(expected)
      }
    } finally {
      await clearing.stop()
    }
  })

  test('options that contradict each other are refused, all at once', () => {
    const wrong = { connectionString: '', mode: 'local', pooler: 'session', hygiene: 'auto' } as const
    expect(() => postgres(wrong)).toThrow(/`hygiene`.*`pooler`/s)
    expect(() => postgres({ mode: 'transaction' as never })).toThrow(
      'The option `mode` is "session" or "local".',
    )
  })

  test('a plain pool is served by it: the program works', async () => {
    const pool = new Pool({ connectionString: transactions.url, application_name: houses.applicationName })
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await pool.end()
  })
})
