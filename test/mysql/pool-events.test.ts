import { once } from 'node:events'
import type { Pool as CallbackPool, PoolConnection as CallbackConnection } from 'mysql2'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, namesIn, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'
const WRITE = `insert into users (name) values ('stranger')`
const RELEASED = { code: 'ROWHOUSE_CLIENT_RELEASED' }

describe.each(MYSQL_SERVERS)('a connection that an event of the pool hands out, on $name', (server) => {
  const houses = new Houses(server, 'events')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const heard = (pool: CallbackPool, event: string): Promise<CallbackConnection> =>
    once(pool, event).then(([connection]) => connection as CallbackConnection)

  const ended = (start: (done: (error: unknown) => void) => unknown): Promise<unknown> =>
    settles(new Promise((resolve) => start(resolve)), 'the command')

  test('sets itself up at once, and is refused what comes after a wait', async () => {
    const { pool, callbackPool } = houses.pools()
    let late: Promise<unknown> | undefined
    callbackPool.on('connection', (connection) => {
      const promised = connection.promise()
      late = promised
        .query(`set time_zone = '+05:00'`)
        .then(() => promised.query(WRITE))
        .then(
          () => 'written',
          (error: unknown) => error,
        )
    })
    await houses.in('a', async () => {
      const lent = await pool.getConnection()
      expect((await lent.query('select @@time_zone as zone'))[0]).toEqual([{ zone: '+05:00' }])
      expect(await late).toMatchObject(RELEASED)
      lent.release()
    })
    expect(await houses.names('a')).not.toContain('stranger')
  })

  test.each(['connection', 'acquire'])('of `%s` is refused within the loan of a tenant', async (event) => {
    const { pool, callbackPool } = houses.pools()
    const given = heard(callbackPool, event)
    await houses.in('a', async () => {
      const lent = await pool.getConnection()
      const raw = await given
      expect(await ended((done) => raw.query(WRITE, done))).toMatchObject(RELEASED)
      expect(await ended((done) => raw.execute(WRITE, done))).toMatchObject(RELEASED)
      expect(await ended((done) => raw.prepare(WRITE, done))).toMatchObject(RELEASED)
      expect(await ended((done) => raw.reset(done as never))).toMatchObject(RELEASED)
      expect(await ended((done) => raw.changeUser({}, done))).toMatchObject(RELEASED)
      expect(await ended((done) => raw.ping(done as never))).toBeFalsy()
      await expect(raw.promise().beginTransaction()).rejects.toMatchObject(RELEASED)
      expect(namesIn(await lent.query(READ))).toEqual(['a-1'])
      lent.release()
    })
    expect(await houses.names('a')).not.toContain('stranger')
  })

  test('is refused while the pool itself runs a query on it', async () => {
    const { pool, callbackPool } = houses.pools()
    const given = heard(callbackPool, 'acquire')
    await houses.in('a', async () => {
      const running = pool.query('select sleep(0.05)')
      const raw = await given
      expect(await ended((done) => raw.query(WRITE, done))).toMatchObject(RELEASED)
      await running
      expect(namesIn(await pool.execute(READ))).toEqual(['a-1'])
    })
    expect(await houses.names('a')).not.toContain('stranger')
  })

  test('can not be given back twice, to serve two tenants at once', async () => {
    const { pool, callbackPool } = houses.pools({ connectionLimit: 2 })
    const released = heard(callbackPool, 'release')
    await houses.in('a', () => pool.query(READ))
    const raw = await released
    callbackPool.releaseConnection(raw)
    const [one, two] = [
      await houses.in('a', () => pool.getConnection()),
      await houses.in('b', () => pool.getConnection()),
    ]
    expect(await houses.in('a', () => threadOf(one))).not.toBe(await houses.in('b', () => threadOf(two)))
    one.release()
    two.release()
  })

  test('may ask for anything in its setup, and only what is a SET is repeated', async () => {
    const { pool, callbackPool } = houses.pools()
    callbackPool.on('connection', (connection) => {
      connection.query('set statement max_statement_time=5 for select 1', () => {})
      connection.query(`set time_zone = '+05:00'`, () => {})
    })
    for (const id of ['a', 'b', 'a']) {
      await houses.in(id, () => pool.query(`insert into users (name) values ('set up')`))
      const [rows] = await houses.in(id, () => pool.query('select @@time_zone as zone'))
      expect(rows).toEqual([{ zone: '+05:00' }])
    }
  })
})
