import type { QueryOptions } from 'mysql2'
import type { RowDataPacket } from 'mysql2/promise'
import { setTimeout as sleep } from 'node:timers/promises'
import { MYSQL_SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses, namesIn, threadOf } from './support/houses'
import { packetRelay } from './support/packet-relay'

const READ = 'select name from users order by id limit 1'

describe.each(MYSQL_SERVERS)('what could go astray between two tenants, on $name', (server) => {
  const houses = new Houses(server, 'strays')
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  const valueOf = async (pool: ReturnType<typeof houses.pool>, sql: string): Promise<unknown> =>
    (await pool.query<RowDataPacket[][]>({ sql, rowsAsArray: true }))[0][0]?.[0]

  test.each(['strict', 'auto', 'fast'] as const)(
    'hygiene %s: an execute() that runs after its release runs where it was made',
    async (hygiene) => {
      const pool = houses.pool({ connectionLimit: 1, hygiene })
      for (const id of ['a', 'b', 'a', 'b']) {
        await houses.in(id, async () => {
          const connection = await pool.getConnection()
          const late = connection.execute('insert into users (name) values (?)', [`late-${id}-${hygiene}`])
          connection.release()
          await late
        })
      }
      for (const id of ['a', 'b']) {
        const late = (await houses.names(id)).filter(
          (name) => name.startsWith('late') && name.endsWith(hygiene),
        )
        expect(late).toEqual([`late-${id}-${hygiene}`, `late-${id}-${hygiene}`])
      }
    },
  )

  describe('a typeCast that throws', () => {
    /** A row of these bytes looks like an OK packet. */
    const row = "select '' as x, repeat(char(0), 10) as y"

    test.each([1, 2, 4])(
      'at the first of %i rows fails its query, and nobody else meets the other rows',
      async (rows) => {
        const relay = await packetRelay(server.appUrl)
        const pool = houses.pool({ uri: relay.url, connectionLimit: 1 })
        for (const id of ['a', 'b']) await houses.in(id, () => pool.query('select 1'))
        for (const how of ['query', 'execute'] as const) {
          let isFirst = true
          const options: QueryOptions = {
            sql: Array.from({ length: rows }, () => row).join(' union all '),
            typeCast: (_field, next) => {
              if (!isFirst) return next()
              isFirst = false
              throw new Error('cast')
            },
          }
          const failing = houses.in('a', (): Promise<unknown> =>
            how === 'query' ? pool.query(options) : pool.execute(options),
          )
          const after = houses.in('b', () => pool.query(READ))
          await expect(settles(failing, 'the query of a')).rejects.toThrow('cast')
          expect(namesIn(await settles(after, 'the query of b'))).toEqual(['b-1'])
        }
        await relay.close()
      },
    )

    test('with another result behind it costs the connection', async () => {
      const relay = await packetRelay(server.appUrl)
      const pool = houses.pool({ uri: relay.url, connectionLimit: 1, multipleStatements: true })
      await houses.in('b', () => pool.query(READ))
      const options: QueryOptions = {
        sql: `${row}; ${row}`,
        typeCast: () => {
          throw new Error('cast')
        },
      }
      await expect(
        settles(
          houses.in('a', () => pool.query(options)),
          'the query of a',
        ),
      ).rejects.toThrow('cast')
      expect(
        namesIn(
          await settles(
            houses.in('b', () => pool.query(READ)),
            'the query of b',
          ),
        ),
      ).toEqual(['b-1'])
      await relay.close()
    })
  })

  describe.each(['strict', 'auto', 'fast'] as const)('hygiene %s', (hygiene) => {
    test('a role that a tenant took is gone with its connection', async () => {
      const role = `${houses.prefix}role`
      await houses.asOwner(async (owner) => {
        await owner.query(`create role if not exists ${role}`)
        await owner.query(`grant ${role} to 'rowhouse_app'@'%'`)
      })
      const pool = houses.pool({ connectionLimit: 1, hygiene })
      try {
        for (const take of [
          `set role ${role}`,
          `execute immediate 'set role ${role}'`,
          `begin not atomic execute immediate 'set role ${role}'; end`,
        ]) {
          await houses.in('a', () => pool.query(take))
          expect(await houses.in('b', () => valueOf(pool, 'select current_role()'))).toBeNull()
        }
        await houses.in('a', async () => {
          const connection = await pool.getConnection()
          await connection.query(`set /* */ ROLE ${role}`)
          connection.release()
        })
        expect(await houses.in('b', () => valueOf(pool, 'select current_role()'))).toBeNull()
        await houses.in('a', async () => {
          const connection = await pool.getConnection()
          await connection.query(`prepare taking from 'set role ${role}'`)
          await connection.query('execute taking')
          connection.release()
        })
        expect(await houses.in('b', () => valueOf(pool, 'select current_role()'))).toBeNull()
      } finally {
        await houses.asOwner((owner) => owner.query(`drop role ${role}`))
      }
    })

    test('profiles of statements are gone with their connection', async () => {
      const pool = houses.pool({ connectionLimit: 1, hygiene })
      for (const set of [
        'set profiling = 1',
        'set @@session.profiling = 1',
        `execute immediate 'set profiling = 1'`,
      ]) {
        await houses.in('a', async () => {
          const connection = await pool.getConnection()
          await connection.query(set)
          await connection.query(`select 'secret of a'`)
          connection.release()
        })
        expect(await houses.in('b', () => valueOf(pool, 'show profiles'))).toBeUndefined()
      }
    })

    test('warnings and errors, which hold values, are cleared before the next tenant', async () => {
      const pool = houses.pool({ connectionLimit: 1, hygiene })
      const thread = await houses.in('b', () => threadOf(pool))
      const leave = [
        () => pool.query(`select 'secret of a' + 0`),
        () => pool.execute(`select 'secret of a' + 0`),
        () => pool.query('select * from secret_of_a').catch(() => {}),
        () => pool.query(`insert into users (id) select 'secret of a'`).catch(() => {}),
      ]
      for (const each of leave) {
        await houses.in('a', each)
        expect(await houses.in('b', () => valueOf(pool, 'show warnings'))).toBeUndefined()
        await houses.in('a', each)
        expect(await houses.in('b', () => valueOf(pool, 'show errors'))).toBeUndefined()
      }
      expect(await houses.in('b', () => threadOf(pool))).toBe(thread)
    })

    test('a block that fails in a transaction of its own takes nothing of the next statement along', async () => {
      const a = houses.schema('a')
      await houses.asOwner(async (owner) => {
        await owner.query(`drop procedure if exists ${a}.fails`)
        await owner.query(
          `create procedure ${a}.fails() begin start transaction; insert into ${a}.users (name) values ('lost');
             signal sqlstate '45000'; end`,
        )
      })
      const pool = houses.pool({ connectionLimit: 1, hygiene })
      const blocks = ['call fails()', `begin not atomic set autocommit = 0; signal sqlstate '45000'; end`]
      for (const block of blocks) {
        await houses.in('a', async () => {
          await expect(pool.query(block)).rejects.toMatchObject({ sqlState: '45000' })
          await pool.query(`insert into users (name) values ('kept-${hygiene}')`)
          await pool.query(`insert into users (name) values ('kept-${hygiene}')`)
        })
      }
      await houses.in('a', async () => {
        const connection = await pool.getConnection()
        const late = connection.query('call fails()').catch(() => {})
        connection.release()
        await late
        await pool.query(`insert into users (name) values ('kept-${hygiene}')`)
        await pool.query(`insert into users (name) values ('kept-${hygiene}')`)
      })
      const names = await houses.names('a')
      expect(names.filter((name) => name === `kept-${hygiene}`)).toHaveLength(6)
      expect(names).not.toContain('lost')
    })

    test('the charset that a tenant chose does not change which database a name means', async () => {
      await houses.build([`é${hygiene}`, `Ã©${hygiene}`])
      const pool = houses.pool({ hygiene, connectionLimit: 1 })
      await houses.in(`é${hygiene}`, async () => {
        await pool.query('select 1')
        await pool.query('set names latin1')
        await pool.query(`insert into users (name) values ('mine')`)
      })
      expect(await houses.names(`Ã©${hygiene}`)).not.toContain('mine')
      expect(await houses.names(`é${hygiene}`)).toContain('mine')
    })
  })

  test('a listener that leaves the parking place: a tenant that is gone writes nowhere', async () => {
    const { pool, callbackPool } = houses.pools({ connectionLimit: 1 })
    callbackPool.on('connection', (connection) => void connection.query(`use ${houses.schema('c')}`))
    await houses.build(['gone'])
    await houses.in('gone', () => pool.query('select 1'))
    await houses.asOwner((owner) => owner.query(`drop database ${houses.schema('gone')}`))
    const thread = await houses.in('a', () => threadOf(pool))
    await houses.asOwner((owner) => owner.query(`kill ${thread}`))
    await sleep(100)
    const write = houses.in('gone', () => pool.query(`insert into users (name) values ('stray')`))
    await expect(write).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
    expect(await houses.names('c')).toEqual(['c-1', 'c-2'])
    expect(namesIn(await houses.in('b', () => pool.query(READ)))).toEqual(['b-1'])
  })

  test('a prepared USE is an error as any other', async () => {
    const pool = houses.pool({ connectionLimit: 1 })
    const use = houses.in('a', () => pool.execute(`use ${houses.schema('b')}`))
    await expect(use).rejects.toMatchObject({ code: 'ROWHOUSE_ISOLATION' })
    for (const id of ['a', 'b'])
      expect(namesIn(await houses.in(id, () => pool.execute(READ)))).toEqual([`${id}-1`])
  })
})
