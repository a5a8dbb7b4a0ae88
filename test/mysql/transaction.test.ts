import type { RowDataPacket } from 'mysql2'
import type { Pool } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

const LOST = { code: 'ROWHOUSE_TRANSACTION', tenant: 'acme' }

describe.each(MYSQL_SERVERS)('tenancy.transaction on $name', (server) => {
  let town: MysqlTown
  let pool: Pool
  beforeAll(async () => {
    town = await MysqlTown.open(server, 'transaction')
    pool = town.tenancy.pool
    await town.tenancy.create('acme')
    await town.tenancy.create('globex')
  })
  afterAll(() => town.close())
  afterEach(async () => {
    for (const id of ['acme', 'globex']) await town.rows(id, 'delete from widgets')
  })

  const insert = (name: string, on: Pick<Pool, 'query'> = pool): Promise<unknown> =>
    on.query('insert into widgets (name) values (?)', [name])
  const acme = <T>(work: () => Promise<T>): Promise<T> =>
    town.tenancy.run('acme', () => town.tenancy.transaction(work))
  const update = (id: number, name: string): Promise<unknown> =>
    pool.query('update widgets set name = ? where id = ?', [name, id])
  const kept = async (): Promise<unknown[]> =>
    (await town.rows('acme', 'select name from widgets order by id')).map(({ name }) => name)
  const connectionId = async (): Promise<number> =>
    (await pool.query<RowDataPacket[]>('select connection_id() as id'))[0][0]!['id'] as number

  test('DDL commits by itself: what follows is refused, and the end says so', async () => {
    const owning = town.sibling({}, { uri: server.ownerUrl })
    const owned = (work: () => Promise<unknown>): Promise<unknown> =>
      owning.run('acme', () => owning.transaction(work))
    const followed = owned(async () => {
      await insert('a', owning.pool)
      await owning.pool.query('create table if not exists side (id int)')
      await insert('b', owning.pool)
    })
    await expect(followed).rejects.toMatchObject(LOST)
    const last = owned(async () => {
      await insert('c', owning.pool)
      await owning.pool.query('drop table side')
    })
    await expect(last).rejects.toMatchObject(LOST)
    await owning.close()
    expect(await kept()).toEqual(['a', 'c'])
  })

  test('a deadlock takes back all of it: what follows is refused instead of being committed one by one', async () => {
    await town.rows('acme', "insert into widgets (id, name) values (1, 'one'), (2, 'two')")
    const meet = meeting()
    const crossing = (first: number, second: number, name: string): Promise<unknown> =>
      acme(async () => {
        await update(first, name)
        await meet()
        const error = await update(second, name).then(
          () => undefined,
          (caught: unknown) => caught,
        )
        if (error === undefined) return
        expect(error).toMatchObject({ code: 'ER_LOCK_DEADLOCK' })
        await insert('half')
      })
    const ends = await Promise.allSettled([crossing(1, 2, 'a'), crossing(2, 1, 'b')])
    const failed = ends.filter((end) => end.status === 'rejected')
    expect(failed).toEqual([{ status: 'rejected', reason: expect.objectContaining(LOST) }])
    const names = await kept()
    expect(names).toHaveLength(2)
    expect(new Set(names).size).toBe(1)
  })

  test('behind DDL nothing is committed by itself, also where it was given at the same time', async () => {
    const owning = town.sibling({}, { uri: server.ownerUrl })
    const together = owning.run('acme', () =>
      owning.transaction(() =>
        Promise.all([
          insert('a', owning.pool),
          owning.pool.query('create table if not exists beside (id int)'),
          insert('b', owning.pool),
        ]),
      ),
    )
    await expect(together).rejects.toMatchObject(LOST)
    await owning.close()
    await town.rows('acme', 'drop table beside')
    expect(await kept()).toEqual(['a'])
  })

  test.each([true, false])(
    'behind a deadlock nothing is committed by itself, also where it was given at the same time (awaited: %s)',
    async (isAwaited) => {
      await town.rows('acme', "insert into widgets (id, name) values (1, 'one'), (2, 'two')")
      const meet = meeting()
      const crossing = (first: number, second: number, name: string): Promise<unknown> =>
        acme(async () => {
          await update(first, name)
          await meet()
          const last = Promise.all([update(second, name), insert(name)])
          if (isAwaited) await last
          else last.catch(() => {})
        })
      const ends = await Promise.allSettled([crossing(1, 2, 'a'), crossing(2, 1, 'b')])
      const [winner] = ['a', 'b'].filter((_name, at) => ends[at]!.status === 'fulfilled')
      expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1)
      expect(await kept()).toEqual([winner, winner, winner])
    },
  )

  test('a stream that was left half read does not keep its end waiting', async () => {
    await town.rows('acme', "insert into widgets (name) select repeat('w', 50) from seq_1_to_5000")
    const leaving = (last: () => void): Promise<void> =>
      acme(async () => {
        const rows = town.tenancy.callbackPool.query('select * from widgets').stream({ highWaterMark: 1 })
        await new Promise((resolve) => rows.once('readable', resolve))
        last()
      })
    await expect(leaving(() => {})).rejects.toThrow()
    const thrown = leaving(() => {
      throw new Error('undone')
    })
    await expect(thrown).rejects.toThrow('undone')
    await acme(() => insert('next'))
    expect(await kept()).toHaveLength(5001)
  })

  test('execute, beginTransaction, callbacks and streams are in it', async () => {
    await acme(async () => {
      await pool.execute('insert into widgets (name) values (?)', ['a'])
      const connection = await pool.getConnection()
      await connection.beginTransaction()
      await insert('undone', connection)
      await connection.rollback()
      await connection.beginTransaction()
      await connection.execute('insert into widgets (name) values (?)', ['b'])
      await connection.commit()
      connection.release()
      const { callbackPool } = town.tenancy
      await new Promise<void>((resolve, reject) =>
        callbackPool.query("insert into widgets (name) values ('c')", (error) =>
          error ? reject(error) : resolve(),
        ),
      )
      const names: string[] = []
      for await (const row of callbackPool.query('select name from widgets order by id').stream())
        names.push((row as { name: string }).name)
      expect(names).toEqual(['a', 'b', 'c'])
      expect(await kept()).toEqual([])
    })
    expect(await kept()).toEqual(['a', 'b', 'c'])
  })

  test('a listener of a refused query is told', async () => {
    const error = await acme(
      () =>
        new Promise((resolve) => {
          town.tenancy.callbackPool.query('commit').on('error', resolve)
        }),
    )
    expect(error).toMatchObject({ code: 'ROWHOUSE_TRANSACTION' })
  })

  test('a statement that was prepared in it is closed with it', async () => {
    let statement: { execute(values: unknown[]): Promise<unknown> } | undefined
    await acme(async () => {
      const connection = await pool.getConnection()
      statement = await connection.prepare('insert into widgets (name) values (?)')
      await statement.execute(['a'])
      connection.release()
    })
    await expect(town.tenancy.run('acme', () => statement!.execute(['late']))).rejects.toMatchObject({
      code: 'ROWHOUSE_CLIENT_RELEASED',
    })
    expect(await kept()).toEqual(['a'])
  })

  test('a connection that is lost is told, and the next transaction has another one', async () => {
    const lost = acme(async () => {
      await insert('a')
      await town.owner.query(`kill ${await connectionId()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
      await insert('b')
    })
    await expect(lost).rejects.toThrow()
    const unheard = acme(async () => {
      await insert('a')
      await town.owner.query(`kill ${await connectionId()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    await expect(unheard).rejects.toMatchObject(LOST)
    await acme(() => insert('next'))
    expect(await kept()).toEqual(['next'])
  })

  test('a connection that is lost with queries of it on their way is told', async () => {
    const killed = acme(async () => {
      await insert('a')
      for (const text of ['kill connection_id()', "insert into widgets (name) values ('b')"])
        pool.query(text).catch(() => {})
    })
    await expect(killed).rejects.toThrow()
    expect(await kept()).toEqual([])
  })

  test('leaves nothing of its session to the next tenant', async () => {
    const single = town.sibling({}, { connectionLimit: 1 })
    try {
      await single.run('acme', () =>
        single.transaction(async () => {
          await single.pool.query("set @secret = 'acme'")
          await insert('a', single.pool)
        }),
      )
      const [rows] = await single.run('globex', () =>
        single.pool.query<RowDataPacket[]>('select @secret as secret, database() as place'),
      )
      expect(rows).toEqual([{ secret: null, place: town.schema('globex') }])
    } finally {
      await single.close()
    }
  })
})

/** Where two wait for each other. */
function meeting(): () => Promise<void> {
  const both: (() => void)[] = []
  return () =>
    new Promise((resolve) => {
      both.push(resolve)
      if (both.length === 2) both.forEach((go) => go())
    })
}
