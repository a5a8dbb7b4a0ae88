import { once } from 'node:events'
import { createConnection as createSocket, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolConnection as CallbackConnection } from 'mysql2'
import type { Pool } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, namesIn, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'
const MANY = `select repeat('x', 1000) as x from information_schema.columns a, information_schema.columns b limit 200000`
const RELEASED = { code: 'ROWHOUSE_CLIENT_RELEASED', tenant: 'a' }

describe.each(MYSQL_SERVERS)('the end of a loan, and of a connection, on $name', (server) => {
  const houses = new Houses(server, 'release')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const asB = async (pool: Pool): Promise<string[]> =>
    namesIn(
      await settles(
        houses.in('b', () => pool.query(READ)),
        'the query of the next tenant',
        8000,
      ),
    )

  const kill = (thread: number, what = ''): Promise<unknown> =>
    houses.asOwner((owner) => owner.query(`kill ${what} ${thread}`))

  test('a query that nobody waited for ends in its own tenant, and the next one waits', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      void connection.query(`insert into users (name) select 'late' from (select sleep(0.1)) as s`)
      connection.release()
    })
    expect(await asB(pool)).toEqual(['b-1'])
    expect(await houses.names('a')).toEqual(['a-1', 'a-2', 'late'])
  })

  test('a BEGIN that nobody waited for is seen all the same', async () => {
    const pool = houses.pool()
    const thread = await houses.in('a', async () => {
      const connection = await pool.getConnection()
      const own = await threadOf(connection)
      void connection.query('start transaction').catch(() => {})
      void connection.query(`insert into users (name) values ('lost')`).catch(() => {})
      connection.release()
      return own
    })
    expect(await asB(pool)).toEqual(['b-1'])
    expect(await houses.in('b', () => threadOf(pool))).not.toBe(thread)
    expect(await houses.names('a')).not.toContain('lost')
  })

  test('a stream that nobody reads does not hold up the next tenant for ever', async () => {
    const { pool, callbackPool } = houses.pools()
    await houses.in('a', async () => {
      const connection = await new Promise<CallbackConnection>((resolve, reject) => {
        callbackPool.getConnection((error, one) => (error ? reject(error) : resolve(one)))
      })
      const stream = connection.query(MANY).stream({ highWaterMark: 1 })
      stream.on('error', () => {})
      await once(stream, 'readable')
      connection.release()
    })
    expect(await asB(pool)).toEqual(['b-1'])
  }, 20_000)

  test('a connection is good for one loan, also when it serves the same tenant again', async () => {
    const pool = houses.pool()
    const old = await houses.in('a', () => pool.getConnection())
    old.release()
    await expect(houses.in('a', () => old.query(READ))).rejects.toMatchObject(RELEASED)
    const next = await houses.in('a', () => pool.getConnection())
    await expect(houses.in('a', () => old.query(READ))).rejects.toMatchObject(RELEASED)
    await expect(houses.in('a', () => old.execute(READ))).rejects.toMatchObject(RELEASED)
    expect(() => old.connection.on('error', () => {})).toThrow(expect.objectContaining(RELEASED))
    old.release()
    expect(namesIn(await houses.in('a', () => next.query(READ)))).toEqual(['a-1'])
    next.release()
    expect(await asB(pool)).toEqual(['b-1'])
  })

  test('a connection killed during a query, a stream, an execute, and while idle', async () => {
    const { pool, callbackPool } = houses.pools()
    const during = async (start: () => Promise<unknown>): Promise<void> => {
      const thread = await houses.in('a', () => threadOf(pool))
      const outcome = houses.in('a', start).then(
        () => 'ended',
        (error: { code: string }) => error.code,
      )
      await sleep(50)
      await kill(thread)
      expect(await settles(outcome, 'what was killed')).not.toBe('ended')
      expect(await asB(pool)).toEqual(['b-1'])
    }
    await during(() => pool.query('select sleep(30)'))
    await during(() => pool.execute('select sleep(30)'))
    await during(
      () =>
        new Promise((resolve, reject) => {
          callbackPool.query('select sleep(30)').stream().on('end', resolve).on('error', reject).resume()
        }),
    )
    await kill(await houses.in('a', () => threadOf(pool)))
    await sleep(50)
    expect(await asB(pool)).toEqual(['b-1'])
  }, 30_000)

  test('KILL QUERY keeps the connection, and never makes a query meet another tenant', async () => {
    const pool = houses.pool()
    const thread = await houses.in('a', () => threadOf(pool))
    const results: string[] = []
    for (let round = 0; round < 40; round += 1) {
      const queries = ['a', 'b', 'a', 'b'].map((id) =>
        houses
          .in(id, () => pool.query(READ))
          .then(
            (result) => results.push(`${id}:${namesIn(result).join()}`),
            (error: { code: string }) => results.push(error.code),
          ),
      )
      await kill(thread, 'query').catch(() => {})
      await Promise.all(queries)
    }
    const odd = results.filter((seen) => !['a:a-1', 'b:b-1'].includes(seen))
    expect(odd.filter((code) => !/INTERRUPTED|SWITCH_FAILED|ISOLATION|LOST/.test(code))).toEqual([])
    expect(results).toContain('b:b-1')
  })

  test('a timeout of one query', async () => {
    const pool = houses.pool()
    await expect(
      houses.in('a', () => pool.query({ sql: 'select sleep(1)', timeout: 50 })),
    ).rejects.toMatchObject({
      code: 'PROTOCOL_SEQUENCE_TIMEOUT',
    })
    expect(await asB(pool)).toEqual(['b-1'])
  })

  test('a server that can not be reached is told', async () => {
    const pool = houses.pool({ uri: 'mysql://nobody@127.0.0.1:1' })
    await expect(houses.in('a', () => pool.query(READ))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(houses.in('a', () => pool.getConnection())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('a network that is cut in the middle of any answer: no wrong row, no hang, at most one write', async () => {
    const cut = await startCuttingProxy(server.appUrl)
    const url = new URL(server.appUrl)
    url.port = String(cut.port)
    const pool = houses.pool({ uri: url.href })
    let acknowledged = 0
    try {
      for (let bytes = 1; bytes < 300; bytes += 11) {
        await houses.in('a', () => pool.query(READ)).catch(() => {})
        cut.after(bytes)
        const write = houses.in('b', () => pool.query(`insert into users (name) values ('b-${bytes}')`))
        const outcome = await settles(
          write.then(
            () => 'written',
            () => 'failed',
          ),
          `the query cut after ${bytes} bytes`,
        )
        if (outcome === 'written') acknowledged += 1
        cut.after(Infinity)
      }
    } finally {
      await pool.end().catch(() => {})
      await cut.close()
    }
    const names = (await houses.names('b')).slice(2)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(acknowledged)
    expect((await houses.names('a')).filter((name) => name.startsWith('b-'))).toEqual([])
  }, 60_000)
})

/** A proxy that lets so many more bytes of the server through, and then cuts the connection. */
async function startCuttingProxy(
  targetUrl: string,
): Promise<{ port: number; after(bytes: number): void; close(): Promise<void> }> {
  const target = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let left = Infinity
  const proxy = createServer((client) => {
    const upstream = createSocket(Number(target.port || 3306), target.hostname)
    const end = (): void => [client, upstream].forEach((socket) => socket.destroy())
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', end)
    }
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      client.write(chunk.subarray(0, Math.min(left, chunk.length)))
      left -= chunk.length
      if (left < 0) client.end(end)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    after: (bytes) => (left = bytes),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
