import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabasePool, Interceptor } from 'slonik'
import { context } from '../postgres/support/houses'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

const IDS = Array.from({ length: 20 }, (_, index) => `t${index}`)

/** What a tenant found at a place: the tenant of the context there, and whose row it read. */
type Tell = (found: unknown) => void

describe.each(PAIRS)('the tenant where the application is called back, with $name', (pair) => {
  const houses = new SlonikHouses(pair, 'context')
  const { sql } = houses
  const first = sql`select name from users where id = 1`
  const all = sql`select name from users order by id`
  beforeAll(() => houses.build(IDS))
  afterAll(() => houses.clear())

  const current = (): string | undefined => context.current()?.id
  const places: Record<string, (pool: DatabasePool, tell: Tell) => Promise<unknown>> = {
    'after a query': async (pool, tell) => {
      tell(await pool.oneFirst(first))
      tell(`${current()}-1`)
    },
    'after a query that failed': async (pool, tell) => {
      await pool.query(sql`select 1 / 0`).catch(() => tell(`${current()}-1`))
      tell(await pool.oneFirst(first))
    },
    'in a connection': (pool, tell) =>
      pool.connect(async (connection) => {
        tell(`${current()}-1`)
        tell(await connection.oneFirst(first))
      }),
    'in a nested transaction': (pool, tell) =>
      pool.transaction((tx) =>
        tx.transaction(async (inner) => {
          tell(await inner.oneFirst(first))
          tell(`${current()}-1`)
        }),
      ),
    'in a listener of a stream': (pool, tell) =>
      pool.stream(all, (stream) => {
        stream.on('data', ({ data }) => {
          tell(`${current()}-1`)
          if (data.name.endsWith('-1')) tell(data.name)
        })
      }),
    'in an iteration over a stream': async (pool, tell) => {
      let iterated: Promise<void> | undefined
      await pool.stream(all, (stream) => {
        iterated = (async () => {
          for await (const { data } of stream) {
            tell(`${current()}-1`)
            if (data.name.endsWith('-1')) tell(data.name)
          }
        })()
      })
      await iterated
    },
    'in a query made in a listener of a stream': async (pool, tell) => {
      const made: Promise<void>[] = []
      await pool.stream(all, (stream) => {
        stream.on('data', () => made.push(pool.oneFirst(first).then(tell)))
      })
      await Promise.all(made)
    },
  }

  /** Names that 20 tenants at once find at a place and that are not their own. */
  async function strangersAt(place: string, pool: DatabasePool): Promise<string[]> {
    const found: string[] = []
    const perTenant = IDS.map((id) =>
      houses.in(id, async () => {
        const own: unknown[] = []
        await places[place]!(pool, (name) => own.push(name))
        expect(own.length).toBeGreaterThan(0)
        found.push(...own.filter((name) => name !== `${id}-1`).map((name) => `${id}: ${String(name)}`))
      }),
    )
    await Promise.all(perTenant)
    return found
  }

  describe.each([1, 3])('a pool of %i', (maximumPoolSize) => {
    test.each(Object.keys(places))('%s is the one of the call', async (place) => {
      expect(await strangersAt(place, await houses.tenantSlonik({ maximumPoolSize }))).toEqual([])
    })
  })

  test('interceptors see the tenant of the call, and their queries are in it', async () => {
    const seen: string[] = []
    const note = (): null => {
      seen.push(current() ?? 'none')
      return null
    }
    const interceptor: Interceptor = {
      name: 'notes',
      // Others' work in between: the pool is asked for a connection long after the call.
      beforePoolConnection: () => sleep(Math.random() * 5).then(note),
      afterPoolConnection: async (_context, connection) => {
        seen.push(String(await connection.oneFirst(sql`select split_part(name, '-', 1) from users limit 1`)))
        return note()
      },
      beforeTransformQuery: note,
      transformQuery: (_context, query) => {
        note()
        return query
      },
      beforeQueryExecution: note,
      afterQueryExecution: note,
      queryExecutionError: note,
      transformRow: (_context, _query, row) => {
        note()
        return row
      },
      beforePoolConnectionRelease: async (_context, connection) => {
        await connection.any(first)
        return note()
      },
    }
    const pool = await houses.tenantSlonik({ maximumPoolSize: 3, interceptors: [interceptor] })
    for (const id of IDS) {
      await houses.in(id, async () => {
        await pool.any(first)
        await pool.stream(all, (stream) => void stream.resume())
        await pool.any(sql`select 1 / 0`).catch(() => {})
      })
      expect(seen.length).toBeGreaterThan(15)
      expect([...new Set(seen.splice(0))]).toEqual([id])
    }
    expect(await strangersAt('in a nested transaction', pool)).toEqual([])
  })

  test('a query of an interceptor in the context of another tenant is refused', async () => {
    const interceptor: Interceptor = {
      name: 'wanders',
      afterPoolConnection: async (_context, connection) => {
        await houses.in('t1', () => connection.any(first))
        return null
      },
    }
    const pool = await houses.tenantSlonik({ interceptors: [interceptor] })
    await expect(houses.in('t0', () => pool.any(first))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_MISMATCH',
      tenant: 't0',
    })
  })

  test('an interceptor may hand a call to another pool, which has the tenant as well', async () => {
    const replica = await houses.tenantSlonik()
    const interceptors: Interceptor[] = [{ name: 'reroutes', beforePoolConnection: () => replica }]
    const pool = await houses.tenantSlonik({ interceptors })
    const names = await Promise.all(IDS.map((id) => houses.in(id, () => pool.oneFirst(first))))
    expect(names).toEqual(IDS.map((id) => `${id}-1`))
    expect(pool.state().idleConnections).toBe(0)
  })

  test('the tenant is the one at the call, also when the pool answers much later', async () => {
    const pool = await houses.tenantSlonik()
    const pending = IDS.map((id) => houses.in(id, () => pool.oneFirst(first)))
    expect(await Promise.all(pending)).toEqual(IDS.map((id) => `${id}-1`))
  })
})
