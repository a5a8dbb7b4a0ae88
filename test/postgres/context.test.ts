import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { Pool, Query } from 'pg'
import type { PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { SERVERS } from '../support/servers'
import { context, Houses } from './support/houses'

const READ = 'select name from users where id = 1'
const IDS = Array.from({ length: 20 }, (_, index) => `t${index}`)

/** Where application code is called back from, each telling which tenant it finds there. */
type Place = (pool: Pool, tell: (tenant: string | undefined) => void) => Promise<unknown>

const current = (): string | undefined => context.current()?.id

async function withClient(pool: Pool, work: (client: PoolClient) => Promise<unknown>): Promise<void> {
  const client = await pool.connect()
  try {
    await work(client)
  } finally {
    client.release()
  }
}

const PLACES: Readonly<Record<string, Place>> = {
  'after await pool.query': async (pool, tell) => {
    await pool.query(READ)
    tell(current())
  },
  'a callback of pool.query': (pool, tell) =>
    new Promise<void>((resolve) => {
      pool.query(READ, () => {
        tell(current())
        resolve()
      })
    }),
  'a callback of pool.query that failed': (pool, tell) =>
    new Promise<void>((resolve) => {
      pool.query('select 1/0', () => {
        tell(current())
        resolve()
      })
    }),
  'a callback of pool.connect': (pool, tell) =>
    new Promise<void>((resolve) => {
      pool.connect((_error, _client, done) => {
        tell(current())
        done()
        resolve()
      })
    }),
  'a callback of client.query': (pool, tell) =>
    withClient(
      pool,
      (client) =>
        new Promise<void>((resolve) => {
          client.query(READ, () => {
            tell(current())
            resolve()
          })
        }),
    ),
  "a listener of pg.Query's rows": (pool, tell) =>
    withClient(pool, async (client) => {
      const query = client.query(new Query(READ))
      query.on('row', () => tell(current()))
      await once(query, 'end')
    }),
  'a listener of a stream': (pool, tell) =>
    withClient(pool, async (client) => {
      const stream = client.query(new QueryStream(READ))
      stream.on('data', () => tell(current()))
      await once(stream, 'end')
    }),
  'iteration over a stream': (pool, tell) =>
    withClient(pool, async (client) => {
      for await (const _row of client.query(new QueryStream(READ))) tell(current())
    }),
  'a callback of cursor.read': (pool, tell) =>
    withClient(pool, async (client) => {
      const cursor = client.query(new Cursor(READ))
      await new Promise<void>((resolve) => {
        cursor.read(1, () => {
          tell(current())
          resolve()
        })
      })
      await cursor.close()
    }),
  "a client's listener for notices": (pool, tell) =>
    withClient(pool, async (client) => {
      client.on('notice', () => tell(current()))
      await client.query(`do $$ begin raise notice 'heard'; end $$`)
    }),
}

describe.each(SERVERS)('the tenant where the driver calls back, on $name', (server) => {
  const houses = new Houses(server, `context ${server.version}`)
  beforeAll(() => houses.build(IDS))
  afterAll(() => houses.clear())

  /** What 20 tenants at once find at a place, `t1>t1`. */
  async function seenAt(place: Place, pool: Pool): Promise<string[]> {
    const seen: string[] = []
    await Promise.all(
      IDS.map((id) => houses.in(id, () => place(pool, (tenant) => void seen.push(`${id}>${tenant}`)))),
    )
    return seen.sort()
  }

  const right = IDS.map((id) => `${id}>${id}`).sort()

  describe.each([1, 3])('a pool of %i', (max) => {
    test.each(Object.entries(PLACES))('%s is the one of the call', async (_name, place) => {
      expect(await seenAt(place, houses.pool({ max }))).toEqual(right)
    })
  })

  test('on a plain pool the same callbacks find strangers, so these tests can fail', async () => {
    const pool = houses.plainPool('t0')
    for (const name of ['a callback of pool.query', 'a callback of pool.connect', 'a listener of a stream']) {
      const seen = await seenAt(PLACES[name]!, pool)
      expect([name, seen.filter((pair) => right.includes(pair)).length]).not.toEqual([name, IDS.length])
    }
  })

  test("a query made inside a listener of the driver runs as the listener's tenant", async () => {
    const pool = houses.pool({ max: 3 })
    const read = async (id: string): Promise<string[]> => {
      const found: Promise<string>[] = []
      await withClient(pool, async (client) => {
        const stream = client.query(new QueryStream('select name from users order by id'))
        stream.on('data', () => found.push(pool.query(READ).then(({ rows }) => rows[0].name as string)))
        await once(stream, 'end')
      })
      return (await Promise.all(found)).map((name) => `${id}>${name}`)
    }
    const found = await Promise.all(IDS.map((id) => houses.in(id, () => read(id))))
    expect(found).toEqual(IDS.map((id) => Array(2).fill(`${id}>${id}-1`)))
  })

  test('the tenant is the one at the call, also when the pool answers much later', async () => {
    const pool = houses.pool()
    const pending = IDS.map((id) => houses.in(id, () => pool.query(READ)))
    const names = (await Promise.all(pending)).map(({ rows }) => rows[0].name as string)
    expect(names).toEqual(IDS.map((id) => `${id}-1`))
  })

  test("other libraries' contexts reach the callbacks as well", async () => {
    const requests = new AsyncLocalStorage<string>()
    const pool = houses.pool()
    const seen = await Promise.all(
      IDS.map((id) =>
        houses.in(id, () =>
          requests.run(
            `request ${id}`,
            () => new Promise((resolve) => pool.query(READ, () => resolve(requests.getStore()))),
          ),
        ),
      ),
    )
    expect(seen).toEqual(IDS.map((id) => `request ${id}`))
  })

  test('events of the pool run outside every tenant, wherever they come from', async () => {
    const pool = houses.pool()
    const seen: unknown[] = []
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const) {
      pool.on(event as 'connect', () => void seen.push(context.scope()))
    }
    await Promise.all(IDS.map((id) => houses.in(id, () => pool.query(READ))))
    const removed = once(pool, 'remove')
    await houses.in('t1', () => pool.end())
    await removed
    expect(seen).toEqual(Array(2 * IDS.length + 2).fill(undefined))
  })

  test("a client that wandered to another tenant's request is refused, and works on at home", async () => {
    const pool = houses.pool()
    const client = await houses.in('t1', () => pool.connect())
    await expect(houses.in('t2', () => client.query(READ))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_MISMATCH',
      tenant: 't1',
    })
    await expect(context.withoutTenant(() => client.query(READ))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_MISMATCH',
    })
    const error = await houses.in('t2', () => new Promise((resolve) => client.query(READ, resolve)))
    expect(error).toMatchObject({ code: 'ROWHOUSE_TENANT_MISMATCH' })
    // Where the context was lost, the client still knows whose it is.
    expect((await client.query(READ)).rows).toEqual([{ name: 't1-1' }])
    client.release()
  })
})
