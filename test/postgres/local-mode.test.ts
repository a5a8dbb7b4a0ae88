import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Pool } from 'pg'
import type { PoolClient, QueryConfig } from 'pg'
import type { WireConnection } from '../../src/postgres/driver'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { from as copyFrom } from 'pg-copy-streams'
import { startPgBouncer } from '../../scripts/embedded-pgbouncer/start'
import type { PgBouncer } from '../../scripts/embedded-pgbouncer/start'
import { SERVERS } from '../support/servers'
import { context, Houses } from './support/houses'

const NAME = 'select name from users where id = 1'
/** Type of the message. */
const SYNC = 'S'
const REFUSED = { code: 'ROWHOUSE_LOCAL_MODE' }

describe.each(SERVERS)("mode: 'local' behind a PgBouncer of transactions, on $name", (server) => {
  const houses = new Houses(server, `local ${server.version}`)
  let bouncer: PgBouncer
  /** Another application behind the same PgBouncer, which leaves its path on the server's connections. */
  let stranger: Client
  beforeAll(async () => {
    await houses.build(['a', 'b', 'c'])
    bouncer = await startPgBouncer({ target: server.appUrl, poolMode: 'transaction', poolSize: 1 })
    stranger = new Client({ connectionString: bouncer.url, application_name: houses.applicationName })
    await stranger.connect()
  })
  afterAll(async () => {
    await stranger.end()
    // It keeps its connection to the server open.
    await bouncer.stop()
    await houses.clear()
  })
  /** From here on the one connection of the server stands on tenant c. */
  beforeEach(() => stranger.query(`set search_path to ${houses.schema('c')}`))

  const open = (options: object = {}): Pool =>
    houses.pool({ connectionString: bouncer.url, mode: 'local', max: 3, ...options })
  const name = async (db: Pick<Pool | PoolClient, 'query'>): Promise<string> =>
    (await db.query(NAME)).rows[0]?.name

  async function withClient<T>(id: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const pool = open()
    return houses.in(id, async () => {
      const client = await pool.connect()
      try {
        return await work(client)
      } finally {
        client.release()
      }
    })
  }

  test('what it is for: with a plain SET, and with the mode "session", one would read the rows of another', async () => {
    const plain = houses.plainPool('a', { connectionString: bouncer.url, options: '' })
    await plain.query(`set search_path to ${houses.schema('a')}`)
    expect(await name(plain)).toBe('a-1')
    await stranger.query(`set search_path to ${houses.schema('c')}`)
    expect(await name(plain)).toBe('c-1')
    const session = houses.pool({ connectionString: bouncer.url, pooler: 'session' })
    await houses.in('a', () => name(session))
    await stranger.query(`set search_path to ${houses.schema('c')}`)
    if (server.version >= 18) expect(await houses.in('a', () => name(session))).not.toBe('a-1')
  })

  test('without the mode it is noticed and refused', async () => {
    const pool = houses.pool({ connectionString: bouncer.url })
    await expect(houses.in('a', () => name(pool))).rejects.toMatchObject({ code: 'ROWHOUSE_POOLER_DETECTED' })
  })

  test.each<[string, (db: Pick<Pool, 'query'>) => Promise<unknown>]>([
    ['a text', (db) => db.query(NAME)],
    ['values', (db) => db.query('select name from users where id = $1', [1])],
    ['a name', (db) => db.query({ name: 'one', text: NAME })],
    ['rows as arrays', (db) => db.query({ text: NAME, rowMode: 'array' })],
    ['the extended protocol', (db) => db.query({ text: NAME, queryMode: 'extended' } as QueryConfig)],
    ['two statements', (db) => db.query(`${NAME}; ${NAME}`)],
    ['a comment behind', (db) => db.query(`${NAME} -- that is all`)],
    ['a transaction in one text', (db) => db.query(`begin; ${NAME}; commit`)],
  ])('%s, of two tenants in turn', async (_what, ask) => {
    const pool = open()
    for (const id of ['a', 'b', 'a']) {
      const result = JSON.stringify(await houses.in(id, () => ask(pool)))
      expect(result).toContain(`${id}-1`)
      expect(result).not.toContain('c-1')
      await stranger.query(`set search_path to ${houses.schema('c')}`)
    }
  })

  test('writes in every form land where they belong', async () => {
    const pool = open()
    const write = 'insert into users (name) values'
    for (const id of ['a', 'b']) {
      await houses.in(id, async () => {
        await pool.query(`${write} ('${id} text')`)
        await pool.query(`${write} ($1)`, [`${id} value`])
        await pool.query(`${write} ('${id} one'); ${write} ('${id} two')`)
        await pool.query(`do $$ begin insert into users (name) values ('${id} do'); end $$`)
        await pool.query(`begin; ${write} ('${id} begun'); commit`)
      })
    }
    for (const id of ['a', 'b'])
      expect((await houses.names(id)).slice(2)).toEqual([
        ...[`${id} text`, `${id} value`, `${id} one`, `${id} two`, `${id} do`, `${id} begun`],
      ])
    expect(await houses.names('c')).toEqual(['c-1', 'c-2'])
  })

  test('DDL makes its table in the tenant', async () => {
    const pool = open()
    await houses.in('a', () => pool.query('create table made (id int, name text)'))
    await houses.in('a', () =>
      pool.query({ text: 'alter table made add more text', queryMode: 'extended' } as QueryConfig),
    )
    await houses.in('a', () => pool.query(`insert into made values (1, 'mine')`))
    await houses.in('a', () => pool.query('grant select on made to public'))
    expect(await houses.names('a', 'made')).toEqual(['mine'])
    await expect(houses.names('c', 'made')).rejects.toMatchObject({ code: '42P01' })
    await houses.in('a', () => pool.query('drop table made'))
  })

  test('a transaction keeps to its tenant through errors, savepoints and the wishes of its own text', async () => {
    await withClient('a', async (client) => {
      await client.query('begin isolation level repeatable read')
      await client.query('savepoint one')
      expect(await name(client)).toBe('a-1')
      await client.query(`insert into users (name) values ('gone')`)
      await client.query('rollback to one')
      expect(await name(client)).toBe('a-1')
      await client.query('savepoint two')
      await expect(client.query('select nonsense')).rejects.toMatchObject({ code: '42703' })
      await expect(client.query(NAME)).rejects.toMatchObject({ code: '25P02' })
      await client.query('rollback to two')
      await client.query(`set local search_path to ${houses.schema('b')}`)
      expect(await name(client)).toBe('a-1')
      await client.query(`insert into users (name) values ('kept')`)
      await client.query('commit')
      expect(await name(client)).toBe('a-1')
    })
    expect((await houses.names('a')).filter((one) => one === 'kept' || one === 'gone')).toEqual(['kept'])
    expect(await houses.names('c')).toEqual(['c-1', 'c-2'])
  })

  test('the first statement of a transaction may still set it, or take a lock in front of its snapshot', async () => {
    await withClient('a', async (client) => {
      await client.query('begin')
      await client.query('set transaction isolation level repeatable read')
      await client.query('lock table users in share mode')
      await houses.asOwner((owner) => owner.query('select 1'))
      expect(await name(client)).toBe('a-1')
      await client.query('rollback')
    })
  })

  test('a constraint is looked up in the tenant', async () => {
    for (const id of ['a', 'c'])
      await houses.asOwner((owner) =>
        owner.query(
          `create table "${houses.schema(id)}".twins (id int constraint one_${id} unique deferrable);
           grant all on "${houses.schema(id)}".twins to rowhouse_app`,
        ),
      )
    await withClient('a', async (client) => {
      await client.query('begin')
      await expect(client.query('set constraints one_c deferred')).rejects.toMatchObject({ code: '42704' })
      await client.query('rollback')
      await client.query('begin')
      await client.query('set constraints one_a deferred')
      await client.query('insert into twins values (1), (1)')
      await client.query('rollback')
    })
  })

  test('cursors, streams and COPY run in a transaction, and are refused outside', async () => {
    const pool = open()
    const outside = await houses.in('a', () => pool.connect())
    const read = (cursor: Cursor): Promise<unknown> => cursor.read(2)
    await houses.in('a', async () => {
      await expect(read(outside.query(new Cursor(NAME)))).rejects.toMatchObject(REFUSED)
      await expect(outside.query(new QueryStream(NAME)).toArray()).rejects.toMatchObject(REFUSED)
      await expect(outside.query({ text: NAME, rows: 1 } as QueryConfig)).rejects.toMatchObject(REFUSED)
      await outside.query('begin')
      expect(await read(outside.query(new Cursor(NAME)))).toEqual([{ name: 'a-1' }])
      expect(await outside.query(new QueryStream(NAME)).toArray()).toEqual([{ name: 'a-1' }])
      const copy = outside.query(copyFrom('copy users (name) from stdin'))
      await new Promise<void>((resolve, reject) =>
        copy.on('finish', resolve).on('error', reject).end('copied\n'),
      )
      await outside.query('commit')
    })
    outside.release()
    expect(await houses.names('a')).toContain('copied')
    expect(await houses.names('c')).toEqual(['c-1', 'c-2'])
  })

  test.each([
    ['SET', 'set statement_timeout = 1000'],
    ['SET of the path', 'set search_path to public'],
    ['SET behind another statement', `select 1; set role none`],
    ['RESET', 'reset all'],
    ['DISCARD', 'discard all'],
    ['LISTEN', 'listen news'],
    ['PREPARE', 'prepare mine as select 1'],
    ['a temporary table', 'create temp table mine (id int)'],
    ['a lock of the session', 'select pg_advisory_lock(1)'],
    ['set_config for the session', `select set_config('search_path', 'public', false)`],
    ['a text that goes on behind its COMMIT', `begin; select 1; commit; ${NAME}`],
  ])('%s is refused, and leaves nothing', async (_what, sql) => {
    const pool = open()
    await expect(houses.in('a', () => pool.query(sql))).rejects.toMatchObject({ ...REFUSED, tenant: 'a' })
    expect(await houses.in('b', () => name(pool))).toBe('b-1')
  })

  test('a text that ends its transaction and goes on would read as somebody else, and is refused inside of one', async () => {
    await withClient('a', async (client) => {
      await client.query('begin')
      await expect(client.query(`rollback; ${NAME}`)).rejects.toMatchObject(REFUSED)
      expect(await name(client)).toBe('a-1')
      await client.query('rollback')
    })
  })

  test('a procedure that would commit in the middle is not let: the rest of it would run elsewhere', async () => {
    await houses.asOwner(async (owner) => {
      for (const id of ['a', 'c'])
        await owner.query(
          `create procedure "${houses.schema(id)}".leap() language plpgsql as
           $$ begin commit; insert into users (name) values ('leapt'); end $$`,
        )
    })
    const pool = open()
    await houses.in('a', async () => {
      await expect(pool.query('call leap()')).rejects.toMatchObject({ code: '2D000' })
      await expect(
        pool.query({ text: 'call leap()', queryMode: 'extended' } as QueryConfig),
      ).rejects.toMatchObject(REFUSED)
      await expect(pool.query('do $$ begin commit; end $$')).rejects.toMatchObject({ code: '2D000' })
    })
    for (const id of ['a', 'c']) expect(await houses.names(id)).not.toContain('leapt')
  })

  test('what can run in no transaction says where it can run', async () => {
    const pool = open()
    await expect(houses.in('a', () => pool.query('vacuum users'))).rejects.toMatchObject({
      code: '25001',
      hint: expect.stringContaining('direct') as string,
    })
  })

  test('a tenant that is not there, or not ours to use, is told in every form, and nothing is made', async () => {
    await houses.asOwner((owner) => owner.query(`create schema "${houses.schema('shut')}"`))
    const pool = open()
    for (const sql of [NAME, 'create table stray (id int)', 'select 1; select 2', 'begin']) {
      await expect(houses.in('gone', () => pool.query(sql))).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_NOT_FOUND',
      })
      await expect(houses.in('shut', () => pool.query(sql))).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_ACCESS',
      })
    }
    expect(await houses.in('a', () => name(pool))).toBe('a-1')
  })

  test('a refused query is not asked again: its switch is over by then, and the tenant may have come meanwhile', async () => {
    const pool = open({ max: 1 })
    const sent: string[] = []
    pool.on('connect', (client) => {
      const { connection } = client as unknown as { connection: WireConnection }
      const send = connection._send.bind(connection)
      connection._send = (message) => send((sent.push(String.fromCharCode(message[0]!)), message))
    })
    await houses.in('a', () => name(pool))
    sent.length = 0
    await expect(houses.in('gone', () => name(pool))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
    expect(sent.filter((type) => type === SYNC)).toHaveLength(1)
  })

  test.each<[string, (pool: Pool) => Promise<unknown>]>([
    ['a BEGIN of a tenant that is gone', (pool) => houses.in('gone', () => pool.query('begin'))],
    [
      'a client that is cut at the first answer to its BEGIN',
      async () => {
        const own = open({ max: 1 })
        own.on('connect', (client) => void client.on('error', () => {}))
        const client = await houses.in('a', () => own.connect())
        const { connection } = client as unknown as { connection: WireConnection }
        connection.once('readyForQuery', () => connection.stream.destroy())
        await client.query('begin').finally(() => client.release(true))
      },
    ],
  ])(
    'beside %s each write that is acknowledged is there, and answers with its row',
    async (_what, disturb) => {
      const [pool, other] = [open(), open()]
      const written: string[] = []
      const end = Date.now() + 1500
      const write = async (worker: number): Promise<void> => {
        for (let index = 0; Date.now() < end; index += 1) {
          const token = `${_what.length} ${worker} ${index}`
          const { rows } = await pool.query('insert into users (name) values ($1) returning name', [token])
          expect(rows).toEqual([{ name: token }])
          written.push(token)
        }
      }
      const disturbing = async (): Promise<void> => {
        while (Date.now() < end) await disturb(other).catch(() => {})
      }
      await houses.in('b', () => Promise.all([0, 1, 2].map(write).concat([0, 1, 2].map(disturbing))))
      const there = new Set(await houses.names('b'))
      expect(written.length).toBeGreaterThan(20)
      expect(written.filter((token) => !there.has(token))).toEqual([])
    },
  )

  test('a trigger that waits for COMMIT writes in its tenant, wherever a view has led the connection', async () => {
    await houses.asOwner(async (owner) => {
      for (const id of ['a', 'c'])
        await owner.query(
          `create table "${houses.schema(id)}".log (id serial, name text);
           grant all on all tables in schema "${houses.schema(id)}" to rowhouse_app;
           grant all on all sequences in schema "${houses.schema(id)}" to rowhouse_app`,
        )
      await owner.query(
        `create view "${houses.schema('a')}".hopper as select set_config('search_path', '${houses.schema('c')}', true);
         grant select on "${houses.schema('a')}".hopper to rowhouse_app;
         create function "${houses.schema('a')}".note() returns trigger language plpgsql as
           $$ begin insert into log (name) values (new.name); return null; end $$;
         create constraint trigger later after insert on "${houses.schema('a')}".users deferrable initially deferred
           for each row execute function "${houses.schema('a')}".note()`,
      )
    })
    await withClient('a', async (client) => {
      await client.query('begin')
      await client.query(`insert into users (name) values ('noted')`)
      await client.query('select * from hopper')
      expect((await client.query('commit')).command).toBe('COMMIT')
    })
    await houses.asOwner((owner) => owner.query(`drop trigger later on "${houses.schema('a')}".users`))
    expect(await houses.names('a', 'log')).toEqual(['noted'])
    expect(await houses.names('c', 'log')).toEqual([])
  })

  test('the place of an error is counted in the text that was given', async () => {
    const pool = open()
    const plain = houses.plainPool('a')
    for (const sql of [
      'select 1; selekt 2',
      'select 1; select nonsense',
      'do 1',
      NAME.replace('name', 'nam'),
    ]) {
      const ours = await houses.in('a', () => pool.query(sql)).catch((error: unknown) => error)
      const theirs = await plain.query(sql).catch((error: unknown) => error)
      const pick = ({ code, position }: { code?: string; position?: string }): unknown => [code, position]
      expect(pick(ours as object)).toEqual(pick(theirs as object))
    }
  })

  test('results are those of the text alone', async () => {
    const pool = open()
    const plain = houses.plainPool('a')
    for (const sql of [
      'select 1 as one; select 2 as two',
      'create table if not exists users (id int)',
      ' ',
      'notify news',
    ]) {
      const shape = (result: unknown): unknown =>
        [result]
          .flat()
          .map((one) => [(one as { command: string }).command, (one as { rows: unknown[] }).rows])
      expect(shape(await houses.in('a', () => pool.query(sql)))).toEqual(shape(await plain.query(sql)))
    }
  })

  test('without a tenant it is the default path, whatever somebody left', async () => {
    const pool = open()
    const path = async (): Promise<string> => (await pool.query('show search_path')).rows[0].search_path
    expect(await context.withoutTenant(path)).toBe('"$user", public')
    await context.withoutTenant(async () => {
      const client = await pool.connect()
      await client.query('begin')
      expect((await client.query('show search_path')).rows).toEqual([{ search_path: '"$user", public' }])
      await client.query('commit')
      client.release()
    })
    const paths = await context.withoutTenant(() => pool.query('show search_path; select 1'))
    expect((paths as unknown as { rows: unknown[] }[])[0]!.rows).toEqual([{ search_path: '"$user", public' }])
  })

  test("an open transaction of a lost client is not the next one's", async () => {
    const pool = open({ max: 1 })
    await houses.in('a', async () => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(`insert into users (name) values ('left open')`)
      client.release()
    })
    expect(await houses.in('b', () => name(pool))).toBe('b-1')
    await sleep(50)
    expect(await houses.names('a')).not.toContain('left open')
  })
})
