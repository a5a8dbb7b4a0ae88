import Cursor from 'pg-cursor'
import type { PoolClient, QueryConfig } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WireConnection } from '../../src/postgres/driver'
import { SyncCount } from '../../src/postgres/sync-count'
import { SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses } from './support/houses'

describe('the count of what ends in a ReadyForQuery', () => {
  function counted(): {
    connection: Pick<WireConnection, 'sync' | 'query' | 'emit'>
    count: SyncCount
    sent: string[]
  } {
    const sent: string[] = []
    const wire = { sync: () => void sent.push('sync'), query: (text: string) => void sent.push(text) }
    const connection = Object.assign(new EventEmitter(), wire)
    return { connection, count: new SyncCount(connection as unknown as WireConnection), sent }
  }

  test('passes the one at the start, and one for each query', () => {
    const { connection, count, sent } = counted()
    expect(count.onReadyForQuery()).toBe(true)
    for (const send of [() => connection.sync(), () => connection.query('select 1')]) {
      count.begin()
      expect(count.isDue).toBe(false)
      send()
      expect(count.isDue).toBe(true)
      expect(count.onReadyForQuery()).toBe(true)
      expect(count.isDue).toBe(false)
    }
    expect(sent).toEqual(['sync', 'select 1'])
  })

  test('keeps the second answer to a query from the one behind it', () => {
    const { connection, count } = counted()
    count.begin()
    connection.sync()
    connection.sync()
    expect(count.onReadyForQuery()).toBe(true)
    count.begin()
    connection.sync()
    expect([count.onReadyForQuery(), count.isDue]).toEqual([false, true])
    expect([count.onReadyForQuery(), count.isDue]).toEqual([true, false])
  })

  test('passes two that were sent together and asked for', () => {
    const { connection, count } = counted()
    count.begin()
    connection.query('discard all')
    connection.sync()
    expect([count.onReadyForQuery(), count.onReadyForQuery()]).toEqual([true, true])
  })

  test('forgets each Sync that a COPY FROM ignores, and sends none until its end', () => {
    const { connection, count, sent } = counted()
    count.begin()
    connection.query('copy')
    connection.sync()
    connection.emit('copyInResponse')
    connection.sync()
    expect(sent).toEqual(['copy', 'sync'])
    expect([count.onReadyForQuery(), count.isDue]).toEqual([true, false])
    count.begin()
    connection.sync()
    expect([sent.length, count.onReadyForQuery()]).toEqual([3, true])
  })

  test('sends the Sync of a COPY FROM that came by the extended protocol, which waits for it', () => {
    const { connection, count, sent } = counted()
    connection.query('select 1')
    count.onReadyForQuery()
    count.begin()
    connection.sync()
    connection.emit('copyInResponse')
    connection.sync()
    expect(sent).toHaveLength(3)
  })
})

/** The protocol level, that pg makes public. */
const wireOf = (client: PoolClient): WireConnection =>
  (client as unknown as { readonly connection: WireConnection }).connection

const codeOf = (error: { readonly code?: string; readonly message: string }): string =>
  error.code ?? error.message

// Each of these sent a Sync too many: the queries behind got the answers of those before, across tenants.
describe.each(SERVERS)('one answer for each query on $name', (server) => {
  const houses = new Houses(server, `syncs ${server.version}`)
  beforeAll(() => houses.build(['a', 'b', 'c']))
  afterAll(() => houses.clear())

  describe.each(['auto', 'fast', 'strict'] as const)('with hygiene %s', (hygiene) => {
    test.each(['bbaa', 'abab'])(
      'behind `rows` with a value that can not be bound, then %s',
      async (order) => {
        const pool = houses.pool({ hygiene })
        await houses.in('b', () => pool.query('select 1'))
        const circular: { self?: object } = {}
        circular.self = circular
        const unbindable = { text: 'select * from nope where id = $1', values: [circular], rows: 3 }
        await houses.in('a', async () => {
          const client = await pool.connect()
          await expect(client.query(unbindable as QueryConfig)).rejects.toThrow(TypeError)
          void client.query('select name from users order by id').catch(() => {})
          client.release()
        })
        const answers = [...order].map(async (id, place) => {
          const text = `select name, ${place} as place from users order by id limit 1`
          const asked = houses.in(id, () => pool.query<{ name: string; place: number }>(text))
          return (await settles(asked, 'a query')).rows
        })
        expect(await Promise.all(answers)).toEqual(
          [...order].map((id, place) => [{ name: `${id}-1`, place }]),
        )
      },
    )

    test('behind a cursor that failed, when its timeout strikes', async () => {
      const pool = houses.pool({ hygiene, query_timeout: 300 })
      await houses.in('a', async () => {
        const client = await pool.connect()
        await expect(client.query(new Cursor('select 1/0')).read(1)).rejects.toMatchObject({ code: '22012' })
        client.release()
      })
      await sleep(200)
      const ask = (id: string, text: string): Promise<number | string | null> => {
        const asked = houses.in(id, () => pool.query({ text, query_timeout: 5000 } as QueryConfig))
        return settles(asked, 'a query').then(({ rowCount }) => rowCount, codeOf)
      }
      const before = (await houses.names('b')).length
      const answers = await Promise.all([
        ask('b', 'select pg_sleep(0.2)'),
        ask('b', `insert into users (name) values ('once')`),
        ask('c', 'select name from users where id = 1'),
      ])
      expect(answers).toEqual([1, 1, 1])
      expect(await houses.names('b')).toHaveLength(before + 1)
    })

    // Whoever sends it, by the connection that pg makes public.
    test('behind a Sync that nobody waits for', async () => {
      const pool = houses.pool({ hygiene })
      await houses.in('a', async () => {
        const client = await pool.connect()
        const connection = wireOf(client)
        const slow = client.query('select pg_sleep(0.1)')
        connection.sync()
        await slow
        connection.sync()
        const names = ['users', 'users'].map(() => client.query('select name from users where id = 1'))
        expect((await settles(Promise.all(names), 'two queries')).map(({ rows }) => rows)).toEqual([
          [{ name: 'a-1' }],
          [{ name: 'a-1' }],
        ])
        connection.sync()
        client.release()
      })
      for (const id of 'bab')
        expect((await houses.in(id, () => pool.query('select name from users where id = 1'))).rows).toEqual([
          { name: `${id}-1` },
        ])
    })
  })

  describe.each(['auto', 'fast', 'strict'] as const)('with hygiene %s', (hygiene) => {
    // In copy-in mode the server ignores Sync: counted, it would be waited for.
    test.each(['before', 'after'])('of a COPY FROM with a Sync %s its data', async (when) => {
      const pool = houses.pool({ hygiene })
      await houses.in('c', async () => {
        const client = await pool.connect()
        const connection = wireOf(client)
        const copy = client.query(copyFrom('copy users (name) from stdin'))
        if (when === 'before') connection.prependOnceListener('copyInResponse', () => connection.sync())
        copy.write('copied\n')
        copy.end()
        if (when === 'after') setImmediate(() => connection.sync())
        await settles(once(copy, 'finish'), 'the COPY')
        const { rows } = await settles(
          client.query(`select name from users where name = 'copied'`),
          'a query behind',
        )
        expect(rows[0]).toEqual({ name: 'copied' })
        client.release()
      })
      expect(await houses.nameOfB(pool)).toBe('b-1')
    })

    // What it answers would be taken for the answer to the next tenant's switch, and its transaction for nobody's.
    test.each(['begin', 'select 1', 'select 1/0', 'copy users (name) from stdin'])(
      'after a raw %s that nobody waited for',
      async (text) => {
        const pool = houses.pool({ hygiene })
        const before = (await houses.names('b')).length
        await houses.in('a', async () => {
          const client = await pool.connect()
          await client.query('select 1')
          wireOf(client).query(text)
          client.release()
        })
        const { rows } = await settles(
          houses.in('b', () => pool.query(`insert into users (name) values ('kept') returning name`)),
          'the insert',
        )
        expect(rows).toEqual([{ name: 'kept' }])
        await pool.end()
        expect(await houses.names('b')).toHaveLength(before + 1)
      },
    )
  })

  test('a cursor of a tenant that is not there can be timed out', async () => {
    const pool = houses.pool({ query_timeout: 100 })
    await houses.in('missing', async () => {
      const client = await pool.connect()
      await expect(client.query(new Cursor('select 1')).read(1)).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_NOT_FOUND',
      })
      client.release()
    })
    // What the timer throws would end this test.
    await sleep(200)
    expect(await houses.nameOfB(pool)).toBe('b-1')
  })
})
