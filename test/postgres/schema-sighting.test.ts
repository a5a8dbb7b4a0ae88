import { classify } from '../../src/postgres/classify'
import { isInSight, mayMissSchema, missSchema, seeSchema } from '../../src/postgres/schema-sighting'
import { tenantPath } from '../../src/postgres/search-path'
import type { SearchPath } from '../../src/postgres/search-path'
import type { Tenant } from '../../src/tenant/context'
import { SERVERS } from '../support/servers'
import { Houses, pidOf } from './support/houses'

const tenant = { id: 'acme', schema: 'tenant_acme' } as unknown as Tenant
const READ = classify('select name from users where id = $1')

function seen(at: number, sharedSchemas: readonly string[] = []): SearchPath {
  const path = tenantPath(tenant, sharedSchemas)
  seeSchema(path, at)
  return path
}

describe('a schema in sight', () => {
  test('was seen in the last ten seconds', () => {
    expect(isInSight(tenantPath(tenant, []), READ, 0)).toBe(false)
    expect(isInSight(seen(1000), READ, 1000)).toBe(true)
    expect(isInSight(seen(1000), READ, 10_999)).toBe(true)
    expect(isInSight(seen(1000), READ, 11_000)).toBe(false)
  })

  test('is out of sight when a look for it failed', () => {
    const path = seen(1000)
    missSchema(path)
    expect(isInSight(path, READ, 1001)).toBe(false)
  })

  test('is no help where a shared schema could answer in its place', () => {
    expect(isInSight(seen(0, ['extensions']), READ, 1)).toBe(false)
  })

  test.each([
    [`select name from users`, true],
    [`with u as (select * from users) select count(*) from u`, true],
    [`table users`, true],
    [`insert into users values (1)`, false],
    [`with gone as (delete from users returning id) select count(*) from gone`, false],
    [`select 1 as id into stray`, false],
    [`select audit('x')`, false],
    [`create table stray (id int)`, false],
    [`select 1; create table stray (id int)`, false],
    [`begin`, false],
    [`explain analyze create table stray as select 1`, false],
  ])('%s: may rely on it: %s', (sql, may) => {
    expect(isInSight(seen(0), classify(sql), 1)).toBe(may)
  })
})

test.each([
  ['42P01', true],
  ['42883', true],
  ['42704', true],
  ['3F000', true],
  ['23505', false],
  ['57014', false],
  [undefined, false],
])('the error %s makes a read look for its schema: %s', (code, looks) => {
  expect(mayMissSchema(code)).toBe(looks)
})

describe.each(SERVERS)('reads that rely on a recent look, on $name', (server) => {
  const houses = new Houses(server, `sighting ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const READ = 'select name from users where id = 1'
  const drop = (id: string): Promise<unknown> =>
    houses.asOwner((owner) => owner.query(`drop schema ${houses.schema(id)} cascade`))

  test.each([
    ['text', { text: READ }],
    ['parameters', { text: 'select name from users where id = $1', values: [1] }],
    ['a named statement', { text: READ, name: 'read' }],
  ])('tell that the tenant is gone, and leave the connection as good as before: %s', async (_what, query) => {
    await houses.build(['gone'])
    const pool = houses.pool()
    const pid = await houses.in('a', () => pidOf(pool))
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await houses.in('gone', () => pool.query({ ...query }))).rows).toEqual([{ name: 'gone-1' }])
    }
    await drop('gone')
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = houses.in('gone', () => pool.query({ ...query }))
      await expect(answer).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'gone' })
    }
    expect((await houses.in('b', () => pool.query({ ...query }))).rows).toEqual([{ name: 'b-1' }])
    expect(await houses.in('a', () => pidOf(pool))).toBe(pid)
  })

  test('tell that this role may not use the schema any more', async () => {
    await houses.build(['shut'])
    const pool = houses.pool()
    await houses.in('a', () => pool.query(READ))
    await houses.in('shut', () => pool.query(READ))
    await houses.asOwner((owner) =>
      owner.query(`revoke usage on schema ${houses.schema('shut')} from rowhouse_app`),
    )
    const answer = houses.in('shut', () => pool.query(READ))
    await expect(answer).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_ACCESS', tenant: 'shut' })
  })

  test('pass on the error of the server where the schema is there', async () => {
    const pool = houses.pool()
    await houses.in('a', () => pool.query(READ))
    for (const sql of ['select 1 from nowhere', 'select 1::nothing']) {
      const answer = houses.in('a', () => pool.query(sql))
      await expect(answer).rejects.toMatchObject({
        code: sql.includes('nowhere') ? '42P01' : '42704',
        hint: expect.stringContaining('sharedSchemas') as string,
      })
    }
    expect((await houses.in('a', () => pool.query(READ))).rows).toEqual([{ name: 'a-1' }])
  })

  test('write nothing anywhere for a tenant that is gone, however lately it was seen', async () => {
    await houses.build(['gone'])
    const pool = houses.pool()
    await houses.in('gone', () => pool.query(READ))
    await houses.in('gone', () => pool.query(READ))
    await drop('gone')
    const writes = [
      `insert into users (name) values ('stray')`,
      'select 1 as id into stray',
      'create table stray (id int)',
    ]
    for (const sql of writes) {
      const answer = houses.in('gone', () => pool.query(sql))
      await expect(answer).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
    }
    expect((await houses.in('b', () => pool.query('select count(*)::int from users'))).rows).toEqual([
      { count: 2 },
    ])
  })

  describe.each(['auto', 'fast', 'strict'] as const)('with hygiene %s', (hygiene) => {
    const gone = { code: 'ROWHOUSE_TENANT_NOT_FOUND' }

    test('do not find a temporary table in the place of a tenant that is gone', async () => {
      await houses.build(['gone'])
      const pool = houses.pool({ hygiene })
      await houses.in('gone', async () => {
        const client = await pool.connect()
        await client.query(READ)
        await client.query(`create temp table users as select 1 as id, 'temporary' as name`)
        client.release()
      })
      await drop('gone')
      await expect(houses.in('gone', () => pool.query(READ))).rejects.toMatchObject(gone)
    })

    test.each([
      ['a function', 'select leave_table()'],
      ['a trigger', `insert into marks values (1)`],
    ])('do not find one that another tenant left by %s', async (_what, statement) => {
      await houses.build(['gone'])
      const b = houses.schema('b')
      await houses.asOwner((owner) =>
        owner.query(
          `create or replace function ${b}.leave_table() returns int language plpgsql as
             $$ begin create temp table users as select 1 as id, 'secret of b' as name; return 1; end $$;
           create or replace function ${b}.leave_it() returns trigger language plpgsql as
             $$ begin perform ${b}.leave_table(); return new; end $$;
           drop table if exists ${b}.marks; create table ${b}.marks (id int);
           grant all on ${b}.marks to rowhouse_app;
           create trigger leaves after insert on ${b}.marks execute function ${b}.leave_it()`,
        ),
      )
      const pool = houses.pool({ hygiene })
      await houses.in('gone', () => pool.query(READ))
      await houses.in('b', () => pool.query(statement))
      await drop('gone')
      await expect(houses.in('gone', () => pool.query(READ))).rejects.toMatchObject(gone)
    })
  })

  test('never follow a view that hides a change of the search_path', async () => {
    await houses.asOwner((owner) =>
      owner.query(
        `create view ${houses.schema('a')}.astray as select set_config('search_path', '${houses.schema('b')}', false);
         grant select on ${houses.schema('a')}.astray to rowhouse_app`,
      ),
    )
    const pool = houses.pool()
    await houses.in('a', async () => {
      await pool.query(READ)
      const client = await pool.connect()
      try {
        await client.query(READ)
        const astray = client.query('select * from astray')
        // A server that reports its path gives the view away.
        if (server.version < 18) await astray
        else await expect(astray).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION' })
        // Refused or right, and never the other tenant's.
        const answer = await client.query(READ).catch((error: { code: string }) => error)
        expect([{ name: 'a-1' }, undefined]).toContainEqual('rows' in answer ? answer.rows[0] : undefined)
      } finally {
        client.release()
      }
      expect((await pool.query(READ)).rows).toEqual([{ name: 'a-1' }])
    })
  })
})
