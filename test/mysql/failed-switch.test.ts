import { createConnection } from 'mysql2/promise'
import type { RowDataPacket } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, namesIn, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'

/** Everything that could be written behind a switch that failed. */
const WRITES = [
  `insert into users (name) values ('stray')`,
  `replace into users values (1, 'stray')`,
  `update users set name = 'stray'`,
  'delete from users',
  'create table stray (id int)',
  'create temporary table stray (id int)',
  'create view stray as select 1',
  'create procedure stray() select 1',
  'drop table users',
  'truncate users',
  'alter table users add stray int',
  'rename table users to stray',
  'lock tables users write',
  `load data infile '/etc/hostname' into table users (name)`,
  'call stray()',
  `set @stray = (select name from users where id = 1)`,
]

describe.each(MYSQL_SERVERS)('a switch that fails writes nothing, on $name', (server) => {
  const houses = new Houses(server, 'failed switch')
  beforeAll(() => houses.build(['a', 'b', 'locked']))
  afterAll(() => houses.clear())

  const strays = (): Promise<unknown[]> =>
    houses.asOwner(async (owner) => {
      const [rows] = await owner.query<RowDataPacket[]>(
        `select table_schema, table_name from information_schema.tables where table_name = 'stray'
         union all select routine_schema, routine_name from information_schema.routines where routine_name = 'stray'`,
      )
      return rows
    })

  const drop = (id: string): Promise<unknown> =>
    houses.asOwner((owner) => owner.query(`drop database ${houses.schema(id)}`))

  test.each(WRITES)('%s, for a database that this pool knew and somebody dropped', async (sql) => {
    await houses.build(['gone'])
    // As the owner, who could write everywhere.
    const pool = houses.pool({ uri: server.ownerUrl })
    expect(namesIn(await houses.in('gone', () => pool.query(READ)))).toEqual(['gone-1'])
    expect(namesIn(await houses.in('a', () => pool.query(READ)))).toEqual(['a-1'])
    await drop('gone')
    await expect(houses.in('gone', () => pool.query(sql))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
      tenant: 'gone',
    })
    expect(await houses.names('a')).toEqual(['a-1', 'a-2'])
    expect(await strays()).toEqual([])
    expect(namesIn(await houses.in('b', () => pool.query(READ)))).toEqual(['b-1'])
  })

  test('also where the application reaches past mysql2: stock mysql2 writes in the other tenant', async () => {
    const connection = await createConnection(server.ownerUrl)
    try {
      await connection.query(`use ${houses.schema('a')}`)
      await expect(connection.query(`use ${houses.schema('nowhere')}`)).rejects.toMatchObject({ errno: 1049 })
      // What a pool that ignores the failure would do: these tests can fail.
      await connection.query(`insert into users (name) values ('stray')`)
      expect(await houses.names('a')).toEqual(['a-1', 'a-2', 'stray'])
    } finally {
      await connection.query(`delete from users where name = 'stray'`)
      await connection.end()
    }
  })

  test('a database nobody knows: query, execute, transaction, stream, and what is queued behind', async () => {
    const { pool, callbackPool } = houses.pools()
    const missing = { code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'nowhere' }
    await houses.in('nowhere', async () => {
      await expect(pool.query(READ)).rejects.toMatchObject(missing)
      await expect(pool.execute(READ)).rejects.toMatchObject(missing)
      const connection = await pool.getConnection()
      const results = await settles(
        Promise.allSettled([connection.beginTransaction(), connection.query(READ), connection.execute(READ)]),
        'what was queued',
      )
      expect(results.map((result) => (result as PromiseRejectedResult).reason)).toEqual(
        Array(3).fill(expect.objectContaining(missing)),
      )
      connection.release()
      const streaming = new Promise((resolve) =>
        callbackPool.query(READ).stream().on('error', resolve).resume(),
      )
      expect(await settles(streaming, 'the stream')).toMatchObject(missing)
    })
    expect(namesIn(await houses.in('a', () => pool.query(READ)))).toEqual(['a-1'])
  })

  test('a database that this user may not use looks like one that is not there, as the server would have it', async () => {
    await houses.asOwner((owner) =>
      owner.query(
        `revoke all on \`${houses.schema('locked').replaceAll('_', '\\_')}\`.* from 'rowhouse_app'@'%'`,
      ),
    )
    const pool = houses.pool()
    await expect(houses.in('locked', () => pool.query(READ))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
      tenant: 'locked',
      message: expect.stringContaining('no rights'),
    })
    expect(namesIn(await houses.in('a', () => pool.query(READ)))).toEqual(['a-1'])
  })

  test('a tenant that is made after it was missed is found; one made again, too', async () => {
    const pool = houses.pool()
    await expect(houses.in('late', () => pool.query(READ))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
    await houses.build(['late'])
    expect(namesIn(await houses.in('late', () => pool.query(READ)))).toEqual(['late-1'])
    await houses.in('late', () => pool.execute(READ))
    await drop('late')
    await expect(houses.in('late', () => pool.execute(READ))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
    await houses.build(['late'])
    expect(namesIn(await houses.in('late', () => pool.execute(READ)))).toEqual(['late-1'])
  })

  test('an error of the query itself keeps the connection', async () => {
    const pool = houses.pool()
    const thread = await houses.in('a', () => threadOf(pool))
    for (const id of ['a', 'b']) {
      await expect(houses.in(id, () => pool.query('select * from nope'))).rejects.toMatchObject({
        code: 'ER_NO_SUCH_TABLE',
      })
      await expect(houses.in(id, () => pool.execute('select * from nope'))).rejects.toMatchObject({
        code: 'ER_NO_SUCH_TABLE',
      })
    }
    expect(await houses.in('b', () => threadOf(pool))).toBe(thread)
  })
})
