import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { once } from 'node:events'
import type { WireConnection } from '../../src/postgres/driver'
import { SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses } from './support/houses'

const SEVEN = 'select n from generate_series(1, 7) n'

// pg sends a read that waited only when the server has described its rows: a close that overtakes it closes the portal
// under it, and the error reaches whoever is next.
describe.each(SERVERS)('cursors closed before their read was sent, on $name', (server) => {
  const houses = new Houses(server, `closed at once ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  describe.each(['auto', 'fast', 'strict'] as const)('with hygiene %s', (hygiene) => {
    test.each([
      ['at once', async () => {}],
      ['once it was sent', () => new Promise(setImmediate)],
      ['a little later', () => new Promise((resolve) => setTimeout(resolve, 2))],
    ])('a cursor read, and closed %s', async (_when, pause) => {
      const pool = houses.pool({ hygiene })
      await houses.in('b', () => pool.query('select 1'))
      const answers = await houses.in('a', async () => {
        const client = await pool.connect()
        const cursor = client.query(new Cursor<{ n: number }>(SEVEN))
        const rows = cursor.read(2)
        await pause()
        const closed = cursor.close()
        client.release()
        return settles(Promise.all([rows, closed]), 'the read and the close')
      })
      expect(answers).toEqual([[{ n: 1 }, { n: 2 }], undefined])
      expect(await houses.nameOfB(pool)).toBe('b-1')
    })

    test.each([
      ['select nonsense', '42703'],
      ['select 1 / n from generate_series(0, 3) n', '22012'],
      ['do $$ begin end $$', []],
      ['', []],
    ])('a cursor of %j, read and closed at once', async (text, answer) => {
      const pool = houses.pool({ hygiene })
      await houses.in('a', async () => {
        const client = await pool.connect()
        const cursor = client.query(new Cursor(text))
        const read = cursor.read(2).catch((error: { code: string }) => error.code)
        const closed = cursor.close()
        client.release()
        expect(await settles(read, 'the read')).toEqual(answer)
        await settles(closed, 'the close')
      })
      expect(await houses.nameOfB(pool)).toBe('b-1')
    })

    test('behind another query', async () => {
      const pool = houses.pool({ hygiene })
      await houses.in('a', async () => {
        const client = await pool.connect()
        const before = client.query('select 1 as one')
        const cursor = client.query(new Cursor<{ n: number }>(SEVEN))
        const read = cursor.read(2)
        const closed = cursor.close()
        const behind = client.query('select name from users where id = 1')
        client.release()
        expect((await before).rows).toEqual([{ one: 1 }])
        expect(await settles(read, 'the read')).toEqual([{ n: 1 }, { n: 2 }])
        await settles(closed, 'the close')
        expect((await settles(behind, 'the query behind')).rows).toEqual([{ name: 'a-1' }])
      })
      expect(await houses.nameOfB(pool)).toBe('b-1')
    })

    test.each(['a', 'missing'])(
      'a stream of tenant %s that is read from and destroyed at once',
      async (id) => {
        const pool = houses.pool({ hygiene })
        await houses.in(id, async () => {
          const client = await pool.connect()
          const stream = client.query(new QueryStream(SEVEN))
          stream.on('error', () => {})
          stream.read()
          stream.destroy()
          client.release()
          await settles(once(stream, 'close'), 'the end of the stream')
        })
        expect(await houses.nameOfB(pool)).toBe('b-1')
      },
    )
  })

  test('a read behind a close finds nothing, as on a cursor that is closed', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      const cursor = client.query(new Cursor(SEVEN))
      const closed = cursor.close()
      expect(await settles(cursor.read(2), 'the read')).toEqual([])
      const [, rows] = await settles(
        new Promise<unknown[]>((resolve) => cursor.read(2, (...answer) => resolve(answer))),
        'the read by callback',
      )
      expect(rows).toEqual([])
      await settles(closed, 'the close')
      client.release()
    })
    expect(await houses.nameOfB(pool)).toBe('b-1')
  })

  test('a cursor that is sent once more can be closed once more', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      const cursor = client.query(new Cursor(SEVEN))
      expect(await cursor.read(2)).toHaveLength(2)
      await cursor.close()
      client.query(cursor)
      expect(await settles(cursor.read(2), 'the read')).toEqual([])
      await settles(cursor.close(), 'the close')
      client.release()
    })
    expect(await houses.nameOfB(pool)).toBe('b-1')
  })

  test.each(['no server', 'no tenant'])(
    'what the pool had no connection for can be closed: %s',
    async (why) => {
      const pool =
        why === 'no tenant'
          ? houses.pool()
          : houses.pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' })
      const send = (query: unknown): Promise<unknown> => {
        const ask = (): Promise<unknown> => pool.query(query as never)
        return why === 'no tenant' ? ask() : houses.in('a', ask)
      }
      const code = why === 'no tenant' ? 'ROWHOUSE_TENANT_REQUIRED' : 'ECONNREFUSED'
      const stream = new QueryStream(SEVEN)
      stream.on('error', () => {})
      await expect(send(stream)).rejects.toMatchObject({ code })
      const ended = once(stream, 'close')
      stream.destroy()
      await settles(ended, 'the end of the stream')
      const cursor = new Cursor(SEVEN)
      const early = send(cursor)
      const closed = cursor.close()
      await expect(early).rejects.toMatchObject({ code })
      await settles(closed, 'the close before')
      await settles(cursor.close(), 'the close behind')
    },
  )

  test('a connection that is lost under the read answers both', async () => {
    const pool = houses.pool()
    await houses.in('a', async () => {
      const client = await pool.connect()
      const cursor = client.query(new Cursor('select pg_sleep(1)'))
      const read = cursor.read(1).catch((error: Error) => error.message)
      const closed = cursor.close()
      const { stream } = (client as unknown as { readonly connection: WireConnection }).connection
      setTimeout(() => stream.destroy(), 50)
      client.release()
      expect(await settles(read, 'the read')).toMatch('terminated')
      await settles(closed, 'the close')
    })
    expect(await houses.nameOfB(pool)).toBe('b-1')
  })
})
