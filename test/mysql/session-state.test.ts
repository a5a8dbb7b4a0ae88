import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise'
import type { Hygiene } from '../../src/mysql/hygiene'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses, namesIn, threadOf } from './support/houses'

/** Ways to leave something behind on a connection, each with a query that finds it. */
const LEFTOVERS: [what: string, leave: string, look: string, clean: unknown][] = [
  ['a user variable by SET', `set @secret = 'a'`, 'select @secret', null],
  ['a session variable', 'set session sql_mode = ansi', 'select @@session.sql_mode = @@global.sql_mode', 1],
  [
    'an isolation level',
    'set session transaction isolation level serializable',
    `select @@session.tx_isolation = @@global.tx_isolation`,
    1,
  ],
  ['a time zone', `set time_zone = '+09:00'`, `select @@session.time_zone = @@global.time_zone`, 1],
  [
    'a temporary table',
    'create temporary table own_tmp (a int)',
    'select count(*) from own_tmp',
    'ER_NO_SUCH_TABLE',
  ],
  ['PREPARE', `prepare mine from 'select 1'`, 'execute mine', 'ER_UNKNOWN_STMT_HANDLER'],
  ['LOCK TABLES', 'lock tables users read', 'select count(*) from users', 2],
]

/** The same in ways that the kind of the statement does not tell. */
const HIDDEN: typeof LEFTOVERS = [
  ['a user variable by SELECT', `select @hidden := 'a'`, 'select @hidden', null],
  ['SELECT INTO a variable', `select 'a' into @into`, 'select @into', null],
  ['a named lock', `select get_lock('theirs', 1)`, `select is_used_lock('theirs')`, null],
  ['LAST_INSERT_ID', `insert into users (name) values ('x')`, 'select last_insert_id()', 0],
]

describe.each(MYSQL_SERVERS)('what a tenant leaves on a connection, on $name', (server) => {
  const houses = new Houses(server, 'session')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const look = (pool: Pick<Pool | PoolConnection, 'query'>, sql: string): Promise<unknown> =>
    pool.query<RowDataPacket[][]>({ sql, rowsAsArray: true }).then(
      ([rows]) => rows[0]?.[0],
      (error: { code: string }) => error.code,
    )

  async function found(hygiene: Hygiene, leave: string, search: string): Promise<unknown> {
    const pool = houses.pool({ hygiene })
    const thread = await houses.in('a', () => threadOf(pool))
    await houses.in('a', () => pool.query(leave))
    const [result, next] = await houses.in('b', async () => [await look(pool, search), await threadOf(pool)])
    // Cleared and not replaced: a new connection would cost milliseconds.
    expect(next).toBe(thread)
    await houses.in('a', () => pool.query(`delete from users where name = 'x'`))
    await pool.end()
    return result
  }

  describe.each(['strict', 'auto', 'fast'] as const)('hygiene %s', (hygiene) => {
    test.each(LEFTOVERS)('%s does not reach the next tenant', async (_what, leave, search, clean) => {
      expect(await found(hygiene, leave, search)).toEqual(clean)
    })
  })

  describe.each(['strict', 'auto'] as const)('hygiene %s', (hygiene) => {
    test.each(HIDDEN)('%s does not reach the next tenant', async (_what, leave, search, clean) => {
      expect(await found(hygiene, leave, search)).toEqual(clean)
    })
  })

  test.each(HIDDEN)(
    'hygiene fast does not stop %s, as its documentation says',
    async (_what, leave, search, clean) => {
      expect(await found('fast', leave, search)).not.toEqual(clean)
    },
  )

  test('a transaction left open, autocommit switched off: closed with their connection', async () => {
    for (const sql of [
      'start transaction',
      'set autocommit = 0',
      `set autocommit = 0; insert into users (name) values ('lost')`,
    ]) {
      const pool = houses.pool({ multipleStatements: true })
      const thread = await houses.in('a', async () => {
        const connection = await pool.getConnection()
        const own = await threadOf(connection)
        for (const one of sql.split(';')) await connection.query(one)
        connection.release()
        return own
      })
      expect(await houses.in('b', () => threadOf(pool))).not.toBe(thread)
      expect(namesIn(await houses.in('b', () => pool.query('select name from users where id = 1')))).toEqual([
        'b-1',
      ])
    }
    expect(await houses.names('a')).toEqual(['a-1', 'a-2'])
  })

  test('a connection that was handed out is cleared, whatever ran on it; plain reads cost no clearing', async () => {
    const pool = houses.pool()
    const statements = async (): Promise<number> =>
      Number(
        (
          (await pool.query<RowDataPacket[]>(`show session status like 'Com_stmt_prepare'`))[0][0] as {
            Value: string
          }
        ).Value,
      )
    const READ = 'select name from users where id = 1'
    for (const id of ['a', 'b', 'a', 'b', 'a']) await houses.in(id, () => pool.execute(READ))
    expect(await houses.in('a', statements)).toBe(2)
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      await connection.query(READ)
      connection.release()
    })
    await houses.in('b', () => pool.execute(READ))
    // The counter itself began anew, and the statement had to be prepared again.
    expect(await houses.in('b', statements)).toBe(1)
  })

  test('what a connection listener SET survives the clearing', async () => {
    const { pool, callbackPool } = houses.pools({ hygiene: 'strict' })
    callbackPool.on('connection', (connection) => {
      connection.query(`set time_zone = '+02:00'`)
      connection.query('select 1')
    })
    for (const id of ['a', 'b', 'a']) {
      await houses.in(id, async () => {
        expect(await look(pool, 'select @@time_zone')).toBe('+02:00')
        await pool.query(`set time_zone = '+09:00'`)
      })
    }
  })

  test('a connection of a pool event is no connection on loan', async () => {
    const { pool, callbackPool } = houses.pools()
    const released = new Promise<{ query(sql: string, callback: (error: unknown) => void): void }>(
      (resolve) => {
        callbackPool.on('release', resolve as never)
      },
    )
    await houses.in('a', () => pool.query('select 1'))
    const connection = await released
    expect(await new Promise((resolve) => connection.query('select 1', resolve))).toMatchObject({
      code: 'ROWHOUSE_CLIENT_RELEASED',
    })
  })

  test("the tenant's own state stays while the connection serves nobody else", async () => {
    const pool = houses.pool()
    await houses.in('a', () => pool.query(`set @mine = 'yes'`))
    expect(await houses.in('a', () => look(pool, 'select @mine'))).toBe('yes')
    expect(await houses.in('b', () => look(pool, 'select @mine'))).toBeNull()
  })
})
