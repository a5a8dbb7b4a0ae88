import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, Pool, RowDataPacket } from 'mysql2/promise'
import type { TenantPoolOptions } from '../../src/mysql/pool'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { borrow, Houses, namesIn, threadOf } from './support/houses'

const READ = 'select name from users where id = 1'

const roleOf = async (on: Pick<Pool | Connection, 'query'>): Promise<unknown> =>
  (await on.query<RowDataPacket[]>('select current_role() as role'))[0][0]!['role']

const VARIANTS: readonly Partial<TenantPoolOptions>[] = (['fast', 'auto', 'strict'] as const).flatMap(
  (hygiene) => (['joined', 'awaited'] as const).map((how) => ({ hygiene, switch: how })),
)

describe.each(MYSQL_SERVERS)('each tenant has its own role, on $name', (server) => {
  const houses = new Houses(server, 'own roles', 'role')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  /** That a connection works for this tenant, and for no other. */
  async function expectAt(id: string, on: Pick<Pool, 'query' | 'execute'>): Promise<void> {
    const other = houses.schema(id === 'a' ? 'b' : 'a')
    const denied = { code: 'ER_TABLEACCESS_DENIED_ERROR' }
    expect(await roleOf(on)).toBe(houses.schema(id))
    expect(namesIn(await on.query(READ))).toEqual([`${id}-1`])
    expect(namesIn(await on.execute(READ))).toEqual([`${id}-1`])
    await expect(on.query(`select * from ${other}.users`)).rejects.toMatchObject(denied)
    await expect(on.execute(`update ${other}.users set name = 'stray'`)).rejects.toMatchObject(denied)
  }

  test.each(VARIANTS)('%o', async (options) => {
    const pools = houses.pools(options)
    const { pool, callbackPool } = pools
    for (const id of ['a', 'b', 'a', 'b']) {
      await houses.in(id, async () => {
        await expectAt(id, pool)
        await pool.query('select * from nope').catch(() => {})
        await expectAt(id, pool)
        const connection = await pool.getConnection()
        await connection.beginTransaction()
        await connection.query(`insert into users (name) values ('gone')`)
        await connection.query('set @a = 1')
        await expectAt(id, connection)
        await connection.rollback()
        await connection.reset()
        await expectAt(id, connection)
        connection.release()
        const streamed: unknown[] = []
        for await (const row of callbackPool.query(READ).stream())
          streamed.push((row as { name: string }).name)
        expect(streamed).toEqual([`${id}-1`])
        await pool.query('kill connection_id()').catch(() => {})
        // Until the end of the connection is here.
        await sleep(50)
        await expectAt(id, pool)
        const lent = await borrow(callbackPool)
        await expectAt(id, lent.promise())
        lent.release()
      })
      await expect(pool.query(READ)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
    }
    expect(await houses.names('a')).toEqual(['a-1', 'a-2'])
    expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
  })

  test('a connection that is free is in no tenant', async () => {
    const { pool, callbackPool } = houses.pools()
    const lent = await houses.in('a', () => borrow(callbackPool))
    const thread = await houses.in('a', () => threadOf(lent.promise()))
    lent.release()
    await houses.in('a', () => pool.query(READ))
    const [rows] = await houses.asOwner((owner) =>
      owner.query<RowDataPacket[]>('select db from information_schema.processlist where id = ?', [thread]),
    )
    expect(rows).toEqual([{ db: 'information_schema' }])
  })

  test('several pools and tenants at once', async () => {
    const pools = [
      houses.pool({ connectionLimit: 2 }),
      houses.pool({ connectionLimit: 2, hygiene: 'strict' }),
    ]
    const calls = Array.from({ length: 60 }, (_, index) => {
      const id = index % 3 === 0 ? 'a' : 'b'
      return houses.in(id, () => expectAt(id, pools[index % 2]!))
    })
    await settles(Promise.all(calls), 'the calls', 20_000)
  })

  test('a statement that one tenant prepared is not executed for another', async () => {
    const pool = houses.pool()
    const connection = await houses.in('a', () => pool.getConnection())
    const statement = await houses.in('a', () => connection.prepare(READ))
    await houses.in('a', () => statement.execute([]))
    connection.release()
    await expect(houses.in('b', () => statement.execute([]))).rejects.toMatchObject({
      code: 'ROWHOUSE_CLIENT_RELEASED',
    })
    await houses.in('b', () => expectAt('b', pool))
  })

  test('a dropped tenant is not found; one whose role is gone is not accessible', async () => {
    await houses.build(['gone', 'shut'])
    const pool = houses.pool()
    const write = `insert into users (name) values ('late')`
    for (const id of ['gone', 'shut']) await houses.in(id, () => pool.execute(READ))
    await houses.asOwner((owner) =>
      owner.query(
        `drop database ${houses.schema('gone')}; revoke ${houses.schema('shut')} from 'rowhouse_app'@'%'`,
      ),
    )
    const missing = { code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'gone' }
    const shut = { code: 'ROWHOUSE_TENANT_ACCESS', tenant: 'shut' }
    for (const ask of [() => pool.query(write), () => pool.execute(READ), () => pool.query(write)]) {
      const thread = await houses.in('a', () => threadOf(pool))
      await expect(houses.in('gone', ask)).rejects.toMatchObject(missing)
      expect(await houses.in('a', () => threadOf(pool))).not.toBe(thread)
      await expect(houses.in('shut', ask)).rejects.toMatchObject(shut)
      await houses.in('a', () => expectAt('a', pool))
    }
    expect(await houses.names('shut')).toEqual(['shut-1', 'shut-2'])
  })

  describe('behind a role that could not be taken', () => {
    const app = `'rowhouse_app'@'%'`

    /** What tenant `id`, whom this pool knew and who lost its role since, sends in the flush with its switch. */
    async function askLate(
      id: string,
      sql: string,
      prepare: (pool: Pool) => Promise<unknown>,
    ): Promise<void> {
      await houses.build([id])
      const pool = houses.pool()
      await houses.in(id, () => pool.query(READ))
      await houses.asOwner((owner) => owner.query(`revoke ${houses.schema(id)} from ${app}`))
      await prepare(pool)
      await expect(houses.in(id, () => pool.query(sql))).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_ACCESS',
        tenant: id,
      })
    }

    test.each(['late1', 'late2'])('SQL that names a tenant has the rights of nobody: %s', async (id) => {
      const target = id === 'late1' ? id : 'a'
      const write = `insert into ${houses.schema(target)}.users (name) values ('late')`
      await askLate(id, write, (pool) => houses.in('a', () => expectAt('a', pool)))
      expect(await houses.names(target)).toEqual([`${target}-1`, `${target}-2`])
    })

    test('nor those of a default role', async () => {
      const write = `insert into ${houses.schema('b')}.users (name) values ('late')`
      await houses.asOwner((owner) => owner.query(`set default role ${houses.schema('b')} for ${app}`))
      try {
        await askLate('late3', write, async (pool) => {
          await houses.in('a', () => pool.query('kill connection_id()')).catch(() => {})
          await sleep(50)
        })
      } finally {
        await houses.asOwner((owner) => owner.query(`set default role none for ${app}`))
      }
      expect(await houses.names('b')).toEqual(['b-1', 'b-2'])
    })
  })
})
