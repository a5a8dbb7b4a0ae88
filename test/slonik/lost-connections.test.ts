import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientConfigurationInput, DatabasePool } from 'slonik'
import { Relay } from '../engines/support/relay'
import { context } from '../postgres/support/houses'
import { settles } from '../support/settles'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

describe.each(PAIRS)('connections that can not be had, on $name', (pair) => {
  const houses = new SlonikHouses(pair, 'lost')
  const { sql, slonik } = houses
  const first = sql`select name from users where id = 1`
  let relay: Relay
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    relay = await Relay.to(houses.uri(), 5432)
  })
  afterAll(async () => {
    await houses.clear()
    await relay.close()
  })

  /** A pool behind the relay, which is down. */
  async function unreachable(options: ClientConfigurationInput): Promise<DatabasePool> {
    relay.up()
    const pool = await slonik.createTenantSlonik(relay.url, { tenancy: context, ...options })
    pool.on?.('error', () => {})
    relay.down()
    return pool
  }

  const asA = (pool: DatabasePool): Promise<unknown> =>
    settles(
      houses.in('a', () => pool.oneFirst(first)),
      'a query',
    )

  test('a server that is down for long is an error for each query, and one that is back answers', async () => {
    const pool = await unreachable({ maximumPoolSize: 2 })
    for (let attempt = 0; attempt < 10; attempt++)
      await expect(asA(pool)).rejects.toThrow(slonik.module.ConnectionError)
    relay.up()
    expect(await Promise.all(Array.from({ length: 6 }, () => asA(pool)))).toEqual(Array(6).fill('a-1'))
    await settles(pool.end(), 'end()')
  })

  test('each query that waits for a connection is answered when there is none', async () => {
    const pool = await unreachable({ maximumPoolSize: 2 })
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => asA(pool)))
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(slonik.module.ConnectionError) })
    relay.up()
    expect(await asA(pool)).toBe('a-1')
    await settles(pool.end(), 'end()')
  })

  test('a transaction, a connection and a stream end with the same error', async () => {
    const pool = await unreachable({ maximumPoolSize: 1 })
    const refused = async (work: () => Promise<unknown>): Promise<void> =>
      expect(settles(houses.in('a', work), 'it')).rejects.toThrow(slonik.module.ConnectionError)
    await refused(() => pool.transaction((tx) => tx.any(first)))
    await refused(() => pool.connect((connection) => connection.any(first)))
    await refused(() => pool.stream(first, (stream) => void stream.resume()))
    relay.up()
    expect(await asA(pool)).toBe('a-1')
    await settles(pool.end(), 'end()')
  })

  test('a connection kept in reserve is tried again once the server is back', async () => {
    const pool = await unreachable({ maximumPoolSize: 1, minimumPoolSize: 1 })
    await expect(asA(pool)).rejects.toThrow(slonik.module.ConnectionError)
    relay.up()
    await sleep(1500)
    expect(await asA(pool)).toBe('a-1')
    await settles(pool.end(), 'end()')
  })

  test('a client without a connection serves one call, also one that asks it nothing', async () => {
    const pool = await unreachable({ maximumPoolSize: 1, idleTimeout: 10_000 })
    await houses.in('a', () => pool.connect(() => sleep(1200)))
    relay.up()
    expect([await asA(pool), await asA(pool)]).toEqual(['a-1', 'a-1'])
    await settles(pool.end(), 'end()')
  })

  test.each([
    ['fails', `select 1 / (pg_sleep(0.35)::text = 'x')::int`],
    ['goes on', 'select pg_sleep(1)'],
  ])('a call that fails while a query of its runs longer than the grace and %s', async (_what, text) => {
    const pool = await houses.tenantSlonik({ gracefulTerminationTimeout: 200 })
    const failed = houses.in('a', () =>
      pool.connect(async (connection) => {
        void connection.query(houses.textQuery(text)).catch(() => {})
        await sleep(20)
        throw new Error('boom')
      }),
    )
    await expect(settles(failed, 'the call')).rejects.toThrow('boom')
    expect(await asA(pool)).toBe('a-1')
  })

  test('a handler of a stream that throws ends that call alone', async () => {
    const pool = await houses.tenantSlonik()
    const many = sql`select n from generate_series(1, 100000) n`
    const handlers: ((stream: Readable) => void)[] = [() => {}, (stream) => void stream.on('data', () => {})]
    for (const listen of handlers) {
      const failed = houses.in('a', () =>
        pool.stream(many, (stream) => {
          listen(stream as unknown as Readable)
          throw new Error('handler')
        }),
      )
      await expect(settles(failed, 'the stream')).rejects.toThrow('handler')
    }
    // An error that nobody hears would end this process.
    await sleep(100)
    expect(await asA(pool)).toBe('a-1')
  })

  test('the attempts of `connectionRetryLimit` are made, as slonik counts them', async () => {
    for (const [connectionRetryLimit, attempts] of [
      [undefined, 3],
      [0, 1],
      [1, 1],
      [5, 5],
    ] as const) {
      const pool = await unreachable({
        maximumPoolSize: 1,
        ...(connectionRetryLimit === undefined ? {} : { connectionRetryLimit }),
      })
      const before = relay.connections
      await expect(asA(pool)).rejects.toThrow(slonik.module.ConnectionError)
      expect(relay.connections - before).toBe(attempts)
      await settles(pool.end(), 'end()')
    }
  })

  test('a reset of the application that kills its connection costs only that connection', async () => {
    const pool = await houses.tenantSlonik({
      resetConnection: ({ query }) => query('select pg_terminate_backend(pg_backend_pid())'),
    })
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => asA(pool)))
    for (const { reason } of answers as PromiseRejectedResult[])
      expect(reason).toBeInstanceOf(slonik.module.BackendTerminatedError)
  })

  test('a reset of the application runs in the tenant of the call, before anybody else has the connection', async () => {
    const pool = await houses.tenantSlonik({
      resetConnection: ({ query }) => query(`insert into users (name) values ('reset')`),
    })
    await Promise.all(['a', 'b', 'a'].map((id) => houses.in(id, () => settles(pool.any(first), 'a query'))))
    const resets = sql`select count(*)::int from users where name = 'reset'`
    expect(await houses.in('a', () => pool.oneFirst(resets))).toBe(2)
    expect(await houses.in('b', () => pool.oneFirst(resets))).toBe(1)
  })
})
