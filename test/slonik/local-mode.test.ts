import { startPgBouncer } from '../../scripts/embedded-pgbouncer/start'
import type { PgBouncer } from '../../scripts/embedded-pgbouncer/start'
import { context } from '../postgres/support/houses'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

describe.each(PAIRS)("mode: 'local' of $name, behind a PgBouncer of transactions", (pair) => {
  const houses = new SlonikHouses(pair, 'local')
  const { sql } = houses
  let bouncer: PgBouncer
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    bouncer = await startPgBouncer({
      target: pair.server.appUrl,
      poolMode: 'transaction',
      poolSize: 1,
      // Slonik asks for them with each connection.
      settings: ['ignore_startup_parameters = statement_timeout, idle_in_transaction_session_timeout'],
    })
  })
  afterAll(async () => {
    await bouncer.stop()
    await houses.clear()
  })

  const open = () =>
    pair.slonik.createTenantSlonik(bouncer.url, {
      tenancy: context,
      mode: 'local',
      maximumPoolSize: 3,
      idleTimeout: 1000,
    })

  test('forty calls of two tenants over one connection read and write where they belong', async () => {
    const pool = await open()
    try {
      const call = async (id: string, index: number): Promise<void> => {
        const token = `${id} ${index}`
        await houses.in(id, async () => {
          expect(await pool.oneFirst(sql`select name from users where id = 1`)).toBe(`${id}-1`)
          if (index % 3 === 0) await pool.query(sql`insert into users (name) values (${token})`)
          else
            await pool.transaction(async (tx) => {
              await tx.query(sql`insert into users (name) values (${token})`)
              await tx.transaction((inner) => inner.query(sql`select 1/0`)).catch(() => {})
              expect(await tx.oneFirst(sql`select name from users where id = 1`)).toBe(`${id}-1`)
            })
        })
      }
      const calls = Array.from({ length: 40 }, (_, index) => call(index % 2 === 0 ? 'a' : 'b', index))
      await Promise.all(calls)
      for (const id of ['a', 'b']) {
        const names = await houses.names(id)
        expect(names).toHaveLength(22)
        expect(names.filter((name) => !name.startsWith(id))).toEqual([])
      }
    } finally {
      await pool.end()
    }
  })

  test('a setting of the session is refused', async () => {
    const pool = await open()
    try {
      const error: unknown = await houses
        .in('a', () => pool.query(sql`set statement_timeout = 1000`))
        .catch((problem: unknown) => problem)
      expect(JSON.stringify([error, (error as Error).cause, String(error)])).toContain('LOCAL_MODE')
    } finally {
      await pool.end()
    }
  })
})
