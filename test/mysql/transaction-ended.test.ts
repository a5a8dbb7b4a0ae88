import type { PoolConnection as CallbackConnection } from 'mysql2'
import type { Pool } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

const LOST = { code: 'ROWHOUSE_TRANSACTION', tenant: 'acme' }

/** An error of the server comes without a status: whether the transaction is still open is not in it. */
describe.each(MYSQL_SERVERS)('what ends a transaction, or does not, on $name', (server) => {
  let town: MysqlTown
  let pool: Pool
  beforeAll(async () => {
    town = await MysqlTown.open(server, 'transaction ended')
    pool = town.tenancy.pool
    await town.tenancy.create('acme')
    const failure = "signal sqlstate '45000' set message_text = 'no'"
    await town.rows('acme', 'create table taken (id int)')
    await town.rows('acme', `create procedure commits_and_fails() begin commit; ${failure}; end`)
    await town.rows(
      'acme',
      `create procedure fails() begin insert into widgets (name) values ('p'); ${failure}; end`,
    )
    await town.rows('acme', 'create procedure begins_anew() begin commit; start transaction; end')
  })
  afterAll(() => town.close())
  afterEach(() => town.rows('acme', 'delete from widgets'))

  const insert = (name: string, on: Pick<Pool, 'query'> = pool): Promise<unknown> =>
    on.query('insert into widgets (name) values (?)', [name])
  const acme = <T>(work: () => Promise<T>): Promise<T> =>
    town.tenancy.run('acme', () => town.tenancy.transaction(work))
  const kept = async (): Promise<unknown[]> =>
    (await town.rows('acme', 'select name from widgets order by id')).map(({ name }) => name)
  const tried = (sql: string): Promise<unknown> => expect(pool.query(sql)).rejects.toThrow()

  test.each([
    ['DDL', 'create table taken (id int)'],
    ['a lock that is not allowed', 'lock tables widgets write'],
    ['a procedure', 'call commits_and_fails()'],
    ['a block', 'begin not atomic create table taken (id int); end'],
  ])('%s commits also where it fails, and what follows is refused', async (_what, sql) => {
    const awaited = acme(async () => {
      await insert('a')
      await tried(sql)
      await insert('b')
    })
    await expect(awaited).rejects.toMatchObject(LOST)
    const together = acme(async () => {
      await Promise.allSettled([insert('c'), pool.query(sql), insert('d')])
    })
    await expect(together).rejects.toMatchObject(LOST)
    const executed = acme(async () => {
      await insert('e')
      await expect(pool.execute(sql)).rejects.toThrow()
      throw new Error('undone')
    })
    await expect(executed).rejects.toThrow('undone')
    expect(await kept()).toEqual(expect.not.arrayContaining(['b', 'd']))
    expect((await kept()).slice(0, 2)).toEqual(['a', 'c'])
  })

  test('what only fails ends nothing', async () => {
    await acme(async () => {
      await insert('a')
      await tried('call fails()')
      await tried('savepoint')
      await tried('set no_such = 1')
      await insert('b')
    })
    expect(await kept()).toEqual(['a', 'p', 'b'])
  })

  test('a part that can no longer be taken back takes all with it', async () => {
    const anew = acme(async () => {
      const inner = town.tenancy.transaction(async () => {
        await pool.query('call begins_anew()')
        throw new Error('inner')
      })
      await expect(inner).rejects.toThrow('inner')
      await insert('after')
    })
    await expect(anew).rejects.toMatchObject(LOST)
    expect(await kept()).toEqual([])
  })

  test("a client's transaction is taken back at its release, wherever that is called", async () => {
    await acme(async () => {
      const connection = await pool.getConnection()
      await connection.beginTransaction()
      await insert('never committed', connection)
      town.tenancy.withoutTenant(() => connection.release())
      await insert('a')
    })
    expect(await kept()).toEqual(['a'])
  })

  test('a reset, which would roll it back, is refused', async () => {
    const error = acme(async () => {
      await insert('a')
      const { connection } = (await pool.getConnection()) as unknown as { connection: CallbackConnection }
      await new Promise<void>((resolve, reject) => {
        const reset = Reflect.get(connection, 'reset') as (done: (error?: Error | null) => void) => void
        reset((problem) => (problem ? reject(problem) : resolve()))
      })
    })
    await expect(error).rejects.toMatchObject(LOST)
    expect(await kept()).toEqual([])
  })

  test('a stream that nobody reads keeps the end of one inside no longer than that of the whole', async () => {
    await town.rows(
      'acme',
      "insert into widgets (name) values ('w'), ('w'), ('w'), ('w'), ('w'), ('w'), ('w')",
    )
    const many = 'select a.id from widgets a, widgets b, widgets c, widgets d, widgets e, widgets f'
    const unread = acme(() =>
      town.tenancy.transaction(async () => {
        const rows = town.tenancy.callbackPool.query(many).stream({ highWaterMark: 1 })
        rows.on('error', () => {})
        await new Promise((resolve) => rows.once('readable', resolve))
      }),
    )
    await expect(unread).rejects.toMatchObject({ ...LOST, cause: { code: 'ROWHOUSE_ISOLATION' } })
    await acme(() => insert('next'))
    expect(await kept()).toHaveLength(8)
  })
})
