import { createPool } from 'mysql2/promise'
import type { Pool, RowDataPacket } from 'mysql2/promise'
import { statementsPerConnection } from '../../src/mysql/statements'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses, namesIn } from './support/houses'

/** A run by hand takes 10,000. */
const COUNT = Number(process.env.ROWHOUSE_MANY_TENANTS ?? 60)
const MANY = Array.from({ length: COUNT }, (_, index) => `m${index}`)
const LIMIT_MS = 60_000 + COUNT * 100
const SMALL = { connectionLimit: 2, statementBudget: 40 }
/** With the default budget, of 8,192, and the default cache of a connection, of 256. */
const LARGE = { connectionLimit: 10 }

const READ = 'select name from users where id = ?'

test.each([
  [8192, 10, undefined, 256],
  [8192, 100, undefined, 81],
  [8192, 0, undefined, 81],
  [8192, 10, 50, 50],
  [5, 10, undefined, 1],
])('a budget of %i over %i connections, wanted %p: %i each', (budget, connections, wanted, each) => {
  expect(statementsPerConnection(budget, connections, wanted)).toBe(each)
})

describe.each(MYSQL_SERVERS)('prepared statements never cross tenants, on $name', (server) => {
  const houses = new Houses(server, 'statements')
  beforeAll(() => houses.build(['a', 'b', ...MANY]), LIMIT_MS)
  afterAll(() => houses.clear(), LIMIT_MS)

  /** How many statements the server keeps for these connections; its own count is of everybody's. */
  const keptBy = (pool: Pool, connections: number): Promise<number> =>
    houses.in('a', async () => {
      const taken = await Promise.all(Array.from({ length: connections }, () => pool.getConnection()))
      const counts = await Promise.all(
        taken.map(async (connection) => {
          const [rows] = await connection.query<RowDataPacket[]>(
            `show session status where variable_name in ('Com_stmt_prepare', 'Com_stmt_close')`,
          )
          const [closed, opened] = rows.map((row) => Number(row['Value']))
          connection.release()
          return opened! - closed!
        }),
      )
      return counts.reduce((sum, count) => sum + count, 0)
    })

  test('stock mysql2 reads and writes in the other tenant, which is what this is about', async () => {
    const stock = createPool({ uri: server.ownerUrl, connectionLimit: 1 })
    await stock.query(`use ${houses.schema('a')}`)
    expect(namesIn(await stock.execute(READ, [1]))).toEqual(['a-1'])
    await stock.query(`use ${houses.schema('b')}`)
    expect(namesIn(await stock.execute(READ, [1]))).toEqual(['a-1'])
    await stock.end()
  })

  test('one text, executed by tenants in turn, reads and writes where it belongs', async () => {
    const pool = houses.pool()
    for (let round = 0; round < 3; round += 1) {
      for (const id of ['a', 'b']) {
        expect(namesIn(await houses.in(id, () => pool.execute(READ, [1])))).toEqual([`${id}-1`])
        await houses.in(id, () => pool.execute('insert into users (name) values (?)', [`${id}-new`]))
      }
    }
    for (const id of ['a', 'b']) {
      expect((await houses.names(id)).slice(2)).toEqual(Array(3).fill(`${id}-new`))
      await houses.asOwner((owner) => owner.query(`delete from ${houses.schema(id)}.users where id > 2`))
    }
  })

  test('a statement object of one tenant is refused under another, and after its loan', async () => {
    const pool = houses.pool()
    const connection = await houses.in('a', () => pool.getConnection())
    const statement = await houses.in('a', () => connection.prepare(READ))
    expect(namesIn((await houses.in('a', () => statement.execute([1]))) as never)).toEqual(['a-1'])
    await expect(houses.in('b', () => statement.execute([1]))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_MISMATCH',
    })
    houses.in('a', () => connection.release())
    await expect(houses.in('a', () => statement.execute([1]))).rejects.toMatchObject({
      code: 'ROWHOUSE_CLIENT_RELEASED',
    })
    const next = await houses.in('b', () => pool.getConnection())
    await expect(houses.in('b', () => statement.execute([1]))).rejects.toMatchObject({
      code: 'ROWHOUSE_CLIENT_RELEASED',
    })
    next.release()
  })

  test(
    'many tenants stay within the budget of the pool, and the oldest go first',
    async () => {
      const [options, most] = COUNT <= 60 ? [SMALL, 40] : [LARGE, 2560]
      const pool = houses.pool(options)
      for (let round = 0; round < 3; round += 1) {
        await Promise.all(
          MANY.map((id) =>
            houses
              .in(id, () => pool.execute(READ, [1]))
              .then((result) => expect(namesIn(result)).toEqual([`${id}-1`])),
          ),
        )
      }
      const kept = await keptBy(pool, options.connectionLimit)
      expect(kept).toBeLessThanOrEqual(most)
      expect(kept).toBeGreaterThan(most / 2)
    },
    LIMIT_MS,
  )

  test('a table that changes under its statement, and one that is made again', async () => {
    const pool = houses.pool()
    const all = 'select * from users where id = 1'
    await houses.in('a', () => pool.execute(all))
    await houses.asOwner((owner) =>
      owner.query(`alter table ${houses.schema('a')}.users add column extra int default 7`),
    )
    expect((await houses.in('a', () => pool.execute(all)))[0]).toEqual([{ id: 1, name: 'a-1', extra: 7 }])
    expect((await houses.in('b', () => pool.execute(all)))[0]).toEqual([{ id: 1, name: 'b-1' }])
    await houses.asOwner((owner) => owner.query(`alter table ${houses.schema('a')}.users drop column extra`))
    expect((await houses.in('a', () => pool.execute(all)))[0]).toEqual([{ id: 1, name: 'a-1' }])
  })

  test('unprepare, and values that can not be sent', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      await connection.execute(READ, [1])
      void connection.unprepare(READ)
      expect(namesIn(await connection.execute(READ, [1]))).toEqual(['a-1'])
      await expect(async () => connection.execute(READ, [undefined as never])).rejects.toThrow('undefined')
      await expect(connection.execute('select nope from users')).rejects.toMatchObject({
        code: 'ER_BAD_FIELD_ERROR',
      })
      expect(namesIn(await connection.query('select name from users where id = 1'))).toEqual(['a-1'])
      connection.release()
    })
    expect(namesIn(await houses.in('b', () => pool.execute(READ, [1])))).toEqual(['b-1'])
  })
})
