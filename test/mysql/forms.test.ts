import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import type { Pool as CallbackPool, PoolConnection as CallbackConnection } from 'mysql2'
import type { Pool, PoolConnection } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { context, Houses, namesIn } from './support/houses'

const ALL = 'select name from users order by id'
const ONE = 'select name from users where id = ?'

describe.each(MYSQL_SERVERS)('every documented form of mysql2, scoped, on $name', (server) => {
  const houses = new Houses(server, 'forms')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const IDS = ['a', 'b', 'a']

  /** Runs work for `a`, then for `b`, on one connection, so that each form meets a connection of the other tenant. */
  async function onBoth(work: (pool: Pool, id: string) => Promise<unknown>, options = {}): Promise<void> {
    const pool = houses.pool(options)
    for (const id of IDS) await houses.in(id, () => work(pool, id))
  }

  async function onBothCallbacks(
    work: (pool: CallbackPool, id: string) => Promise<unknown>,
    options = {},
  ): Promise<void> {
    const pool = houses.callbackPool(options)
    for (const id of IDS) await houses.in(id, () => work(pool, id))
  }

  async function withConnection<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
    const connection = await pool.getConnection()
    try {
      return await work(connection)
    } finally {
      connection.release()
    }
  }

  test('query and execute of the promise pool, with and without values', () =>
    onBoth(async (pool, id) => {
      expect(namesIn(await pool.query(ALL))).toEqual([`${id}-1`, `${id}-2`])
      expect(namesIn(await pool.query(ONE, [2]))).toEqual([`${id}-2`])
      expect(namesIn(await pool.execute(ONE, [1]))).toEqual([`${id}-1`])
      expect(namesIn(await pool.execute(ALL))).toEqual([`${id}-1`, `${id}-2`])
    }))

  test('options objects: rowsAsArray, nestTables, typeCast, namedPlaceholders, timeout', () =>
    onBoth(async (pool, id) => {
      expect((await pool.query({ sql: ALL, rowsAsArray: true }))[0]).toEqual([[`${id}-1`], [`${id}-2`]])
      expect((await pool.query({ sql: ONE, values: [1], nestTables: true }))[0]).toEqual([
        { users: { name: `${id}-1` } },
      ])
      const typeCast = (field: { string(): string | null }): string => `<${field.string()}>`
      expect(namesIn(await pool.query({ sql: ONE, values: [1], typeCast }))).toEqual([`<${id}-1>`])
      const named = {
        sql: 'select name from users where id = :id',
        namedPlaceholders: true,
        values: { id: 2 },
      }
      expect(namesIn(await pool.query(named as never))).toEqual([`${id}-2`])
      expect(namesIn(await pool.execute(named as never))).toEqual([`${id}-2`])
      expect(namesIn(await pool.query({ sql: ALL, timeout: 5000 }))).toHaveLength(2)
    }))

  test('options of the pool: namedPlaceholders, rowsAsArray, dateStrings', () =>
    onBoth(
      async (pool, id) => {
        expect((await pool.query('select name from users where id = :id', { id: 1 }))[0]).toEqual([
          [`${id}-1`],
        ])
        expect((await pool.query(`select date '2026-01-02'`))[0]).toEqual([['2026-01-02']])
      },
      { namedPlaceholders: true, rowsAsArray: true, dateStrings: true },
    ))

  test('callbacks of query, execute and getConnection', () =>
    onBothCallbacks(async (pool, id) => {
      const found = await new Promise((resolve, reject) => {
        pool.query(ONE, [1], (error, rows) => (error ? reject(error) : resolve(rows)))
      })
      expect(found).toEqual([{ name: `${id}-1` }])
      const executed = await new Promise((resolve, reject) => {
        pool.execute(ONE, [2], (error, rows) => (error ? reject(error) : resolve(rows)))
      })
      expect(executed).toEqual([{ name: `${id}-2` }])
      const lent = await new Promise((resolve, reject) => {
        pool.getConnection((error, connection) => {
          if (error) return reject(error)
          connection.query(ALL, (problem, rows) => {
            connection.release()
            if (problem) reject(problem)
            else resolve(rows)
          })
        })
      })
      expect(lent).toEqual([{ name: `${id}-1` }, { name: `${id}-2` }])
      const error = await new Promise((resolve) =>
        pool.query('select * from nope', (problem) => resolve(problem)),
      )
      expect(error).toMatchObject({ code: 'ER_NO_SUCH_TABLE' })
    }))

  test('events of a query, and its stream, read to the end, iterated, and left half way', () =>
    onBothCallbacks(async (pool, id) => {
      const rows: string[] = []
      const query = pool.query(ALL)
      query.on('result', (row) => void rows.push((row as { name: string }).name))
      await once(query, 'end')
      for await (const row of pool.query(ALL).stream()) {
        rows.push((row as { name: string }).name)
        break
      }
      const stream = pool.query(ALL).stream({ highWaterMark: 1 })
      stream.on('data', ({ name }: { name: string }) => void rows.push(name))
      await once(stream, 'close')
      expect(rows).toEqual([`${id}-1`, `${id}-2`, `${id}-1`, `${id}-1`, `${id}-2`])
      expect(await new Promise((resolve) => pool.query(ONE, [1], (_error, found) => resolve(found)))).toEqual(
        [{ name: `${id}-1` }],
      )
    }))

  test('a stream of a prepared statement', () =>
    onBothCallbacks(async (pool, id) => {
      const connection = await new Promise<CallbackConnection>((resolve, reject) => {
        pool.getConnection((error, one) => (error ? reject(error) : resolve(one)))
      })
      const rows: unknown[] = []
      for await (const row of connection.execute(ALL).stream()) rows.push(row)
      connection.release()
      expect(rows).toEqual([{ name: `${id}-1` }, { name: `${id}-2` }])
    }))

  test('transactions: committed, rolled back, with savepoints, by helpers and by SQL', async () => {
    await onBoth((pool, id) =>
      withConnection(pool, async (connection) => {
        await connection.beginTransaction()
        await connection.query('insert into users (name) values (?)', [`${id}-kept`])
        await connection.query('savepoint s')
        await connection.execute('insert into users (name) values (?)', [`${id}-lost`])
        await connection.query('rollback to savepoint s')
        await connection.commit()
        await connection.query('start transaction')
        await connection.query('insert into users (name) values (?)', [`${id}-lost`])
        await connection.rollback()
      }),
    )
    expect((await houses.names('a')).slice(2)).toEqual(['a-kept', 'a-kept'])
    expect((await houses.names('b')).slice(2)).toEqual(['b-kept'])
    for (const id of ['a', 'b'])
      await houses.asOwner((owner) => owner.query(`delete from ${houses.schema(id)}.users where id > 2`))
  })

  test('prepared statement objects', () =>
    onBoth((pool, id) =>
      withConnection(pool, async (connection) => {
        for (let round = 0; round < 2; round += 1) {
          const statement = await connection.prepare(ONE)
          expect(namesIn((await statement.execute([1])) as never)).toEqual([`${id}-1`])
          await statement.close()
        }
      }),
    ))

  test('procedures with several results, several statements in one text', async () => {
    for (const id of ['a', 'b']) {
      await houses.asOwner((owner) =>
        owner.query(
          `create procedure ${houses.schema(id)}.both_sets() begin select name from users order by id; select 2 as two; end`,
        ),
      )
    }
    await onBoth(
      async (pool, id) => {
        const [sets] = (await pool.query('call both_sets()')) as unknown as [unknown[]]
        expect(sets.slice(0, 2)).toEqual([[{ name: `${id}-1` }, { name: `${id}-2` }], [{ two: 2 }]])
        const [many] = (await pool.query(`select 1 as one; ${ALL}`)) as unknown as [unknown[]]
        expect(many[1]).toEqual([{ name: `${id}-1` }, { name: `${id}-2` }])
      },
      { multipleStatements: true },
    )
  })

  test('LOAD DATA LOCAL is off by default, and works where it is allowed', async () => {
    await houses.asOwner((owner) => owner.query('set global local_infile = 1'))
    const load = {
      sql: `load data local infile 'x' into table users (name)`,
      infileStreamFactory: () => Readable.from([Buffer.from('loaded\n')]),
    }
    await expect(houses.in('a', () => houses.pool().query(load as never))).rejects.toThrow()
    for (const compress of [false, true]) await loadsAll(houses.pool({ flags: ['+LOCAL_FILES'], compress }))

    async function loadsAll(allowed: Pool): Promise<void> {
      // Twice: the first switch into a database is awaited.
      for (const id of ['a', 'a', 'b', 'b']) await loads(allowed, id)
    }
    async function loads(allowed: Pool, id: string): Promise<void> {
      const [result] = await houses.in(id, () => allowed.query(load as never))
      expect(result).toMatchObject({ affectedRows: 1 })
      expect((await houses.names(id)).slice(2)).toEqual(['loaded'])
      await houses.in(id, () => allowed.query(`delete from users where name = 'loaded'`))
    }
  })

  test.each([{ compress: true }, { switch: 'awaited' as const }, { hygiene: 'strict' as const }])(
    'with the options %j: everything as without',
    (options) =>
      onBoth(async (pool, id) => {
        expect(namesIn(await pool.query(ALL))).toEqual([`${id}-1`, `${id}-2`])
        expect(namesIn(await pool.execute(ONE, [1]))).toEqual([`${id}-1`])
        const [rows] = await pool.query('select name, length(?) as size from users where id = 1', [
          'x'.repeat(100_000),
        ])
        expect(rows).toEqual([{ name: `${id}-1`, size: 100_000 }])
        await withConnection(pool, async (connection) => {
          await connection.beginTransaction()
          expect(namesIn(await connection.query(ONE, [2]))).toEqual([`${id}-2`])
          await connection.rollback()
        })
      }, options),
  )

  test('a query of more than 16 MB, which fills two packets', async () => {
    await houses.asOwner((owner) => owner.query('set global max_allowed_packet = 67108864'))
    const pool = houses.pool()
    for (const id of ['a', 'b']) {
      const [rows] = await houses.in(id, () =>
        pool.query('select name, length(?) as size from users where id = 1', ['x'.repeat(17_000_000)]),
      )
      expect(rows).toEqual([{ name: `${id}-1`, size: 17_000_000 }])
    }
  }, 60_000)

  test('escape, format, events, and end', async () => {
    const seen: string[] = []
    const { pool, callbackPool } = houses.pools({ connectionLimit: 2 })
    for (const event of ['connection', 'acquire', 'release'] as const)
      callbackPool.on(event as 'release', () => void seen.push(event))
    expect(pool.escape("o'x")).toBe("'o\\'x'")
    expect(pool.escapeId('a`b')).toBe('`a``b`')
    expect(pool.format('select ?', [1])).toBe('select 1')
    const released = once(callbackPool, 'release')
    await houses.in('a', () => pool.query(ALL))
    await released
    expect(seen).toEqual(['connection', 'acquire', 'release'])
    await pool.end()
    await expect(houses.in('a', () => pool.query(ALL))).rejects.toThrow('Pool is closed')
  })

  test('without a tenant nothing is sent, in any form', async () => {
    const { pool, callbackPool } = houses.pools()
    const required = { code: 'ROWHOUSE_TENANT_REQUIRED' }
    await expect(pool.query(ALL)).rejects.toMatchObject(required)
    await expect(pool.execute(ALL)).rejects.toMatchObject(required)
    await expect(pool.getConnection()).rejects.toMatchObject(required)
    expect(await new Promise((resolve) => callbackPool.query(ALL, (error) => resolve(error)))).toMatchObject(
      required,
    )
    const [error] = await once(callbackPool.query(ALL), 'error').catch((problem: unknown) => [problem])
    expect(error).toMatchObject(required)
    await expect(text(callbackPool.query(ALL).stream() as never)).rejects.toMatchObject(required)
  })

  test('withoutTenant is on the database of the options, or nowhere', async () => {
    const url = new URL(server.ownerUrl)
    url.pathname = `/${houses.schema('b')}`
    const shared = houses.pool({ uri: url.href })
    await houses.in('a', () => shared.query(ALL))
    expect(namesIn(await context.withoutTenant(() => shared.query(ONE, [1])))).toEqual(['b-1'])
    expect(namesIn(await houses.in('a', () => shared.query(ONE, [1])))).toEqual(['a-1'])
    const [rows] = await context.withoutTenant(() => houses.pool().query('select database() as name'))
    expect(rows).toEqual([{ name: 'information_schema' }])
  })
})
