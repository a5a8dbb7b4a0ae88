import { Readable } from 'node:stream'
import type { Pool, PoolClient } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const READ = 'select name from users where id = 1'
const DENIED = { code: '42501' }

/** SQL of tenant a that names the schema of tenant b. */
const CROSSINGS: readonly [string, (b: string) => string][] = [
  ['SELECT', (b) => `select * from ${b}.users`],
  ['INSERT', (b) => `insert into ${b}.users (name) values ('stray')`],
  ['INSERT ... SELECT', (b) => `insert into users (name) select name from ${b}.users`],
  ['UPDATE', (b) => `update ${b}.users set name = 'stray'`],
  ['UPDATE ... FROM', (b) => `update users set name = u.name from ${b}.users u`],
  ['DELETE', (b) => `delete from ${b}.users`],
  [
    'MERGE',
    (b) => `merge into ${b}.users u using users a on false when not matched then insert (name) values ('x')`,
  ],
  ['JOIN', (b) => `select * from users join ${b}.users u using (id)`],
  ['CTE', (b) => `with there as (delete from ${b}.users returning *) select * from there`],
  ['UNION', (b) => `select name from users union all select name from ${b}.users`],
  ['subquery', (b) => `select (select max(name) from ${b}.users)`],
  ['TABLE', (b) => `table ${b}.users`],
  ['EXPLAIN', (b) => `explain analyze select * from ${b}.users`],
  ['function', (b) => `select ${b}.first_name()`],
  ['procedure', (b) => `call ${b}.wipe()`],
  ['sequence', (b) => `select nextval('${b}.users_id_seq')`],
  ['table_to_xml', (b) => `select table_to_xml('${b}.users', true, false, '')`],
  ['TRUNCATE', (b) => `truncate ${b}.users`],
  ['LOCK', (b) => `begin; lock table ${b}.users; commit`],
  ['ALTER', (b) => `alter table ${b}.users add column more int`],
  ['DROP', (b) => `drop table ${b}.users`],
  ['CREATE', (b) => `create table ${b}.more (a int)`],
  ['CREATE INDEX', (b) => `create index on ${b}.users (name)`],
  ['CREATE AS', (b) => `create temp table copies as select * from ${b}.users`],
  ['DECLARE', (b) => `begin; declare c cursor for select * from ${b}.users; commit`],
  ['PREPARE', (b) => `prepare p as select * from ${b}.users; execute p`],
  ['several statements', (b) => `select 1; delete from ${b}.users`],
]
// No crossing, but what only an owner may.
const OWN_DDL = ['alter table users add column more int', 'drop table users', 'create table more (a int)']

/** Several statements go out as text only. */
const single = (text: string): string[] => (text.includes(';') ? [] : [text])

/** Each way to send one text on a client of `connect()`. */
const FORMS: readonly [string, (client: PoolClient, text: string) => Promise<unknown>][] = [
  ['text', (client, text) => client.query(text)],
  ['values', (client, text) => client.query({ text, values: [] })],
  ['name', (client, text) => client.query({ name: 'crossing', text })],
  ['cursor', (client, text) => client.query(new Cursor(text)).read(10)],
  ['stream', (client, text) => client.query(new QueryStream(text)).toArray()],
]

const titles = { role: 'role crossings', schema: 'schema crossings' }

describe.each(SERVERS)('SQL that names the schema of another tenant, on $name', (server) => {
  const hard = new Houses(server, titles.role, 'role')
  const soft = new Houses(server, titles.schema)
  const b = hard.schema('b')
  beforeAll(async () => {
    for (const houses of [hard, soft]) {
      await houses.build(['a', 'b'])
      const there = houses.schema('b')
      await houses.asOwner((owner) =>
        owner.query(
          `create procedure ${there}.wipe() language sql as 'delete from ${there}.users';
           create function ${there}.first_name() returns text language sql as 'select min(name) from ${there}.users'`,
        ),
      )
    }
  })
  afterAll(() => Promise.all([hard.clear(), soft.clear()]))

  const nameOf = async (on: Pick<Pool, 'query'>): Promise<unknown> => (await on.query(READ)).rows[0].name
  const intact = async (): Promise<void> => {
    expect(await hard.names('a')).toEqual(['a-1', 'a-2'])
    expect(await hard.names('b')).toEqual(['b-1', 'b-2'])
  }

  test.each(CROSSINGS)('%s is refused by the server, whatever the form', async (_what, sql) => {
    const pool = hard.pool()
    const text = sql(b)
    await hard.in('a', async () => {
      await expect(pool.query(text)).rejects.toMatchObject(DENIED)
      expect(await nameOf(pool)).toBe('a-1')
      for (const one of single(text))
        for (const [, send] of FORMS) {
          const client = await pool.connect()
          await expect(send(client, one)).rejects.toMatchObject(DENIED)
          expect(await nameOf(client)).toBe('a-1')
          await client.query('begin')
          await client.query('savepoint s')
          await expect(send(client, one)).rejects.toMatchObject(DENIED)
          await client.query('rollback to savepoint s')
          expect(await nameOf(client)).toBe('a-1')
          await client.query('commit')
          client.release()
        }
    })
    await intact()
  })

  test.each(OWN_DDL)('what is the owner’s own is refused as well: %s', async (sql) => {
    const pool = hard.pool()
    await expect(hard.in('a', () => pool.query(sql))).rejects.toMatchObject(DENIED)
    await intact()
  })

  test('COPY, both ways', async () => {
    const pool = hard.pool()
    await hard.in('a', async () => {
      const client = await pool.connect()
      const out = client.query(copyTo(`copy ${b}.users to stdout`))
      await expect(out.toArray()).rejects.toMatchObject(DENIED)
      const copy = client.query(copyFrom(`copy ${b}.users (name) from stdin`))
      const failed = new Promise((resolve) => copy.once('error', resolve))
      Readable.from(['stray\n']).pipe(copy)
      expect(await failed).toMatchObject(DENIED)
      expect(await nameOf(client)).toBe('a-1')
      client.release()
    })
    await intact()
  })

  test('a statement that was prepared for tenant b is not executed for tenant a', async () => {
    const pool = hard.pool({ hygiene: 'fast' })
    const query = { name: 'there', text: `select name from ${b}.users where id = 1` }
    expect((await hard.in('b', () => pool.query(query))).rows).toEqual([{ name: 'b-1' }])
    await expect(hard.in('a', () => pool.query(query))).rejects.toMatchObject(DENIED)
    expect((await hard.in('b', () => pool.query(query))).rows).toEqual([{ name: 'b-1' }])
  })

  test('the control: without roles it reads and writes there', async () => {
    const pool = soft.pool()
    const there = soft.schema('b')
    for (const [what, sql] of CROSSINGS.filter(([name]) =>
      /^(SELECT|JOIN|CTE|UNION|sub|TABLE|EXPL|func|seq)/.test(name),
    )) {
      await soft.in('a', async () => {
        const client = await pool.connect()
        await client.query('begin')
        expect([what, (await client.query(sql(there))).rows.length]).not.toEqual([what, 0])
        await client.query('rollback')
        client.release()
      })
    }
    await soft.in('a', () => pool.query(`insert into ${there}.users (name) values ('stray')`))
    expect(await soft.names('b')).toEqual(['b-1', 'b-2', 'stray'])
  })

  test('the control: with rights of its own, inherited by each role, the application passes its roles by', async () => {
    await hard.build(['open'])
    await hard.asOwner((owner) =>
      owner.query(
        `grant usage on schema ${hard.schema('open')} to public; grant select on ${hard.schema('open')}.users to public`,
      ),
    )
    const text = `select name from ${hard.schema('open')}.users where id = 1`
    const pool = hard.pool()
    expect((await hard.in('a', () => pool.query(text))).rows).toEqual([{ name: 'open-1' }])
  })

  test('what runs as its owner passes: a view, a function; and as its invoker does not', async () => {
    const a = hard.schema('a')
    await hard.asOwner((owner) =>
      owner.query(
        `create view ${a}.all_names as select name from ${b}.users order by id;
         create view ${a}.own_names with (security_invoker) as select name from ${b}.users;
         create function ${a}.peek() returns setof text security definer language sql as 'select name from ${b}.users order by id';
         create function ${a}.peek_as_invoker() returns setof text language sql as 'select name from ${b}.users';
         grant select on ${a}.all_names, ${a}.own_names to ${a}`,
      ),
    )
    const pool = hard.pool()
    const rows = [{ name: 'b-1' }, { name: 'b-2' }]
    await hard.in('a', async () => {
      expect((await pool.query('select name from all_names')).rows).toEqual(rows)
      expect((await pool.query('select peek() as name')).rows).toEqual(rows)
      await expect(pool.query('select * from own_names')).rejects.toMatchObject(DENIED)
      await expect(pool.query('select peek_as_invoker()')).rejects.toMatchObject(DENIED)
    })
  })

  test('without a tenant the application can read nothing of one', async () => {
    const [admin, pool] = [hard.plainPool('a'), hard.pool()]
    for (const on of [admin, pool])
      await expect((async () => context(() => on.query(`select * from ${b}.users`)))()).rejects.toMatchObject(
        DENIED,
      )
  })

  const context = <T>(work: () => T): T => hard.outside(work)
})
