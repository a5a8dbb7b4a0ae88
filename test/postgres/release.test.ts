import type { PoolClient, QueryConfig } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { from as copyFrom } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, pidOf } from './support/houses'

const READ = 'select name from users where id = 1'
const ALL = 'select name from users order by id'
const RELEASED = { code: 'ROWHOUSE_CLIENT_RELEASED', tenant: 'a' }

describe.each(SERVERS)('the end of a checkout, on $name', (server) => {
  const houses = new Houses(server, `release ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const nameOn = async (on: Pick<PoolClient, 'query'>): Promise<string> => (await on.query(READ)).rows[0].name
  const asB = (pool: Pick<PoolClient, 'query'>): Promise<string> => houses.nameOfB(pool)

  test.each(['begin', 'begin; select 1', 'begin; select 1/0'])(
    'a transaction left open (%s) is closed with its connection',
    async (sql) => {
      const pool = houses.pool()
      const pid = await houses.in('a', async () => {
        const client = await pool.connect()
        const own = await pidOf(client)
        await client.query(sql).catch(() => {})
        client.release()
        return own
      })
      expect(await asB(pool)).toBe('b-1')
      expect(await houses.in('b', () => pidOf(pool))).not.toBe(pid)
    },
  )

  test('what a transaction left open had written is rolled back', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      await client.query('begin')
      await client.query(`insert into users (name) values ('lost')`)
      client.release()
    })
    expect(await asB(pool)).toBe('b-1')
    expect(await houses.names('a')).toEqual(['a-1', 'a-2'])
  })

  test('a query that nobody waited for ends in its own tenant, and the next one waits', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      const insert = client.query(`insert into users (name) select 'late' from pg_sleep(0.1)`)
      client.release()
      void insert
    })
    expect(await asB(pool)).toBe('b-1')
    expect(await houses.names('a')).toEqual(['a-1', 'a-2', 'late'])
    await houses.asOwner((owner) =>
      owner.query(`delete from ${houses.schema('a')}.users where name = 'late'`),
    )
  })

  test.each([
    ['a cursor half read', async (client: PoolClient) => client.query(new Cursor(ALL)).read(1)],
    ['a cursor never read', async (client: PoolClient) => void client.query(new Cursor(ALL))],
    [
      'a stream half read',
      async (client: PoolClient) =>
        (await client.query(new QueryStream(ALL, [], { batchSize: 1 })).read()) as unknown,
    ],
    [
      'a COPY that was never fed',
      async (client: PoolClient) =>
        void client.query(copyFrom('copy users (name) from stdin')).on('error', () => {}),
    ],
    [
      'a COPY that nobody reads',
      async (client: PoolClient) =>
        void client
          .query(copyTo('copy (select repeat(name, 1000) from users, generate_series(1, 10000)) to stdout'))
          .on('error', () => {}),
    ],
    [
      'a cursor behind a slow query',
      async (client: PoolClient) => {
        client.query('select pg_sleep(0.05)').catch(() => {})
        client.query(new Cursor(ALL))
      },
    ],
  ])('%s does not hold up the next tenant for ever', async (_what, leave) => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      await leave(client)
      client.release()
    })
    expect(await asB(pool)).toBe('b-1')
    expect(await houses.names('a')).toEqual(['a-1', 'a-2'])
  })

  test.each([
    ['a cursor', async (client: PoolClient) => client.query(new Cursor(ALL)).close()],
    ['a stream', async (client: PoolClient) => void client.query(new QueryStream(ALL)).destroy()],
    [
      'a COPY',
      async (client: PoolClient) =>
        void client
          .query(copyFrom('copy users (name) from stdin'))
          .on('error', () => {})
          .destroy(new Error('enough')),
    ],
  ])('%s closed before its switch was answered lets the next query through', async (_what, leave) => {
    const pool = houses.pool()
    await asB(pool)
    await houses.in('a', async () => {
      const client = await pool.connect()
      await leave(client)
      expect(await settles(nameOn(client), 'the query behind')).toBe('a-1')
      client.release()
    })
    expect(pool.idleCount).toBe(1)
  })

  test('a cursor can be closed after its error was told', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      const cursor = client.query(new Cursor('select 1/0'))
      await expect(cursor.read(1)).rejects.toMatchObject({ code: '22012' })
      expect(await settles(nameOn(client), 'the query behind')).toBe('a-1')
      await settles(cursor.close(), 'cursor.close()')
      client.release()
    })
    expect(await asB(pool)).toBe('b-1')
  })

  test('a Submittable that throws is told of it, and holds up nobody', async () => {
    const pool = houses.pool()
    await asB(pool)
    const thrown = new Promise((resolve) => {
      const submittable = {
        submit: () => {
          throw new Error('of submit')
        },
        handleError: resolve,
      }
      void houses.in('a', async () => {
        const client = await pool.connect()
        client.query(submittable as never)
        expect(await settles(nameOn(client), 'the query behind')).toBe('a-1')
        client.release()
      })
    })
    expect(await settles(thrown, 'the error')).toMatchObject({ message: 'of submit' })
    expect(await asB(pool)).toBe('b-1')
  })

  test('a client is good for one loan: later it refuses, also when its connection serves the same tenant again', async () => {
    const pool = houses.pool()
    const old = await houses.in('a', () => pool.connect())
    old.release()
    await expect(houses.in('a', () => old.query(READ))).rejects.toMatchObject(RELEASED)
    const next = await houses.in('a', () => pool.connect())
    await expect(houses.in('a', () => old.query(READ))).rejects.toMatchObject(RELEASED)
    const cursor = houses.in('a', () => old.query(new Cursor(READ)))
    await expect(cursor.read(1)).rejects.toMatchObject(RELEASED)
    expect(() => old.on('notice', () => {})).toThrow(expect.objectContaining(RELEASED))
    expect(() => old.release()).toThrow('already been released')
    expect(await houses.in('a', () => nameOn(next))).toBe('a-1')
    next.release()
    expect(pool.idleCount).toBe(1)
  })

  test('listeners of one borrower hear nothing of the next', async () => {
    const pool = houses.pool()
    const heard: string[] = []
    await houses.in('a', async () => {
      const client = await pool.connect()
      client.on('notice', ({ message }) => heard.push(`a: ${message}`))
      client.once('notification', ({ payload }) => heard.push(`a: ${payload}`))
      await client.query(`do $$ begin raise notice 'mine'; end $$`)
      client.release()
    })
    await houses.in('b', () => pool.query(`do $$ begin raise notice 'theirs'; end $$`))
    expect(heard).toEqual(['a: mine'])
  })

  test('listeners come off again by their own function, whichever way they were put on', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      let heard = 0
      const listen = (): void => void (heard += 1)
      const methods = client as unknown as Record<string, (event: string, listener: () => void) => void>
      for (const method of ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const) {
        methods[method]!('notice', listen)
        client.removeListener('notice', listen)
      }
      await client.query(`do $$ begin raise notice 'x'; end $$`)
      expect(heard).toBe(0)
      client.once('notice', listen)
      await client.query(`do $$ begin raise notice 'x'; raise notice 'y'; end $$`)
      expect(heard).toBe(1)
      client.release()
    })
  })

  test('a connection of a pool event is no client, and says so as the form of the query wants it', async () => {
    const pool = houses.pool()
    const connection = await houses.in(
      'a',
      () =>
        new Promise<PoolClient>((resolve) => {
          pool.once('release', (_error: Error, client: PoolClient) => resolve(client))
          void pool.query(READ)
        }),
    )
    const refused = { code: 'ROWHOUSE_CLIENT_RELEASED' }
    await expect(connection.query(READ)).rejects.toMatchObject(refused)
    expect(await new Promise((resolve) => connection.query(READ, resolve))).toMatchObject(refused)
    await expect(connection.query(new Cursor(READ)).read(1)).rejects.toMatchObject(refused)
    expect(await asB(pool)).toBe('b-1')
  })

  test('a client given back in the callback of its very first connection is kept', async () => {
    const pool = houses.pool()
    await houses.in(
      'a',
      () => new Promise<void>((resolve) => pool.connect((_error, _client, done) => resolve(done()))),
    )
    await asB(pool)
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
  })

  test('release(true) and release(error) close the connection', async () => {
    const pool = houses.pool()
    for (const problem of [true, new Error('broken')]) {
      const client = await houses.in('a', () => pool.connect())
      client.release(problem)
      expect(pool.totalCount).toBe(0)
    }
  })

  test('the option rows, which leaves a connection silent behind an error', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      await expect(client.query({ text: 'select 1/0', rows: 10 } as QueryConfig)).rejects.toMatchObject({
        code: '22012',
      })
      // pg alone sends no Sync here, and the next query would wait for ever.
      expect(await settles(nameOn(client), 'the query behind')).toBe('a-1')
      client.release()
    })
    expect(await asB(pool)).toBe('b-1')
    await expect(
      houses.in('a', () => pool.query({ text: 'select 1/0', rows: 10 } as QueryConfig)),
    ).rejects.toMatchObject({ code: '22012' })
    expect(await asB(pool)).toBe('b-1')
    const some = await houses.in('a', () => pool.query({ text: ALL, rows: 1 } as QueryConfig))
    expect(some).toMatchObject({ rows: [{ name: 'a-1' }, { name: 'a-2' }] })
  })
})
