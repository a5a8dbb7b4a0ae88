import { Query } from 'pg'
import type { Pool, PoolClient } from 'pg'
import { SERVERS } from '../support/servers'
import { settles } from '../support/settles'
import { Houses } from './support/houses'

type Row = { name: string }
const NAME = 'select name from users where id = 1'

// Whoever sends it last must not decide where it runs on a connection that it still waits for.
describe.each(SERVERS)('one query object that is sent twice, on $name', (server) => {
  const houses = new Houses(server, `objects ${server.version}`)
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  /** A pool whose two connections have served tenant b. */
  async function poolOfB(): Promise<Pool> {
    const pool = houses.pool({ max: 2, hygiene: 'fast' })
    const slow = 'select name, pg_sleep(0.05) from users where id = 1'
    await houses.in('b', () => Promise.all([1, 2].map(() => pool.query(slow))))
    return pool
  }

  const both = async (pool: Pool): Promise<[PoolClient, PoolClient]> => [
    await pool.connect(),
    await pool.connect(),
  ]

  test.each(['rollback', 'commit'])('to two clients, behind a %s', async (first) => {
    const pool = await poolOfB()
    const before = await houses.names('b')
    await houses.in('a', async () => {
      const [one, other] = await both(pool)
      const query = new Query<Row>(`insert into users (name) values ('by-a')`)
      query.on('error', () => {})
      const warned = one.query(first).catch(() => {})
      one.query(query)
      other.query(query)
      await warned
      await settles(Promise.all([one.query(NAME), other.query(NAME)]), 'the queries behind')
      one.release()
      other.release()
    })
    expect(await houses.names('b')).toEqual(before)
    expect(await houses.names('a')).toContain('by-a')
  })

  test('to two clients, as a read', async () => {
    const pool = await poolOfB()
    const seen: string[] = []
    await houses.in('a', async () => {
      const [one, other] = await both(pool)
      const query = new Query<Row>(NAME)
      query.on('row', ({ name }) => seen.push(name))
      query.on('error', () => {})
      const warned = one.query('rollback')
      one.query(query)
      other.query(query)
      await warned
      await settles(Promise.all([one.query(NAME), other.query(NAME)]), 'the queries behind')
      one.release()
      other.release()
    })
    expect(seen).toEqual(['a-1', 'a-1'])
  })

  test('to the pool, whose connections are just being set up', async () => {
    const pool = houses.pool({ max: 2 })
    pool.on('connect', (client) => void client.query('select pg_sleep(0.02)'))
    const query = new Query<Row>(NAME)
    const seen: string[] = []
    query.on('row', ({ name }) => seen.push(name))
    await houses.in('a', async () => {
      const sent = [1, 2].map(() => pool.query(query as never) as unknown as Promise<unknown>)
      // One callback serves both, so that pg answers one of them only.
      await settles(Promise.race(sent), 'one of them')
      await settles(Promise.all([pool.query(NAME), pool.query(NAME)]), 'the queries behind').catch(() => {})
    })
    expect(seen).toEqual(seen.map(() => 'a-1'))
    expect(await houses.nameOfB(pool)).toBe('b-1')
  })

  // The first use would otherwise lend its context to the second.
  test.each(['callback', 'event'])('whose first use found no connection: its %s', async (what) => {
    const pool = houses.pool({ connectionTimeoutMillis: 100 })
    const client = await houses.in('a', () => pool.connect())
    const query = new Query<Row>('select 1')
    const seen = new Promise<string>((resolve) => {
      const ask = (): void => void pool.query<Row>(NAME).then(({ rows }) => resolve(rows[0]!.name))
      if (what === 'event') query.on('end', ask)
      else
        (query as unknown as { callback: (error?: Error) => void }).callback = (error) => {
          if (!error) ask()
        }
    })
    const send = (id: string): Promise<unknown> =>
      houses.in(id, () => pool.query(query as never) as unknown as Promise<unknown>)
    await expect(send('a')).rejects.toThrow('timeout')
    client.release()
    await settles(send('b'), 'the second use')
    expect(await settles(seen, 'what it asked')).toBe('b-1')
  })
})
