import { Client, escapeIdentifier } from 'pg'
import type { PoolClient } from 'pg'
import { TenantPool } from '../../src/postgres/pool'
import { SERVERS } from '../support/servers'
import { context, Houses, pidOf } from './support/houses'

const READ = 'select name from users where id = 1'

describe.each(SERVERS)('how connections are set up, on $name', (server) => {
  const houses = new Houses(server, `setup ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const show = async (pool: Pick<PoolClient, 'query'>, setting: string): Promise<string> =>
    (await pool.query(`select current_setting('${setting}', true) as value`)).rows[0].value

  test('the onConnect hook is awaited, runs outside every tenant, and outlives the clearing of sessions', async () => {
    const seen: unknown[] = []
    const pool = houses.pool({
      hygiene: 'strict',
      onConnect: async (client) => {
        seen.push(context.scope(), (await client.query('select current_schema() as s')).rows[0].s)
        await client.query(`set statement_timeout = '12s'`)
        await client.query('select set_config($1, $2, false)', ['app.region', 'eu'])
      },
    })
    for (const id of ['a', 'b', 'a']) {
      await houses.in(id, async () => {
        expect([await show(pool, 'statement_timeout'), await show(pool, 'app.region')]).toEqual(['12s', 'eu'])
        await pool.query(`set statement_timeout = '1s'`)
      })
    }
    expect(seen).toEqual([undefined, 'public'])
  })

  test('rows that the hook writes are written once, and not at every clearing', async () => {
    const pool = houses.pool({
      hygiene: 'strict',
      onConnect: (client) =>
        client.query(`insert into ${houses.schema('b')}.users (name) values ('hook')`).then(() => {}),
    })
    for (const id of ['a', 'b', 'a', 'b']) await houses.in(id, () => pool.query(READ))
    expect((await houses.names('b')).filter((name) => name === 'hook')).toHaveLength(1)
    await houses.in('b', () => pool.query(`delete from users where name = 'hook'`))
  })

  test('a connect listener that queries at once, as applications do', async () => {
    const pool = houses.pool()
    pool.on('connect', (client) => void client.query(`set statement_timeout = '12s'`))
    for (const id of ['a', 'b'])
      expect(await houses.in(id, () => show(pool, 'statement_timeout'))).toBe('12s')
  })

  test('a connect listener that queries later is refused and pointed to onConnect', async () => {
    const pool = houses.pool()
    const later = new Promise<unknown>((resolve) => {
      pool.on('connect', (client) => {
        void (async () => {
          await client.query(`set statement_timeout = '12s'`)
          await client.query(`set lock_timeout = '12s'`)
        })().catch(resolve)
      })
    })
    await houses.in('a', () => pool.query(READ))
    await houses.in('b', () => pool.query(READ))
    expect(await later).toMatchObject({ code: 'ROWHOUSE_CLIENT_RELEASED' })
    expect(String(await later)).toContain('onConnect')
  })

  test('a hook that fails fails the query, and leaves no connection', async () => {
    const pool = houses.pool({ onConnect: (client) => client.query('select 1/0').then(() => {}) })
    await expect(houses.in('a', () => pool.query(READ))).rejects.toMatchObject({ code: '22012' })
    expect(pool.totalCount).toBe(0)
  })

  test('maxUses and maxLifetimeSeconds renew connections', async () => {
    for (const options of [{ maxUses: 2 }, { maxLifetimeSeconds: 0.05 }]) {
      const pool = houses.pool(options)
      const first = await houses.in('a', () => pidOf(pool))
      await houses.in('b', () => pool.query(READ))
      await new Promise((resolve) => setTimeout(resolve, 80))
      expect(await houses.in('a', () => pidOf(pool))).not.toBe(first)
    }
  })

  test('allowExitOnIdle, min and verify of pg-pool work', async () => {
    const verified: string[] = []
    const verify = (client: PoolClient, done: (error?: Error) => void): void => {
      verified.push(typeof client.release)
      done()
    }
    const pool = houses.pool({ allowExitOnIdle: true, verify })
    expect((await houses.in('a', () => pool.query(READ))).rows).toEqual([{ name: 'a-1' }])
    expect(verified).toEqual(['function'])
  })

  test('what scoping can not be safe with is refused when the pool is made', () => {
    const scope = (): undefined => undefined
    expect(() => new TenantPool({ scope, pipeline: true })).toThrow('pipeline')
    expect(() => new TenantPool({ scope, Client })).toThrow('Client')
    expect(() => new TenantPool({ scope, pipeline: true, Client })).toThrow(
      expect.objectContaining({
        code: 'ROWHOUSE_CONFIG',
        problems: [expect.any(String), expect.any(String)],
      }),
    )
  })

  test.each([
    'select',
    'user',
    'a.b',
    'a,b',
    'a"b',
    "o'x",
    'Übergröße',
    ' leading',
    'UPPER',
    '$user',
    'pg-temp',
    'x'.repeat(50),
  ])('the schema name %j is quoted everywhere', async (id) => {
    const schema = escapeIdentifier(houses.schema(id).slice(0, 63))
    await houses.asOwner((owner) =>
      owner.query(
        `create schema ${schema}; create table ${schema}.users (name text); insert into ${schema}.users values ('exotic');
           grant usage on schema ${schema} to rowhouse_app; grant select on ${schema}.users to rowhouse_app`,
      ),
    )
    const pool = houses.pool()
    const tenant = { ...houses.tenant(id), schema: houses.schema(id).slice(0, 63) as never }
    for (let round = 0; round < 2; round += 1) {
      const { rows } = await context.run(tenant, () =>
        pool.query('select name, current_schema() as s from users'),
      )
      expect(rows).toEqual([{ name: 'exotic', s: tenant.schema }])
      await houses.in('a', () => pool.query(READ))
    }
    const one = context.run(tenant, () => pool.query('select 1; select name from users'))
    expect(((await one) as unknown as { rows: unknown[] }[])[1]!.rows).toEqual([{ name: 'exotic' }])
  })

  test('shared schemas are behind the tenant, in their order, and pg_temp is last', async () => {
    const pool = houses.pool({ sharedSchemas: [houses.schema('b'), 'public'] })
    const path = [houses.schema('a'), houses.schema('b'), 'public', 'pg_temp'].join(', ')
    expect((await houses.in('a', () => show(pool, 'search_path'))).replaceAll('"', '')).toBe(path)
    expect((await houses.in('a', () => pool.query(READ))).rows).toEqual([{ name: 'a-1' }])
  })
})
