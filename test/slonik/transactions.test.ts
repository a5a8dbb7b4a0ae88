import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabasePool, DatabasePoolConnection, DatabaseTransactionConnection } from 'slonik'
import { context } from '../postgres/support/houses'
import { settles } from '../support/settles'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

const MISMATCH = { code: 'ROWHOUSE_TENANT_MISMATCH', tenant: 'a' }

describe.each(PAIRS)('transactions and connections of $name', (pair) => {
  const houses = new SlonikHouses(pair, 'transactions')
  const { sql } = houses
  const { UnexpectedForeignConnectionError } = pair.slonik.module
  const first = sql`select name from users where id = 1`
  let pool: DatabasePool
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    pool = await houses.tenantSlonik({ maximumPoolSize: 2 })
  })
  beforeEach(() =>
    houses.asOwner(async (owner) => {
      for (const id of ['a', 'b']) await owner.query(`delete from ${houses.schema(id)}.users where id > 2`)
    }),
  )
  afterAll(() => houses.clear())

  const add = (on: Pick<DatabasePool, 'query'>, name: string) =>
    on.query(sql`insert into users (name) values (${name})`)
  const added = async (id: string): Promise<string[]> => (await houses.names(id)).slice(2)

  test('what succeeds is kept, what throws is rolled back, each in its tenant', async () => {
    await Promise.all(
      ['a', 'b'].map((id) => houses.in(id, () => pool.transaction((tx) => add(tx, `${id} kept`)))),
    )
    const thrown = new Error('of the handler')
    const failing = houses.in('a', () =>
      pool.transaction(async (tx) => {
        await add(tx, 'lost')
        throw thrown
      }),
    )
    await expect(failing).rejects.toBe(thrown)
    expect([await added('a'), await added('b')]).toEqual([['a kept'], ['b kept']])
  })

  test('a nested transaction that throws goes back to its savepoint, and the rest stays in the tenant', async () => {
    await houses.in('b', () => pool.any(first))
    await houses.in('a', () =>
      pool.transaction(async (tx) => {
        await add(tx, 'outer')
        await tx
          .transaction(async (inner) => {
            await add(inner, 'lost')
            await inner.any(sql`select 1 / 0`)
          })
          .catch(() => {})
        await tx.transaction(async (inner) => {
          await add(inner, 'inner')
          await inner.transaction((innermost) => add(innermost, 'innermost'))
        })
        expect(await tx.oneFirst(first)).toBe('a-1')
      }),
    )
    expect(await added('a')).toEqual(['outer', 'inner', 'innermost'])
    expect(await houses.names('b')).toHaveLength(2)
  })

  test.each([
    ['the transaction', 3, (tx: DatabaseTransactionConnection, work: typeof attempt) => work(tx)],
    ['a nested one', 3, (tx: DatabaseTransactionConnection, work: typeof attempt) => tx.transaction(work)],
  ])('%s is tried again after a serialization failure, in the same tenant', async (_what, tries, nest) => {
    attempts = 0
    await houses.in('b', () => pool.any(first))
    await houses.in('a', () => pool.transaction((tx) => nest(tx, attempt)))
    expect([attempts, await added('a'), await added('b')]).toEqual([tries, ['try 3 of a'], []])
  })
  let attempts = 0
  const attempt = async (tx: DatabaseTransactionConnection): Promise<void> => {
    attempts += 1
    await add(tx, `try ${attempts} of ${context.current()?.id}`)
    if (attempts < 3) await tx.query(sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`)
  }

  test('a query is tried again after a serialization failure, in the same tenant', async () => {
    await houses.asOwner((owner) =>
      owner.query(
        `create sequence ${houses.schema('a')}.tries; grant all on ${houses.schema('a')}.tries to public;
         create function ${houses.schema('a')}.flaky() returns int language plpgsql as
           $$ begin if nextval('tries') < 3 then raise exception 'again' using errcode = '40001'; end if; return 7; end $$`,
      ),
    )
    expect(await houses.in('a', () => pool.oneFirst(sql`select flaky()`))).toBe(7)
  })

  test('a connection belongs to its tenant: used in the context of another it refuses, and sends nothing', async () => {
    for (const lend of ['connect', 'transaction'] as const) {
      await houses.in('a', () =>
        pool[lend](async (lent: DatabasePoolConnection) => {
          await expect(houses.in('b', () => add(lent, 'wrong'))).rejects.toMatchObject(MISMATCH)
          await expect(houses.in('b', () => lent.transaction(async () => {}))).rejects.toMatchObject(MISMATCH)
          await expect(context.withoutTenant(() => lent.any(first))).rejects.toMatchObject(MISMATCH)
          expect(await lent.oneFirst(first)).toBe('a-1')
        }),
      )
    }
    expect([await added('a'), await added('b')]).toEqual([[], []])
  })

  test('where the context was lost, a connection still knows whose it is', async () => {
    await houses.in('a', () =>
      pool.connect(async (connection) => {
        // As a library does that calls back from a socket or a queue of its own.
        const found = await new Promise((resolve) =>
          outside(() => {
            const tenant = context.current()
            resolve(connection.oneFirst(first).then((name) => [tenant, name]))
          }),
        )
        expect(found).toEqual([undefined, 'a-1'])
      }),
    )
  })
  const outsiders: (() => void)[] = []
  const outside = (work: () => void): void => void outsiders.push(work)
  const timer = setInterval(() => outsiders.splice(0).forEach((work) => work()), 5)
  afterAll(() => clearInterval(timer))

  test('a call of another tenant inside a connection has a connection of its own', async () => {
    const names = await houses.in('a', () =>
      pool.connect(async (connection) => [
        await houses.in('b', () => pool.oneFirst(first)),
        await connection.oneFirst(first),
      ]),
    )
    expect(names).toEqual(['b-1', 'a-1'])
  })

  test('in a transaction slonik refuses another connection, as it does without tenants', async () => {
    const work = houses.in('a', () => pool.transaction(() => pool.any(first)))
    if (UnexpectedForeignConnectionError === undefined) expect(await work).toEqual([{ name: 'a-1' }])
    else await expect(work).rejects.toBeInstanceOf(UnexpectedForeignConnectionError)
  })

  test('a connection and a transaction are good for their call only', async () => {
    const kept: DatabasePoolConnection[] = []
    await houses.in('a', async () => {
      await pool.connect(async (connection) => void kept.push(connection))
      await pool.transaction(async (tx) => void kept.push(tx))
    })
    for (const old of kept) {
      await expect(houses.in('a', async () => add(old, 'late'))).rejects.toThrow()
      await houses.in('b', () =>
        pool.transaction(async (tx) => {
          await expect(houses.in('a', async () => add(old, 'late'))).rejects.toThrow()
          expect(await tx.oneFirst(first)).toBe('b-1')
        }),
      )
    }
    expect([await added('a'), await added('b')]).toEqual([[], []])
  })

  test('a query that nobody waited for ends in its own tenant, or does not run', async () => {
    const single = await houses.tenantSlonik()
    const late: Promise<unknown>[] = []
    await houses.in('a', () =>
      single.connect(async (connection) => {
        for (const name of ['late 1', 'late 2'])
          late.push(connection.query(sql`insert into users (name) select ${name} from pg_sleep(0.05)`))
        await sleep(5)
      }),
    )
    const next = houses.in('b', () => single.oneFirst(first))
    expect(await settles(next, 'the query of the next tenant')).toBe('b-1')
    const written = (await Promise.allSettled(late)).filter(({ status }) => status === 'fulfilled').length
    expect(await added('a')).toEqual(['late 1', 'late 2'].slice(0, written))
    expect(written).toBeGreaterThan(0)
    expect(await added('b')).toEqual([])
  })

  test('a transaction that was begun by hand and left open is closed with its connection', async () => {
    const single = await houses.tenantSlonik()
    const pid = await houses.in('a', () =>
      single.connect(async (connection) => {
        await connection.query(sql`begin`)
        await add(connection, 'lost')
        return houses.pid(connection)
      }),
    )
    const [name, next] = await houses.in('b', async () => [
      await settles(single.oneFirst(first), 'the query of the next tenant'),
      await houses.pid(single),
    ])
    expect([name, next === pid, await added('a')]).toEqual(['b-1', false, []])
  })

  test('a connection that is killed in a transaction fails it, and the pool goes on', async () => {
    const single = await houses.tenantSlonik()
    const work = houses.in('a', () =>
      single.transaction(async (tx) => {
        await add(tx, 'lost')
        await houses.kill(await houses.pid(tx))
        await add(tx, 'lost, too')
      }),
    )
    await expect(settles(work, 'the transaction')).rejects.toThrow(/terminated|destroy/i)
    expect(
      await settles(
        houses.in('b', () => single.oneFirst(first)),
        'the next query',
      ),
    ).toBe('b-1')
    expect(await added('a')).toEqual([])
  })

  test('an idle connection that is killed is replaced', async () => {
    const single = await houses.tenantSlonik()
    const pid = await houses.in('a', () => houses.pid(single))
    await houses.kill(pid)
    await sleep(20)
    expect(
      await settles(
        houses.in('b', () => single.oneFirst(first)),
        'the next query',
      ),
    ).toBe('b-1')
  })
})
