import { createConnection } from 'mysql2/promise'
import type { Connection, Pool, RowDataPacket } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'

const roleOf = async (on: Pick<Pool | Connection, 'query'>): Promise<unknown> =>
  (await on.query<RowDataPacket[]>('select current_role() as role'))[0][0]!['role']

describe.each(MYSQL_SERVERS)('SQL that takes the role of another tenant, on $name', (server) => {
  const houses = new Houses(server, 'roles', 'role')
  const b = houses.schema('b')
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    await houses.asOwner((owner) =>
      owner.query(
        `create procedure ${houses.schema('a')}.hop() sql security invoker begin set role ${b}; select name from ${b}.users; end;
         create function ${houses.schema('a')}.hop() returns int sql security invoker begin set role ${b}; return 1; end;
         create sql security invoker view ${houses.schema('a')}.hopping as select ${houses.schema('a')}.hop() as hop`,
      ),
    )
  })
  afterAll(() => houses.clear())

  test.each([
    `set role ${b}`,
    `set @a = 1, role ${b}`,
    `set names utf8mb4, role ${b}`,
    `set default role ${b}`,
    `set @a = 1, default role ${b}`,
    `set sql_mode = 'mssql'; select 1 as [a']; set role ${b}; select '`,
    `set statement max_statement_time = 1 for set role ${b}`,
    `begin not atomic set role ${b}; select * from ${b}.users; end`,
    `execute immediate concat('set ro', 'le ${b}')`,
    `prepare p from @text`,
    `select 1; set role ${b}; select * from ${b}.users`,
    `set @a = '€\\', role ${b} -- '`,
    `set role none`,
  ])('is not sent, and its connection is closed: %s', async (sql) => {
    const { pool } = houses.pools({ multipleStatements: true })
    const refused = { code: 'ROWHOUSE_ISOLATION', tenant: 'a' }
    await houses.in('a', async () => {
      await expect(pool.query(sql)).rejects.toMatchObject(refused)
      await expect(pool.execute(sql)).rejects.toMatchObject(refused)
      const connection = await pool.getConnection()
      const thread = await threadOf(connection)
      const [first, behind] = await Promise.allSettled([connection.query(sql), connection.query(READ)])
      expect([first.status, behind.status]).toEqual(['rejected', 'rejected'])
      connection.release()
      expect(await threadOf(pool)).not.toBe(thread)
      expect(await roleOf(pool)).toBe(houses.schema('a'))
      await expect(pool.query(`select * from ${b}.users`)).rejects.toMatchObject({
        code: 'ER_TABLEACCESS_DENIED_ERROR',
      })
    })
  })

  test('is not sent where sql_mode makes names of what stands in brackets; the server would read it', async () => {
    const text = `begin not atomic declare [a'] int; set role ${b}; select name from ${b}.users; set [a'] = 1; end`
    const pool = houses.pool()
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      await connection.query(`set sql_mode = 'mssql'`)
      await expect(connection.query(text)).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION', tenant: 'a' })
      connection.release()
    })
    const plain = await createConnection({ uri: server.appUrl })
    await plain.query(`set sql_mode = 'mssql'`)
    expect(JSON.stringify(await plain.query(text))).toContain('b-1')
    await plain.end()
  })

  test('inside a routine that runs as its invoker it is not seen, and ends with the statement', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      for (const sql of ['call hop()', 'select hop()']) {
        await connection.query(sql)
        expect(await roleOf(connection)).toBe(houses.schema('a'))
        await connection.query(sql)
        await expect(connection.query(`select * from ${b}.users`)).rejects.toMatchObject({
          code: 'ER_TABLEACCESS_DENIED_ERROR',
        })
      }
      connection.release()
      await pool.query('call hop()')
    })
    expect(await houses.in('a', () => roleOf(pool))).toBe(houses.schema('a'))
    expect(await houses.in('b', () => roleOf(pool))).toBe(b)
    expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
  })

  test('behind a view that calls such a routine it lasts until the loan ends, or something else is called', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      await connection.query('select * from hopping')
      expect(await roleOf(connection)).toBe(b)
      await connection.query('select hop()').catch(() => {})
      expect(await roleOf(connection)).toBe(houses.schema('a'))
      await connection.query('select * from hopping')
      connection.release()
      expect(await roleOf(pool)).toBe(houses.schema('a'))
      await pool.query('select * from hopping')
      expect(await roleOf(pool)).toBe(houses.schema('a'))
    })
  })

  test('a default role of the account is left behind at the first query of a connection', async () => {
    await houses.asOwner((owner) => owner.query(`set default role ${b} for 'rowhouse_app'@'%'`))
    try {
      const pool = houses.pool()
      const text = `insert into ${b}.users (name) values ('stray')`
      await expect(houses.in('a', () => pool.query(text))).rejects.toMatchObject({
        code: 'ER_TABLEACCESS_DENIED_ERROR',
      })
      expect(await houses.in('a', () => roleOf(pool))).toBe(houses.schema('a'))
    } finally {
      await houses.asOwner((owner) => owner.query(`set default role none for 'rowhouse_app'@'%'`))
    }
    expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
  })
})
