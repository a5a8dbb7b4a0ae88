import { once } from 'node:events'
import { createPool as createStockPool } from 'mysql2'
import type { Pool as CallbackPool, PoolConnection } from 'mysql2'
import type { TenantPools } from '../../src/mysql/pool'
import { MYSQL_SERVERS } from '../support/servers'
import { context, Houses, namesIn } from './support/houses'

const READ = 'select name from users where id = 1'
const IDS = Array.from({ length: 20 }, (_, index) => `t${index}`)

/** Where application code is called back from, each telling which tenant it finds there. */
type Place = (pool: CallbackPool, tell: (tenant: string | undefined) => void) => Promise<unknown>

const current = (): string | undefined => context.current()?.id

const lent = (pool: CallbackPool): Promise<PoolConnection> =>
  new Promise((resolve, reject) =>
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection))),
  )

const PLACES: Readonly<Record<string, Place>> = {
  'after await pool.query': async (pool, tell) => {
    await pool.promise().query(READ)
    tell(current())
  },
  'after await pool.execute': async (pool, tell) => {
    await pool.promise().execute(READ)
    tell(current())
  },
  'a callback of pool.query': (pool, tell) =>
    new Promise<void>((resolve) => pool.query(READ, () => resolve(tell(current())))),
  'a callback of pool.execute': (pool, tell) =>
    new Promise<void>((resolve) => pool.execute(READ, () => resolve(tell(current())))),
  'a callback of a query that failed': (pool, tell) =>
    new Promise<void>((resolve) => pool.query('select * from nope', () => resolve(tell(current())))),
  'a callback of getConnection': (pool, tell) =>
    new Promise<void>((resolve) => {
      pool.getConnection((_error, connection) => {
        tell(current())
        connection.release()
        resolve()
      })
    }),
  'a callback of connection.query': async (pool, tell) => {
    const connection = await lent(pool)
    await new Promise<void>((resolve) => connection.query(READ, () => resolve(tell(current()))))
    connection.release()
  },
  'a callback of beginTransaction': async (pool, tell) => {
    const connection = await lent(pool)
    await new Promise<void>((resolve) => connection.beginTransaction(() => resolve(tell(current()))))
    await new Promise((resolve) => connection.rollback(() => resolve(undefined)))
    connection.release()
  },
  'a callback of a prepared statement': async (pool, tell) => {
    const connection = await lent(pool)
    await new Promise<void>((resolve) => {
      connection.prepare(READ, (_error, statement) => {
        statement.execute([], () => resolve(tell(current())))
      })
    })
    connection.release()
  },
  'a listener of a query': async (pool, tell) => {
    const query = pool.query(READ)
    query.on('result', () => tell(current()))
    await once(query, 'end')
  },
  'a listener of a stream': async (pool, tell) => {
    const stream = pool.query(READ).stream()
    stream.on('data', () => tell(current()))
    await once(stream, 'end')
  },
  'iteration over a stream': async (pool, tell) => {
    for await (const _row of pool.query(READ).stream()) tell(current())
  },
}

describe.each(MYSQL_SERVERS)('the tenant where the driver calls back, on $name', (server) => {
  const houses = new Houses(server, 'context')
  beforeAll(() => houses.build(IDS))
  afterAll(() => houses.clear())

  /** What 20 tenants at once find at a place, `t1>t1`. */
  async function seenAt(place: Place, pool: CallbackPool): Promise<string[]> {
    const seen: string[] = []
    await Promise.all(
      IDS.map((id) => houses.in(id, () => place(pool, (tenant) => void seen.push(`${id}>${tenant}`)))),
    )
    return seen.sort()
  }

  const right = IDS.map((id) => `${id}>${id}`).sort()

  describe.each([1, 3])('a pool of %i', (connectionLimit) => {
    test.each(Object.entries(PLACES))('%s is the one of the call', async (_name, place) => {
      expect(await seenAt(place, houses.callbackPool({ connectionLimit }))).toEqual(right)
    })
  })

  test('on a stock pool the same callbacks find strangers, so these tests can fail', async () => {
    const stock = createStockPool({ uri: server.appUrl, connectionLimit: 1, database: houses.schema('t0') })
    for (const name of [
      'a callback of pool.query',
      'a callback of getConnection',
      'a listener of a stream',
    ]) {
      const seen = await seenAt(PLACES[name]!, stock)
      expect([name, seen.filter((pair) => right.includes(pair)).length]).not.toEqual([name, IDS.length])
    }
    await stock.promise().end()
  })

  test("a query made inside a listener of the driver runs as the listener's tenant", async () => {
    const { pool, callbackPool }: TenantPools = houses.pools({ connectionLimit: 3 })
    const read = async (id: string): Promise<string[]> => {
      const found: Promise<string[]>[] = []
      const stream = callbackPool.query('select name from users order by id').stream()
      stream.on('data', () => found.push(pool.query(READ).then(namesIn)))
      await once(stream, 'end')
      return (await Promise.all(found)).flat().map((name) => `${id}>${name}`)
    }
    const found = await Promise.all(IDS.map((id) => houses.in(id, () => read(id))))
    expect(found).toEqual(IDS.map((id) => Array(2).fill(`${id}>${id}-1`)))
  })

  test('the tenant is the one at the call, also when the pool answers much later', async () => {
    const pool = houses.pool()
    const pending = IDS.map((id, index) =>
      houses.in(id, () => (index % 2 ? pool.query(READ) : pool.execute(READ))),
    )
    expect((await Promise.all(pending)).flatMap(namesIn)).toEqual(IDS.map((id) => `${id}-1`))
  })

  test('events of the pool run outside every tenant', async () => {
    const { pool, callbackPool } = houses.pools()
    const seen: unknown[] = []
    for (const event of ['connection', 'acquire', 'release', 'enqueue'] as const) {
      callbackPool.on(event as 'release', () => void seen.push(context.scope()))
    }
    await Promise.all(IDS.map((id) => houses.in(id, () => pool.query(READ))))
    expect(seen.length).toBeGreaterThan(IDS.length)
    expect(seen.filter((scope) => scope !== undefined)).toEqual([])
  })

  test("a connection that wandered to another tenant's request is refused, and works on at home", async () => {
    const pool = houses.pool()
    const connection = await houses.in('t1', () => pool.getConnection())
    const mismatch = { code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 't1' }
    await expect(houses.in('t2', () => connection.query(READ))).rejects.toMatchObject(mismatch)
    await expect(houses.in('t2', () => connection.execute(READ))).rejects.toMatchObject(mismatch)
    await expect(houses.in('t2', () => connection.beginTransaction())).rejects.toMatchObject(mismatch)
    await expect(context.withoutTenant(() => connection.query(READ))).rejects.toMatchObject(mismatch)
    // Where the context was lost, the connection still knows whose it is.
    expect(namesIn(await connection.query(READ))).toEqual(['t1-1'])
    connection.release()
  })
})
