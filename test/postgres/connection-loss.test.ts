import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, pidOf } from './support/houses'

const READ = 'select name from users where id = 1'

describe.each(SERVERS)('connections that die, queries that are cancelled, on $name', (server) => {
  const houses = new Houses(server, `loss ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const nameOn = async (on: Pick<PoolClient, 'query'>): Promise<string> => (await on.query(READ)).rows[0].name
  const asB = (pool: Pick<PoolClient, 'query'>): Promise<string> => houses.nameOfB(pool)

  test('a backend killed during pool.query: one error, one removal, and the pool goes on', async () => {
    const pool = houses.pool()
    const events: string[] = []
    pool.on('remove', () => events.push('remove'))
    pool.on('error', () => events.push('error'))
    const pid = await houses.in('a', () => pidOf(pool))
    const slow = houses.in('a', () => pool.query('select pg_sleep(30)'))
    const outcome = expect(settles(slow, 'the killed query')).rejects.toThrow()
    await houses.kill(pid)
    await outcome
    expect(await asB(pool)).toBe('b-1')
    expect(events).toEqual(['remove'])
  })

  test('a backend killed while its client is released with a query running', async () => {
    const pool = houses.pool()
    const events: string[] = []
    pool.on('remove', () => events.push('remove'))
    pool.on('error', () => events.push('error'))
    await houses.in('a', async () => {
      const client = await pool.connect()
      const pid = await pidOf(client)
      const slow = client.query('select pg_sleep(30)').catch(() => 'failed')
      client.release()
      await houses.kill(pid)
      expect(await settles(slow, 'the killed query')).toBe('failed')
    })
    expect(await asB(pool)).toBe('b-1')
    expect(events).toEqual(['remove'])
  })

  test('a cursor and a stream on a killed backend can be closed', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      client.on('error', () => {})
      const pid = await pidOf(client)
      const cursor = client.query(new Cursor('select * from generate_series(1, 100000)'))
      await cursor.read(1)
      await houses.kill(pid)
      await settles(cursor.close(), 'cursor.close()')
      client.release()
    })
    await houses.in('a', async () => {
      const client = await pool.connect()
      client.on('error', () => {})
      const pid = await pidOf(client)
      const stream = client.query(
        new QueryStream('select * from generate_series(1, 100000)', [], { batchSize: 1 }),
      )
      stream.on('error', () => {})
      stream.read()
      await houses.kill(pid)
      stream.destroy()
      if (!stream.closed) await settles(once(stream, 'close'), 'stream.destroy()')
      client.release()
    })
    expect(await asB(pool)).toBe('b-1')
  })

  test('a killed idle connection is replaced', async () => {
    const pool = houses.pool()
    await houses.kill(await houses.in('a', () => pidOf(pool)))
    expect(await asB(pool)).toBe('b-1')
  })

  test('a cancelled query keeps its connection, which serves the next tenant', async () => {
    const pool = houses.pool()
    const pid = await houses.in('a', () => pidOf(pool))
    const slow = houses.in('a', () => pool.query('select pg_sleep(30)'))
    const outcome = expect(slow).rejects.toMatchObject({ code: '57014' })
    await sleep(20)
    await houses.asAdmin((admin) => admin.query('select pg_cancel_backend($1)', [pid]))
    await outcome
    expect(await asB(pool)).toBe('b-1')
    expect(await houses.in('b', () => pidOf(pool))).toBe(pid)
  })

  test('cancels that land anywhere, also in a switch, never make a query meet another tenant', async () => {
    const pool = houses.pool()
    const pid = await houses.in('a', () => pidOf(pool))
    const results: string[] = []
    await houses.asAdmin(async (admin) => {
      for (let round = 0; round < 40; round += 1) {
        const queries = ['a', 'b', 'a', 'b'].map((id) =>
          houses
            .in(id, () => nameOn(pool))
            .then(
              (name) => results.push(`${id}:${name}`),
              (error: { code: string }) => results.push(error.code),
            ),
        )
        await admin.query('select pg_cancel_backend($1)', [pid])
        await Promise.all(queries)
      }
    })
    expect(results.filter((seen) => !['a:a-1', 'b:b-1', '57014'].includes(seen))).toEqual([])
    expect(results).toContain('b:b-1')
  })

  test('a query_timeout closes the connection, because its answer is still to come', async () => {
    const pool = houses.pool()
    const slow = { text: 'select pg_sleep($1)', values: [0.3], query_timeout: 50 }
    await expect(houses.in('a', () => pool.query(slow as never))).rejects.toThrow('timeout')
    expect(await asB(pool)).toBe('b-1')
  })

  test('a statement_timeout of the pool holds for each statement', async () => {
    const pool = houses.pool({ statement_timeout: 50 })
    await expect(houses.in('a', () => pool.query('select pg_sleep(1)'))).rejects.toMatchObject({
      code: '57014',
    })
    expect(await asB(pool)).toBe('b-1')
  })

  test('a server that can not be reached is told, with and without a callback', async () => {
    const pool = houses.pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' })
    await expect(houses.in('a', () => pool.query(READ))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    const error = await houses.in(
      'a',
      () => new Promise((resolve) => pool.connect((problem) => resolve(problem))),
    )
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(pool.totalCount).toBe(0)
  })

  test('connectionTimeoutMillis counts the wait for a free connection', async () => {
    const pool = houses.pool({ connectionTimeoutMillis: 100 })
    const client = await houses.in('a', () => pool.connect())
    await expect(houses.in('b', () => pool.query(READ))).rejects.toThrow('timeout exceeded')
    client.release()
    expect(await asB(pool)).toBe('b-1')
  })

  test('a network that is cut in the middle of any answer: no wrong row, no hang, at most one write', async () => {
    const cut = await startCuttingProxy(server.appUrl)
    const url = new URL(server.appUrl)
    url.port = String(cut.port)
    const pool = houses.pool({ connectionString: url.href })
    const before = (await houses.names('b')).length
    let acknowledged = 0
    try {
      for (let bytes = 1; bytes < 420; bytes += 19) {
        await houses.in('a', () => nameOn(pool)).catch(() => {})
        cut.after(bytes)
        const write = houses.in('b', () =>
          pool.query(`insert into users (name) values ('b-${bytes}') returning name`),
        )
        const outcome = await settles(
          write.then(
            ({ rows }) => rows[0].name as string,
            () => 'failed',
          ),
          `the query cut after ${bytes} bytes`,
        )
        expect([`b-${bytes}`, 'failed']).toContain(outcome)
        if (outcome !== 'failed') acknowledged += 1
        cut.after(Infinity)
      }
    } finally {
      await pool.end()
      await cut.close()
    }
    const names = (await houses.names('b')).slice(before)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(acknowledged)
    expect((await houses.names('a')).filter((name) => !name.startsWith('a-'))).toEqual([])
  })

  test('what a callback throws reaches the process, and the pool goes on', async () => {
    // In a process of its own: the test runner would take the exception for its own.
    const script = `
      const { TenantPool } = require('./src/postgres/pool')
      const scope = () => ({ id: 'a', schema: ${JSON.stringify(houses.schema('a'))} })
      const pool = new TenantPool({ connectionString: ${JSON.stringify(server.appUrl)}, max: 1, scope })
      process.on('uncaughtException', ({ message }) => console.log('thrown:', message))
      pool.query('select 1/0', () => { throw new Error('of pool.query') })
      pool.connect((error, client, done) => {
        client.query('select 1/0', () => { throw new Error('of client.query') })
        client.query('select 1', () => { done(); throw new Error('of a result') })
      })
      setTimeout(async () => {
        const { rows } = await pool.query('select name from users where id = 1')
        console.log('then:', rows[0].name)
        await pool.end()
      }, 300)`
    const child = spawn(process.execPath, ['-r', 'esbuild-register', '-e', script], {
      cwd: join(__dirname, '../..'),
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    await settles(new Promise((resolve) => child.once('close', resolve)), 'the process', 20_000)
    expect(output.split('\n')).toEqual([
      'thrown: of pool.query',
      'thrown: of client.query',
      'thrown: of a result',
      'then: a-1',
      '',
    ])
  })
})

/** A proxy that lets so many more bytes of the server through, and then cuts the connection. */
async function startCuttingProxy(
  targetUrl: string,
): Promise<{ port: number; after(bytes: number): void; close(): Promise<void> }> {
  const target = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let left = Infinity
  const proxy = createServer((client) => {
    const upstream = createConnection(Number(target.port || 5432), target.hostname)
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
