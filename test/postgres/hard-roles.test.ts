import type { Pool, PoolClient } from 'pg'
import QueryStream from 'pg-query-stream'
import type { TenantPoolConfig } from '../../src/postgres/pool'
import { SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, pidOf } from './support/houses'

const READ = 'select name from users where id = 1'
const DENIED = { code: '42501' }

const roleOf = async (on: Pick<Pool, 'query'>): Promise<string> =>
  (await on.query('select current_user as role')).rows[0].role

const VARIANTS: readonly Partial<TenantPoolConfig>[] = [
  { hygiene: 'fast' },
  { hygiene: 'auto' },
  { hygiene: 'strict' },
  { sharedSchemas: ['public'] },
  { pooler: 'session' },
]

describe.each(SERVERS)('each tenant has its own role, on $name', (server) => {
  const houses = new Houses(server, 'own roles', 'role')
  const b = houses.schema('b')
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    await houses.asOwner((owner) =>
      owner.query(
        `create function ${houses.schema('a')}.hop(there text) returns text language plpgsql as
           $$ begin perform set_config('role', there, false); return current_user; end $$;
         create function ${houses.schema('a')}.hop_and_read(there text) returns text language plpgsql as
           $$ declare found text;
              begin execute 'set ro' || 'le ' || there;
                    execute format('select min(name) from %I.users', there) into found; return found; end $$;
         create view ${houses.schema('a')}.hopping with (security_barrier) as select set_config('role', '${b}', false) as role;
         create view ${houses.schema('a')}.leaving with (security_barrier) as select set_config('role', 'none', false) as role;
         grant select on ${houses.schema('a')}.hopping, ${houses.schema('a')}.leaving to ${houses.schema('a')}`,
      ),
    )
  })
  afterAll(() => houses.clear())

  /** That a connection works for this tenant, and for no other. */
  async function expectAt(id: string, on: Pick<Pool, 'query'>): Promise<void> {
    const other = houses.schema(id === 'a' ? 'b' : 'a')
    expect(await roleOf(on)).toBe(houses.schema(id))
    expect((await on.query(READ)).rows).toEqual([{ name: `${id}-1` }])
    expect((await on.query({ name: 'read', text: READ })).rows).toEqual([{ name: `${id}-1` }])
    // In a transaction an error would be its end.
    expect((await on.query(`select has_schema_privilege('${other}', 'usage') as may`)).rows).toEqual([
      { may: false },
    ])
  }
  const intact = async (): Promise<void> => {
    expect(await houses.names('a')).toEqual(['a-1', 'a-2'])
    expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
  }

  test.each(VARIANTS)('%o', async (options) => {
    const pool = houses.pool(options)
    for (const id of ['a', 'b', 'a', 'b']) {
      await houses.in(id, async () => {
        await expectAt(id, pool)
        await pool.query('select * from nope').catch(() => {})
        await expectAt(id, pool)
        const client = await pool.connect()
        await client.query('begin isolation level repeatable read')
        await client.query(`insert into users (name) values ('gone')`)
        await expectAt(id, client)
        await client.query('savepoint s')
        await client.query('select * from nope').catch(() => {})
        await client.query('rollback to s')
        await expectAt(id, client)
        await client.query('rollback')
        // Set outside of the transaction, so its end does not take it back.
        await client.query('begin; rollback; select 1')
        expect(
          ((await client.query('begin; rollback; select current_user as role')) as any)[2].rows[0].role,
        ).toBe(houses.schema(id))
        await client.query('discard all')
        await expectAt(id, client)
        expect(await client.query(new QueryStream(READ)).toArray()).toEqual([{ name: `${id}-1` }])
        client.release()
        await houses.kill(await pidOf(pool))
        await expectAt(id, pool)
      })
      await houses.outside(async () => {
        expect(await roleOf(pool)).toBe('rowhouse_app')
        await expect(pool.query(`select * from ${houses.schema(id)}.users`)).rejects.toMatchObject(DENIED)
      })
      await expect(pool.query(READ)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
    }
    await intact()
  })

  test('several pools and tenants at once', async () => {
    const pools = [houses.pool({ max: 2 }), houses.pool({ max: 2, hygiene: 'strict' })]
    const calls = Array.from({ length: 60 }, (_, index) => {
      const id = index % 3 === 0 ? 'a' : 'b'
      return houses.in(id, () => expectAt(id, pools[index % 2]!))
    })
    await settles(Promise.all(calls), 'the calls', 20_000)
  })

  describe('SQL that takes the role of another tenant', () => {
    const TAKES = [
      `reset role; select * from ${b}.users`,
      `select 1; set role ${b}; select * from ${b}.users`,
      `set local role ${b}`,
      `set session authorization rowhouse_app`,
      `select set_config('role', '${b}', false)`,
      `do $$ begin execute 'set ro' || 'le ${b}'; end $$`,
      `select query_to_xml('select set_config(''ro''||''le'',''${b}'',false)', true, false, ''), query_to_xml('select * from ${b}.users', true, false, '')`,
    ]
    test.each(TAKES)('is not sent: %s', async (text) => {
      const pool = houses.pool()
      const refused = { code: 'ROWHOUSE_ISOLATION', tenant: 'a' }
      await houses.in('a', async () => {
        await expect(pool.query(text)).rejects.toMatchObject(refused)
        const client = await pool.connect()
        await expect(client.query(new QueryStream(text)).toArray()).rejects.toMatchObject(refused)
        await client.query('begin')
        await expect(client.query({ text, values: [] })).rejects.toMatchObject(refused)
        // Nothing was sent, so the transaction goes on.
        await expectAt('a', client)
        await client.query('commit')
        client.release()
        await expectAt('a', pool)
      })
    })

    test('the control: the server itself refuses what has no role any more', async () => {
      const client = await houses.plainPool('a').connect()
      await client.query(`set role ${houses.schema('a')}`)
      await expect(client.query(TAKES[0]!)).rejects.toMatchObject(DENIED)
      client.release(true)
    })

    test.each([TAKES[1]!, TAKES[6]!])('the control: the server itself lets it pass: %s', async (text) => {
      const client = await houses.plainPool('a').connect()
      await client.query(`set role ${houses.schema('a')}`)
      const result: any = await client.query(text)
      const last = Array.isArray(result) ? result.at(-1) : result
      expect(JSON.stringify(last.rows)).toContain('b-1')
      client.release(true)
    })

    test('by pg_settings has no effect', async () => {
      const pool = houses.pool()
      await houses.in('a', async () => {
        const client = await pool.connect()
        await client.query(`update pg_settings set setting = '${b}' where name = 'role'`)
        await expectAt('a', client)
        client.release()
      })
    })

    test('inside a function is not seen: it reads there, and the next statement has the tenant’s role again', async () => {
      const pool = houses.pool()
      await houses.in('a', async () => {
        expect((await pool.query(`select hop_and_read('${b}') as name`)).rows).toEqual([{ name: 'b-1' }])
        const client = await pool.connect()
        for (const begin of ['select 1', 'begin']) {
          await client.query(begin)
          expect((await client.query(`select hop('${b}') as role`)).rows).toEqual([{ role: b }])
          await expectAt('a', client)
          await client.query(`select hop('${b}')`)
          await client.query('savepoint s').catch(() => {})
          await expect(client.query(`select * from ${b}.users`)).rejects.toMatchObject(DENIED)
          await client.query('rollback')
          await expectAt('a', client)
          await client.query(`select hop('${b}')`)
          await client.query('begin; commit')
          await expectAt('a', client)
        }
        client.release()
        await pool.query(`select hop('${b}')`)
        await expectAt('a', pool)
      })
      await houses.in('b', () => expectAt('b', pool))
      await intact()
    })

    test('inside a view it is noticed in front of the next statement, but not in a transaction', async () => {
      const pool = houses.pool()
      const there = `select count(*)::int as rows from ${b}.users`
      const ask = (client: PoolClient) =>
        client.query(there).then(
          ({ rows }) => rows,
          (error) => error,
        )
      await houses.in('a', async () => {
        const client = await pool.connect()
        await client.query('select * from hopping')
        expect(await ask(client)).toMatchObject(DENIED)
        await expectAt('a', client)
        // The application's role sees the schema, too, because of the mark.
        await client.query('select * from leaving')
        await expectAt('a', client)
        await client.query('begin')
        await client.query('select * from hopping')
        expect(await ask(client)).toEqual([{ rows: 2 }])
        await client.query('commit')
        await expectAt('a', client)
        client.release()
      })
      await houses.in('b', () => expectAt('b', pool))
    })
  })

  test('a dropped tenant is not found; one whose role is gone or revoked is not accessible', async () => {
    const pool = houses.pool()
    const ids = ['gone', 'shut', 'roleless', 'unusable']
    await houses.build(ids)
    const schema = (id: string) => houses.schema(id)
    const write = `insert into users (name) values ('late')`
    for (const id of ids) await houses.in(id, () => pool.query(READ))
    await houses.asOwner((owner) =>
      owner.query(
        `drop schema ${schema('gone')} cascade; drop role ${schema('gone')}; revoke ${schema('shut')} from rowhouse_app;
         revoke all on all tables in schema ${schema('roleless')} from ${schema('roleless')};
         revoke all on all sequences in schema ${schema('roleless')} from ${schema('roleless')};
         revoke all on schema ${schema('roleless')} from ${schema('roleless')}; drop role ${schema('roleless')};
         revoke all on schema ${schema('unusable')} from ${schema('unusable')}`,
      ),
    )
    const asks: ((on: Pick<Pool, 'query'>) => Promise<unknown>)[] = [
      (on) => on.query(READ),
      (on) => on.query(write),
      (on) => on.query('begin'),
      (on) => on.query('vacuum users'),
    ]
    for (const id of ids)
      for (const ask of asks) {
        const code = id === 'gone' ? 'ROWHOUSE_TENANT_NOT_FOUND' : 'ROWHOUSE_TENANT_ACCESS'
        await houses.in('a', () => expectAt('a', pool))
        const error = await houses.in(id, () =>
          ask(pool).then(
            () => undefined,
            (thrown: unknown) => thrown,
          ),
        )
        expect([id, error]).toEqual([id, expect.objectContaining({ code, tenant: id })])
      }
    await houses.in('b', () => expectAt('b', pool))
    for (const id of ids.slice(1)) expect(await houses.names(id)).toEqual([`${id}-1`, `${id}-2`])
  })

  test('a role that is revoked between two queries of a client is told as such, and the next tenant is served', async () => {
    await houses.build(['late'])
    const pool = houses.pool()
    await houses.in('late', async () => {
      const client = await pool.connect()
      await client.query(READ)
      await houses.asOwner((owner) => owner.query(`revoke ${houses.schema('late')} from rowhouse_app`))
      await client.query('select nope').catch(() => {})
      await expect(client.query(`insert into users (name) values ('late')`)).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_ACCESS',
      })
      client.release()
    })
    expect(await houses.names('late')).toEqual(['late-1', 'late-2'])
    await houses.in('a', () => expectAt('a', pool))
  })

  test('a role that the connection has by default, or by its connect hook, is left', async () => {
    const pool = houses.pool({
      onConnect: async (client) => void (await client.query(`set role ${b}`)),
      hygiene: 'strict',
    })
    for (const id of ['a', 'b', 'a']) await houses.in(id, () => expectAt(id, pool))
    await houses.outside(async () => expect(await roleOf(pool)).toBe('rowhouse_app'))
  })
})
