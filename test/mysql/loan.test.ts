import { createConnection } from 'mysql2'
import type { Pool as CallbackPool, PoolConnection as CallbackConnection } from 'mysql2'
import type { Pool, PoolConnection } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { borrow, Houses, namesIn, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'
const RELEASED = { code: 'ROWHOUSE_CLIENT_RELEASED', tenant: 'a' }

type Acts = Record<string, (...args: unknown[]) => unknown>

describe.each(MYSQL_SERVERS)('a connection on loan, on $name', (server) => {
  const houses = new Houses(server, 'loan')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  let warn: jest.SpyInstance
  beforeEach(() => (warn = jest.spyOn(console, 'warn').mockImplementation(() => {})))
  afterEach(() => warn.mockRestore())

  const asB = (pool: Pool): Promise<string[]> => houses.nameOfB(pool)

  describe('ends', () => {
    const WAYS: [way: string, end: (lent: CallbackConnection, pool: CallbackPool) => unknown][] = [
      ['release()', (lent) => lent.release()],
      ['releaseConnection() of its pool', (lent, pool) => pool.releaseConnection(lent)],
      ['end()', (lent) => lent.end()],
      ['end() with a callback', (lent) => new Promise((resolve) => lent.end(resolve))],
      ['the end of a `using`', (lent) => (lent as unknown as Disposable)[Symbol.dispose]()],
      [
        'release() within a `using`',
        (lent) => [lent.release(), (lent as never as Disposable)[Symbol.dispose]()],
      ],
      ['release() and releaseConnection()', (lent, pool) => [lent.release(), pool.releaseConnection(lent)]],
    ]

    test.each(WAYS)('by %s, and serves the next tenant', async (_way, end) => {
      const { pool, callbackPool } = houses.pools()
      const thread = await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        await end(lent, callbackPool)
        expect(await new Promise((resolve) => lent.query(READ, resolve))).toMatchObject(RELEASED)
        return lent.threadId
      })
      expect(await asB(pool)).toEqual(['b-1'])
      expect(await houses.in('b', () => threadOf(pool))).toBe(thread)
    })

    const PROMISED: [way: string, end: (lent: PoolConnection, pool: Pool) => unknown][] = [
      ['release()', (lent) => lent.release()],
      ['releaseConnection() of its pool', (lent, pool) => pool.releaseConnection(lent)],
      ['end()', (lent) => lent.end()],
      ['the end of an `await using`', (lent) => (lent as unknown as AsyncDisposable)[Symbol.asyncDispose]()],
    ]

    test.each(PROMISED)('with promises by %s, and serves the next tenant', async (_way, end) => {
      const pool = houses.pool()
      const thread = await houses.in('a', async () => {
        const lent = await pool.getConnection()
        await end(lent, pool)
        await expect(lent.query(READ)).rejects.toMatchObject(RELEASED)
        return lent.threadId
      })
      expect(await asB(pool)).toEqual(['b-1'])
      expect(await houses.in('b', () => threadOf(pool))).toBe(thread)
    })

    test('in its own pool when another one is asked to take it, also with its promises', async () => {
      const [own, other] = [houses.pools(), houses.pools()]
      await houses.in('a', async () => {
        other.callbackPool.releaseConnection(await borrow(own.callbackPool))
        other.callbackPool.releaseConnection(await own.pool.getConnection())
        expect(namesIn(await own.pool.query(READ))).toEqual(['a-1'])
      })
      expect(await asB(own.pool)).toEqual(['b-1'])
      expect(await asB(other.pool)).toEqual(['b-1'])
    })

    test('with the deprecation warning of mysql2, by end()', async () => {
      const { callbackPool } = houses.pools()
      const seen: unknown[] = []
      await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        lent.on('warn', ((error: Error) => seen.push(error.message)) as never)
        lent.end()
      })
      expect(seen).toEqual([expect.stringContaining('deprecated')])
    })

    test('with the connection, by destroy(), and by end() with gracefulEnd', async () => {
      for (const end of ['destroy', 'end'] as const) {
        const { pool, callbackPool } = houses.pools({ gracefulEnd: true })
        const lent = await houses.in('a', () => borrow(callbackPool))
        lent[end]()
        lent.release()
        expect(await asB(pool)).toEqual(['b-1'])
        expect(await houses.in('b', () => threadOf(pool))).not.toBe(lent.threadId)
      }
    })
  })

  describe('that was released', () => {
    const ACTS: [what: string, act: (stale: Acts) => unknown][] = [
      ['destroy()', (stale) => stale['destroy']!()],
      ['close()', (stale) => stale['close']!()],
      ['end()', (stale) => stale['end']!()],
      ['release()', (stale) => stale['release']!()],
      ['pause()', (stale) => stale['pause']!()],
      ['resume()', (stale) => stale['resume']!()],
      ['dispose', (stale) => (stale as unknown as Disposable)[Symbol.dispose]?.()],
      ['an error event of its own', (stale) => stale['emit']!('error', new Error('mine'))],
      ['removeAllListeners()', (stale) => stale['removeAllListeners']!()],
      ['its socket', (stale) => (stale['stream'] as never as { destroy(): void } | undefined)?.destroy()],
      [
        'a member that is set',
        (stale) => void Object.assign(stale, { _paused: true, _pool: null, query: null }),
      ],
      ['unprepare()', (stale) => stale['unprepare']!('select ? as one')],
    ]

    test.each(ACTS)('does nothing to the next tenant: %s', async (what, act) => {
      const { pool, callbackPool } = houses.pools()
      const stale = await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        lent.release()
        return lent
      })
      const promised = stale.promise()
      await houses.in('b', async () => {
        const next = await pool.getConnection()
        const thread = await threadOf(next)
        await next.execute('select ? as one', [1])
        const running = next.query('select sleep(0.05), name from users where id = 1')
        act(stale as unknown as Acts)
        // Emitting is between them and their own listeners.
        if (!what.includes('event')) act(promised as unknown as Acts)
        expect(namesIn(await settles(running, 'what the next tenant runs'))).toEqual(['b-1'])
        expect(await threadOf(next)).toBe(thread)
        next.connection.on('error', () => {})
        next.release()
        expect(await threadOf(pool)).toBe(thread)
      })
    })

    test('refuses every command, in whatever form', async () => {
      const { callbackPool } = houses.pools()
      await houses.in('a', async () => {
        const stale = await borrow(callbackPool)
        const { addCommand } = stale as never as { addCommand: (command: unknown) => unknown }
        stale.release()
        const ended = (start: (done: (error: unknown) => void) => unknown): Promise<unknown> =>
          settles(new Promise((resolve) => start(resolve)), 'the refusal')
        for (const name of ['ping', 'beginTransaction', 'commit', 'rollback', 'reset', 'connect'])
          expect(await ended((done) => (stale as never as Acts)[name]!(done))).toMatchObject(RELEASED)
        expect(await ended((done) => stale.prepare(READ, done))).toMatchObject(RELEASED)
        expect(await ended((done) => stale.changeUser({}, done))).toMatchObject(RELEASED)
        const query = makeQuery(READ)
        expect(await ended((done) => addCommand(Object.assign(query, { onResult: done })))).toMatchObject(
          RELEASED,
        )
        await expect(stale.promise().query(READ)).rejects.toMatchObject(RELEASED)
      })
    })

    test('still tells what it knows, and formats', async () => {
      const { callbackPool } = houses.pools()
      const stale = await houses.in('a', () => borrow(callbackPool))
      stale.release()
      expect(stale.threadId).toEqual(expect.any(Number))
      expect(stale.config).toBeDefined()
      expect(stale.escape("o'x")).toBe("'o\\'x'")
      expect(stale.format('select ?', [1])).toBe('select 1')
      stale.off('error', () => {})
    })

    test('leaves a prepared statement to whom it serves now', async () => {
      const { pool } = houses.pools()
      await houses.in('a', async () => {
        const first = await pool.getConnection()
        const statement = await first.prepare(READ)
        first.release()
        const second = await pool.getConnection()
        const own = await second.prepare(READ)
        await statement.close()
        expect(namesIn((await own.execute([])) as never)).toEqual(['a-1'])
        await expect(statement.execute([])).rejects.toMatchObject(RELEASED)
        second.release()
      })
    })
  })

  test('a connection that was paused flows again for the next tenant', async () => {
    for (const face of ['callbacks', 'promises']) {
      const { pool, callbackPool } = houses.pools()
      await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        ;(face === 'callbacks' ? lent : (lent.promise() as never as CallbackConnection)).pause()
        lent.release()
      })
      expect(await asB(pool)).toEqual(['b-1'])
    }
  })

  describe('and its listeners', () => {
    async function rawOf(callbackPool: CallbackPool): Promise<CallbackConnection> {
      const raw = new Promise<CallbackConnection>((resolve) => callbackPool.once('acquire', resolve as never))
      const lent = await houses.in('a', () => borrow(callbackPool))
      lent.release()
      return raw
    }

    test.each(['release', 'end', Symbol.dispose, 'destroy'] as const)('are gone after %s', async (end) => {
      const { callbackPool } = houses.pools()
      const raw = await rawOf(callbackPool)
      const before = raw.listenerCount('error')
      await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        for (const add of ['on', 'once', 'prependListener'] as const) lent[add]('error', () => {})
        expect(raw.listenerCount('error')).toBe(before + 3)
        ;(lent as never as Acts)[end as string]!()
      })
      if (end === 'destroy') await new Promise((resolve) => setTimeout(resolve, 50))
      expect(raw.listenerCount('error')).toBeLessThanOrEqual(before)
    })

    test('can be taken off again, also those of once()', async () => {
      const { callbackPool } = houses.pools()
      const seen: unknown[] = []
      await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        const listener = (value: unknown): unknown => seen.push(value)
        const emit = (value: string): unknown => (lent as never as Acts)['emit']!('mine', value)
        lent.once('mine', listener as never)
        emit('once')
        emit('not any more')
        for (const add of ['on', 'once', 'prependListener', 'prependOnceListener'] as const) {
          lent[add]('mine', listener as never)
          lent.off('mine', listener as never)
        }
        emit('off')
        lent.on('mine', listener as never)
        lent.removeAllListeners('mine')
        emit('all off')
        lent.on('mine', listener as never)
        lent.removeAllListeners()
        emit('all off')
        lent.release()
      })
      expect(seen).toEqual(['once'])
    })

    test('hear the end of a connection that they destroyed', async () => {
      const { callbackPool } = houses.pools()
      await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        const ended = new Promise((resolve) => lent.on('end', resolve as never))
        lent.destroy()
        await settles(ended, 'the event')
      })
    })

    test('are never those of the pool', async () => {
      const { pool, callbackPool } = houses.pools()
      await houses.in('a', async () => {
        const lent = await borrow(callbackPool)
        lent.removeAllListeners()
        await houses.asOwner((owner) => owner.query(`kill ${lent.threadId}`))
        await new Promise((resolve) => setTimeout(resolve, 50))
        lent.release()
      })
      callbackPool.removeAllListeners('connection')
      expect(await asB(pool)).toEqual(['b-1'])
    })
  })

  test('connect() of a loan gives the loan', async () => {
    const { callbackPool } = houses.pools()
    await houses.in('a', async () => {
      const lent = await borrow(callbackPool)
      const given = await new Promise((resolve) =>
        lent.connect(((_error: unknown, one: unknown) => resolve(one)) as never),
      )
      expect(given === lent).toBe(true)
      lent.release()
    })
  })

  test('a connection that the pool did not open is destroyed, not kept', async () => {
    const { pool, callbackPool } = houses.pools()
    const foreign = createConnection({ uri: server.appUrl })
    await new Promise((resolve) => foreign.once('connect', resolve))
    const inside = callbackPool as never as { _freeConnections: { push(one: unknown): void } }
    inside._freeConnections.push(foreign)
    await expect(houses.in('a', () => pool.query(READ))).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION' })
    expect((foreign as never as { _closing: boolean })._closing).toBe(true)
    expect(await asB(pool)).toEqual(['b-1'])
  })
})

function makeQuery(sql: string): object {
  return jest
    .requireActual<{ createQuery(...args: unknown[]): object }>('mysql2')
    .createQuery(sql, [], undefined, {})
}
