import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ISOLATION_CHANNEL, isolationCounts } from '../../src/observe/isolation'
import type { IsolationMessage } from '../../src/observe/isolation'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses, namesIn } from './support/houses'

const READ = 'select name from users where id = 1'

describe.each(MYSQL_SERVERS)("the application's own USE, on $name", (server) => {
  const houses = new Houses(server, 'user sql')
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  const options = { multipleStatements: true }
  const ways: [string, () => string][] = [
    ['USE', () => `use ${houses.schema('b')}`],
    ['USE among several statements', () => `use ${houses.schema('b')}; ${READ}`],
    ['EXECUTE IMMEDIATE', () => `execute immediate 'use ${houses.schema('b')}'`],
    ['PREPARE and EXECUTE', () => `prepare p from 'use ${houses.schema('b')}'; execute p`],
  ]

  test.each(ways)('%s is an error, and the connection is closed', async (_what, sql) => {
    const pool = houses.pool(options)
    await houses.in('a', async () => {
      await expect(pool.query(sql())).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION', tenant: 'a' })
      const connection = await pool.getConnection()
      await expect(connection.query(sql())).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION', tenant: 'a' })
      await expect(connection.query(READ)).rejects.toThrow()
      connection.release()
    })
    expect(namesIn(await houses.in('a', () => pool.query(READ)))).toEqual(['a-1'])
  })

  test('it is told of and counted, and so is each switch that the server has reported', async () => {
    const pool = houses.pool(options)
    const told: IsolationMessage[] = []
    const hear = (message: unknown): void => void told.push(message as IsolationMessage)
    const before = isolationCounts()
    subscribe(ISOLATION_CHANNEL, hear)
    try {
      for (const id of 'abc') await houses.in(id, () => pool.query(READ))
      await houses.in('a', () => pool.query(`use ${houses.schema('b')}`)).catch(() => {})
    } finally {
      unsubscribe(ISOLATION_CHANNEL, hear)
    }
    const { verified, mismatches } = isolationCounts()
    expect([verified - before.verified, mismatches - before.mismatches]).toEqual([4, 1])
    expect(told.map(({ error }) => [error.code, error.tenant])).toEqual([['ROWHOUSE_ISOLATION', 'a']])
  })

  test('a USE inside a procedure, by dynamic SQL', async () => {
    await houses.asOwner((owner) =>
      owner.query(
        `create procedure ${houses.schema('a')}.wander() begin execute immediate 'use ${houses.schema('b')}'; select 1; end`,
      ),
    )
    const pool = houses.pool()
    await expect(houses.in('a', () => pool.query('call wander()'))).rejects.toMatchObject({
      code: 'ROWHOUSE_ISOLATION',
    })
    expect(namesIn(await houses.in('a', () => pool.query(READ)))).toEqual(['a-1'])
    expect(namesIn(await houses.in('c', () => pool.query(READ)))).toEqual(['c-1'])
  })

  test('a USE that the server is told not to report moves no later query', async () => {
    const pool = houses.pool(options)
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      await connection.query('set session_track_schema = off')
      await connection.query(`use ${houses.schema('b')}`)
      expect(namesIn(await connection.query(READ))).toEqual(['a-1'])
      await connection.query(`use ${houses.schema('b')}`)
      await connection.query(`insert into users (name) values ('mine')`)
      connection.release()
      await pool.query(`set session_track_schema = off; use ${houses.schema('b')}`)
      expect(namesIn(await pool.query(READ))).toEqual(['a-1'])
    })
    expect(namesIn(await houses.in('c', () => pool.query(READ)))).toEqual(['c-1'])
    expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
    expect(await houses.names('a')).toEqual(['a-1', 'a-2', 'mine'])
  })

  test('USE of the own database is no error', async () => {
    const pool = houses.pool()
    await houses.in('a', () => pool.query(`use ${houses.schema('a')}`))
    expect(namesIn(await houses.in('a', () => pool.query(READ)))).toEqual(['a-1'])
  })

  test('changeUser is refused', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      await expect(connection.changeUser({ database: houses.schema('b') })).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_MISMATCH',
      })
      expect(namesIn(await connection.query(READ))).toEqual(['a-1'])
      connection.release()
    })
  })

  test('reset() of the application keeps the tenant', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const connection = await pool.getConnection()
      await connection.execute(READ)
      await connection.reset()
      expect(namesIn(await connection.query(READ))).toEqual(['a-1'])
      expect(namesIn(await connection.execute(READ))).toEqual(['a-1'])
      connection.release()
    })
    expect(namesIn(await houses.in('b', () => pool.execute(READ)))).toEqual(['b-1'])
  })
})
