import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { Pool, Query } from 'pg'
import type { PoolClient, QueryConfig, QueryResult } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import type { TenantPoolConfig } from '../../src/postgres/pool'
import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

interface User {
  readonly name: string
}

const ALL = 'select name from users order by id'
const ONE = 'select name from users where id = $1'

describe.each(SERVERS)('every documented form of pg.Pool, scoped, on $name', (server) => {
  const houses = new Houses(server, `forms ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  /** Runs work for `a`, then for `b`, on one connection, so that each form meets a connection of the other tenant. */
  async function onBoth(work: (pool: Pool, id: string) => Promise<unknown>): Promise<void> {
    const pool = houses.pool()
    for (const id of ['a', 'b', 'a']) await houses.in(id, () => work(pool, id))
  }

  async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    try {
      return await work(client)
    } finally {
      client.release()
    }
  }

  const names = ({ rows }: QueryResult<User>): string[] => rows.map(({ name }) => name)

  test('text, with and without values', () =>
    onBoth(async (pool, id) => {
      expect(names(await pool.query(ALL))).toEqual([`${id}-1`, `${id}-2`])
      expect(names(await pool.query(ONE, [2]))).toEqual([`${id}-2`])
    }))

  test('config objects: values, row mode, types, a name', () =>
    onBoth(async (pool, id) => {
      expect(names(await pool.query({ text: ONE, values: [1] }))).toEqual([`${id}-1`])
      expect(names(await pool.query({ text: ONE }, [1]))).toEqual([`${id}-1`])
      expect((await pool.query({ text: ALL, rowMode: 'array' })).rows).toEqual([[`${id}-1`], [`${id}-2`]])
      const types = { getTypeParser: () => (value: string) => `<${value}>` }
      expect((await pool.query<User>({ text: ONE, values: [1], types: types })).rows[0]!.name).toBe(
        `<${id}-1>`,
      )
      const named = { name: 'one user', text: ONE, values: [1] }
      expect(names(await pool.query({ ...named }))).toEqual([`${id}-1`])
      expect(names(await pool.query({ ...named }))).toEqual([`${id}-1`])
    }))

  test('callbacks of the pool, with and without values', () =>
    onBoth(async (pool, id) => {
      const found = await new Promise<QueryResult<User>>((resolve, reject) => {
        expect(
          pool.query<User>(ALL, (error, result) => (error ? reject(error) : resolve(result))),
        ).toBeUndefined()
      })
      expect(names(found)).toEqual([`${id}-1`, `${id}-2`])
      const one = await new Promise<QueryResult<User>>((resolve, reject) => {
        pool.query<User>(ONE, [1], (error, result) => (error ? reject(error) : resolve(result)))
      })
      expect(names(one)).toEqual([`${id}-1`])
      const error = await new Promise<Error>((resolve) =>
        pool.query('select 1/0', (problem) => resolve(problem)),
      )
      expect(error).toMatchObject({ code: '22012' })
    }))

  test('connect() with a callback and done, queries with callbacks', () =>
    onBoth(async (pool, id) => {
      const found = await new Promise((resolve, reject) => {
        pool.connect((error, client, done) => {
          if (error || client === undefined) return reject(error ?? new Error('no client'))
          client.query<User>(ONE, [1], (problem, result) => {
            done()
            if (problem) reject(problem)
            else resolve(names(result))
          })
        })
      })
      expect(found).toEqual([`${id}-1`])
      expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0])
    }))

  test('a transaction that commits, and one that rolls back', async () => {
    await onBoth((pool, id) =>
      withClient(pool, async (client) => {
        await client.query('begin')
        await client.query('insert into users (name) values ($1)', [`${id}-kept`])
        await client.query('commit')
        await client.query('begin')
        await client.query('insert into users (name) values ($1)', [`${id}-lost`])
        await client.query('rollback')
        expect(names(await client.query('select name from users where id > 2'))).toContain(`${id}-kept`)
      }),
    )
    expect(await houses.names('a')).toEqual(['a-1', 'a-2', 'a-kept', 'a-kept'])
    expect(await houses.names('b')).toEqual(['b-1', 'b-2', 'b-kept'])
    await houses.asOwner((owner) =>
      owner.query(
        `delete from ${houses.schema('a')}.users where id > 2; delete from ${houses.schema('b')}.users where id > 2`,
      ),
    )
  })

  test('several statements in one text', () =>
    onBoth(async (pool, id) => {
      const results = (await pool.query(`select 1 as one; ${ALL}`)) as unknown as QueryResult<User>[]
      expect(names(results[1]!)).toEqual([`${id}-1`, `${id}-2`])
    }))

  test('new pg.Query with its events', () =>
    onBoth((pool, id) =>
      withClient(pool, async (client) => {
        const query = client.query(new Query<User>(ALL))
        const rows: string[] = []
        query.on('row', ({ name }) => rows.push(name))
        await once(query, 'end')
        expect(rows).toEqual([`${id}-1`, `${id}-2`])
      }),
    ))

  test('`binary` counts for texts with values only, as with pg', async () => {
    const text = `select 1.5::numeric as n, '{"a":1}'::jsonb as j, name from users where id = 1`
    for (const options of [{}, { binary: true }] as Partial<TenantPoolConfig>[]) {
      const pool = houses.pool(options)
      const { rows } = await houses.in('a', () => pool.query({ text, binary: true } as QueryConfig))
      expect(rows).toEqual([{ n: '1.5', j: { a: 1 }, name: 'a-1' }])
    }
  })

  test('a query object of one tenant is no use to another, whose answer it would mix with the rows that it keeps', async () => {
    const pool = houses.pool()
    const query = new Query<User>(`insert into users (name) values ('again')`)
    const use = (id: string): Promise<unknown> => houses.in(id, () => pool.query(query as never))
    await use('a')
    await use('a')
    await expect(use('b')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 'b' })
    await houses.in('b', async () => {
      const client = await pool.connect()
      const failed = new Promise((resolve) => {
        Object.assign(query, { callback: resolve })
        client.query(query)
      })
      expect(await failed).toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 'b' })
      client.release()
    })
    expect(await houses.names('a')).toEqual(['a-1', 'a-2', 'again', 'again'])
    expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
    await houses.asOwner((owner) =>
      owner.query(`delete from ${houses.schema('a')}.users where name = 'again'`),
    )
  })

  test('a cursor that is read in parts and closed, and a query behind it', () =>
    onBoth((pool, id) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor<User>(ALL))
        expect(await cursor.read(1)).toEqual([{ name: `${id}-1` }])
        expect(await cursor.read(5)).toEqual([{ name: `${id}-2` }])
        await cursor.close()
        expect(names(await client.query(ONE, [1]))).toEqual([`${id}-1`])
      }),
    ))

  test('a stream, read by listeners, by iteration, and left half way', () =>
    onBoth((pool, id) =>
      withClient(pool, async (client) => {
        const rows: string[] = []
        const listened = client.query(new QueryStream(ALL))
        listened.on('data', ({ name }: User) => rows.push(name))
        await once(listened, 'end')
        for await (const row of client.query(new QueryStream(ALL, [], { batchSize: 1 }))) {
          rows.push((row as User).name)
          break
        }
        expect(rows).toEqual([`${id}-1`, `${id}-2`, `${id}-1`])
        expect(names(await client.query(ALL))).toEqual([`${id}-1`, `${id}-2`])
      }),
    ))

  test('COPY in both directions', async () => {
    await onBoth((pool, id) =>
      withClient(pool, async (client) => {
        const into = client.query(copyFrom('copy users (name) from stdin'))
        await pipeline(Readable.from([`${id}-copied\n`]), into)
        const out = client.query(
          copyTo(`copy (select name from users where name like '%copied' limit 1) to stdout`),
        )
        expect(await text(out)).toBe(`${id}-copied\n`)
        await client.query(`delete from users where name = '${id}-copied'`)
      }),
    )
    expect([await houses.names('a'), await houses.names('b')]).toEqual([
      ['a-1', 'a-2'],
      ['b-1', 'b-2'],
    ])
  })

  test('a stream handed to the pool itself gives the connection back at its end', () =>
    onBoth(async (pool, id) => {
      const stream = new QueryStream(ALL)
      const done = pool.query(stream as never) as unknown as Promise<unknown>
      const rows: string[] = []
      for await (const row of stream) rows.push((row as User).name)
      await done
      expect(rows).toEqual([`${id}-1`, `${id}-2`])
      expect(pool.idleCount).toBe(1)
    }))

  test('events, counts, options and end', async () => {
    const seen: string[] = []
    const pool = houses.pool({ max: 2 })
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const) {
      pool.on(event as 'connect', () => void seen.push(event))
    }
    await houses.in('a', () => pool.query(ALL))
    expect(pool.options.max).toBe(2)
    const removed = once(pool, 'remove')
    await pool.end()
    await removed
    expect(seen).toEqual(['connect', 'acquire', 'release', 'remove'])
    expect([pool.ending, pool.ended]).toEqual([true, true])
    await expect(houses.in('a', () => pool.query(ALL))).rejects.toThrow('after calling end')
  })

  test('an instance of pg.Pool whose class is recognised by its name', () => {
    const pool = houses.pool()
    expect(pool).toBeInstanceOf(Pool)
    // drizzle takes an object for a pool when this name contains "Pool".
    expect(pool.constructor.name).toBe('TenantPool')
    // knex takes a pool with `acquire` for one of tarn's.
    expect('acquire' in pool).toBe(false)
  })

  test('what pg refuses is refused in the same way, and the connection goes on', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const cycle: Record<string, unknown> = {}
      cycle.self = cycle
      await expect(pool.query('select $1::json', [cycle])).rejects.toThrow('circular')
      await expect(pool.query({ text: ONE, values: 'x' as never })).rejects.toThrow('must be an array')
      await expect(pool.query({} as never)).rejects.toThrow('either text or a name')
      await expect(pool.query(null as never)).rejects.toThrow('null or undefined')
      await expect(pool.query('')).resolves.toMatchObject({ rows: [] })
      await expect(pool.query({ name: 'never seen' } as never)).rejects.toMatchObject({ code: '26000' })
    })
    expect(names(await houses.in('b', () => pool.query(ONE, [1])))).toEqual(['b-1'])
  })
})
