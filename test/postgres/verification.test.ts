import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Pool } from 'pg'
import { ISOLATION_CHANNEL, isolationCounts } from '../../src/observe/isolation'
import type { IsolationMessage } from '../../src/observe/isolation'
import { afterEvent, UNKNOWN } from '../../src/postgres/path-state'
import type { PathState } from '../../src/postgres/path-state'
import { DEFAULT_PATH, tenantPath } from '../../src/postgres/search-path'
import { verify } from '../../src/postgres/verification'
import { SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const READ = { kind: 'dml', effect: 'none' } as const

describe('what the server says behind a query', () => {
  const wanted = tenantPath({ id: 'a', schema: 'tenant_a' } as never, [])
  const on = (path: string | undefined): PathState =>
    afterEvent(UNKNOWN, { type: 'reported', path, isStartup: false })
  const verifiedBy = (...args: Parameters<typeof verify>): number => {
    const before = isolationCounts().verified
    expect(verify(...args)).toBeUndefined()
    return isolationCounts().verified - before
  }

  test('is counted where it is right', () => {
    expect(verifiedBy(on(wanted.path), wanted, READ)).toBe(1)
    expect(verifiedBy(on(wanted.path), wanted, { kind: 'other', effect: 'any' })).toBe(1)
  })

  test('is nothing where it says nothing, or nobody asked for a tenant', () => {
    expect(verifiedBy(UNKNOWN, wanted, READ)).toBe(0)
    expect(verifiedBy(on('"tenant_b","pg_temp"'), DEFAULT_PATH, READ)).toBe(0)
    expect(verifiedBy(on('"tenant_b","pg_temp"'), undefined, READ)).toBe(0)
  })

  test.each(['"tenant_b","pg_temp"', '"tenant_a"', undefined])(
    'is a mismatch where it is %s behind a read or a write',
    (path) => {
      for (const effect of ['none', 'write'] as const)
        expect(verify(on(path), wanted, { kind: 'dml', effect })).toMatchObject({
          code: 'ROWHOUSE_ISOLATION',
          tenant: 'a',
        })
    },
  )

  test('may be anything where the query can have set it', () => {
    for (const kind of ['other', 'control', 'begin'] as const)
      expect(verifiedBy(on('"tenant_b"'), wanted, { kind, effect: 'any' })).toBe(0)
    expect(verifiedBy(on('"tenant_b"'), wanted, { kind: 'dml', effect: 'any' })).toBe(0)
  })
})

describe.each(SERVERS)('verified isolation on $name', (server) => {
  const houses = new Houses(server, `verified ${server.version}`)
  const reports = server.version >= 18
  const told: IsolationMessage[] = []
  const hear = (message: unknown): void => void told.push(message as IsolationMessage)
  beforeAll(() => houses.build(['a', 'b']))
  beforeEach(() => {
    told.length = 0
    subscribe(ISOLATION_CHANNEL, hear)
  })
  afterEach(() => unsubscribe(ISOLATION_CHANNEL, hear))
  afterAll(() => houses.clear())

  const countsOf = async (
    work: () => Promise<unknown>,
  ): Promise<{ verified: number; mismatches: number }> => {
    const before = isolationCounts()
    await work()
    const { verified, mismatches } = isolationCounts()
    return { verified: verified - before.verified, mismatches: mismatches - before.mismatches }
  }
  const pidOf = async (pool: Pool): Promise<number> =>
    (await houses.in('a', () => pool.query('select pg_backend_pid() as pid'))).rows[0].pid

  test('each result of a tenant is counted where the server reports its path', async () => {
    const pool = houses.pool()
    const counts = await countsOf(async () => {
      for (const id of 'abba')
        await houses.in(id, () => pool.query('select name from users where id = $1', [1]))
      await houses.in('a', () => pool.query(`insert into users (name) values ('counted')`))
      await houses.in('a', () => pool.query('select 1/0')).catch(() => {})
      const client = await houses.in('b', () => pool.connect())
      for (const text of ['begin', 'select 1', 'commit']) await client.query(text)
      client.release()
    })
    expect(counts).toEqual({ verified: reports ? 8 : 0, mismatches: 0 })
    expect(told).toEqual([])
  })

  test('a view whose function moves the connection is a mismatch: refused, closed and told', async () => {
    const pool = houses.pool()
    const schema = houses.schema('a')
    await houses.in('a', () =>
      pool.query(
        `create function move() returns text language sql as $$ select set_config('search_path', '${houses.schema('b')}', false) $$;
         create view moves as select ${schema}.move() as path`,
      ),
    )
    const before = await pidOf(pool)
    const read = houses.in('a', () => pool.query('select * from moves'))
    if (!reports) await read
    else
      await expect(read).rejects.toMatchObject({
        code: 'ROWHOUSE_ISOLATION',
        tenant: 'a',
        message: expect.stringContaining(houses.schema('b')),
      })
    expect(told.map(({ error }) => error.tenant)).toEqual(reports ? ['a'] : [])
    expect(await houses.nameOfB(pool)).toBe('b-1')
    if (reports) expect(await pidOf(pool)).not.toBe(before)
  })

  test('a SET of the application is its own affair, and the next query is back', async () => {
    const pool = houses.pool()
    const counts = await countsOf(() =>
      houses.in('a', () => pool.query(`set search_path to ${houses.schema('b')}`)),
    )
    expect(counts).toEqual({ verified: 0, mismatches: 0 })
    const { rows } = await houses.in('a', () => pool.query('select name from users where id = 1'))
    expect(rows).toEqual([{ name: 'a-1' }])
  })
})
