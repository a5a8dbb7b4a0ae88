import { Client } from 'pg'
import type { Pool, PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { startPgBouncer } from '../../scripts/embedded-pgbouncer/start'
import { postgres } from '../../src/postgres/postgres'
import type { PostgresOptions } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import { MigrationFolder, WIDGETS } from '../support/migrations'
import { dropPrefix, SERVERS, uniquePrefix } from '../support/servers'

const LOST = { code: 'ROWHOUSE_TRANSACTION', tenant: 'acme' }

describe.each(SERVERS)('tenancy.transaction on $name', (server) => {
  const prefix = uniquePrefix(`transaction ${server.name}`)
  const folder = new MigrationFolder(WIDGETS)
  const open = (options: PostgresOptions = {}) =>
    createTenancy({
      engine: postgres({
        connectionString: server.appUrl,
        migrationUrl: server.ownerUrl,
        max: 2,
        ...options,
      }),
      prefix,
      migrations: folder.path,
    })
  let tenancy: ReturnType<typeof open>
  let pool: Pool
  let owner: Client
  beforeAll(async () => {
    owner = new Client({ connectionString: server.ownerUrl })
    await owner.connect()
    tenancy = open()
    pool = tenancy.pool
    pool.on('error', () => {})
    await tenancy.create('acme')
    await tenancy.create('globex')
  })
  afterAll(async () => {
    await tenancy.close()
    await owner.end()
    folder.remove()
    await dropPrefix(server, prefix)
  })
  afterEach(() => owner.query(`delete from ${prefix}acme.widgets`))

  const insert = (name: string, on: Pick<Pool | PoolClient, 'query'> = pool): Promise<unknown> =>
    on.query('insert into widgets (name) values ($1)', [name])
  const acme = <T>(work: () => Promise<T>, of = tenancy): Promise<T> =>
    of.run('acme', () => of.transaction(work))
  const kept = async (): Promise<string[]> =>
    (await owner.query(`select name from ${prefix}acme.widgets order by id`)).rows.map(
      ({ name }) => name as string,
    )

  test('says so where the error of a statement was caught: the server rolls back and calls it a COMMIT', async () => {
    const caught = acme(async () => {
      await insert('a')
      await pool.query('select * from missing').catch(() => {})
    })
    await expect(caught).rejects.toMatchObject(LOST)
    const inner = acme(async () => {
      await insert('outer')
      const failing = tenancy.transaction(async () => {
        await insert('inner')
        await pool.query('select * from missing').catch(() => {})
      })
      await expect(failing).rejects.toMatchObject(LOST)
    })
    await inner
    expect(await kept()).toEqual(['outer'])
  })

  test('a COMMIT of a library behind a caught error fails, and its ROLLBACK leaves the outer one whole', async () => {
    await acme(async () => {
      await insert('outer')
      const client = await pool.connect()
      await client.query('begin')
      await insert('inner', client)
      await client.query('select * from missing').catch(() => {})
      await expect(client.query('commit')).rejects.toMatchObject({ code: '25P02' })
      await client.query('rollback')
      client.release()
      await insert('after')
    })
    expect(await kept()).toEqual(['outer', 'after'])
  })

  test('what commits inside a text is refused, and what hides it ends the transaction and no more', async () => {
    const said = acme(async () => {
      await insert('a')
      await pool.query("insert into widgets (name) values ('b'); commit")
    })
    await expect(said).rejects.toMatchObject(LOST)
    expect(await kept()).toEqual([])
    // A scanner takes `end` among other statements for the end of a body.
    const hidden = acme(async () => {
      await pool.query("insert into widgets (name) values ('c'); end")
      await insert('d')
    })
    await expect(hidden).rejects.toMatchObject(LOST)
    expect(await kept()).toEqual(['c'])
  })

  test('an error of COMMIT is what is thrown', async () => {
    await owner.query(
      `create table if not exists ${prefix}acme.notes (id int unique deferrable initially deferred);
       grant all on ${prefix}acme.notes to public`,
    )
    const twice = acme(async () => {
      await insert('a')
      await pool.query('insert into notes values (1), (1)')
    })
    await expect(twice).rejects.toMatchObject({ code: '23505' })
    expect(await kept()).toEqual([])
  })

  test('a connection that is lost is told, and the next transaction has another one', async () => {
    const lost = acme(async () => {
      await insert('a')
      await pool.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 50))
      await insert('b')
    })
    await expect(lost).rejects.toThrow()
    const caught = acme(async () => {
      await insert('a')
      await pool.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    await expect(caught).rejects.toMatchObject(LOST)
    expect(await kept()).toEqual([])
    await acme(() => insert('next'))
    expect(await kept()).toEqual(['next'])
  })

  test('callbacks, cursors, streams and listeners are in it', async () => {
    await acme(async () => {
      await new Promise<void>((resolve, reject) =>
        pool.query("insert into widgets (name) values ('a'), ('b')", (error) =>
          error ? reject(error) : resolve(),
        ),
      )
      const client = await pool.connect()
      const rows = await client.query(new Cursor('select name from widgets order by id')).read(5)
      expect(rows).toEqual([{ name: 'a' }, { name: 'b' }])
      const streamed: string[] = []
      for await (const { name } of client.query(
        new QueryStream('select name from widgets order by id'),
      ) as AsyncIterable<{
        name: string
      }>)
        streamed.push(name)
      expect(streamed).toEqual(['a', 'b'])
      const notices: (string | undefined)[] = []
      client.on('notice', ({ message }) => notices.push(message))
      await client.query("do $$ begin raise warning 'heard'; end $$")
      client.release()
      await pool.query("do $$ begin raise warning 'caught'; end $$")
      expect(notices).toEqual(['heard'])
      expect(await kept()).toEqual([])
    })
    expect(await kept()).toEqual(['a', 'b'])
  })

  test.each([
    ['cursor', () => new Cursor('select name from widgets order by id')],
    ['stream', () => new QueryStream('select name from widgets order by id', [], { highWaterMark: 1 })],
  ])('a %s that was left half read keeps nobody waiting', async (_what, make) => {
    const readOne = async (client: PoolClient): Promise<void> => {
      const query = client.query(make() as Cursor)
      if (query instanceof Cursor) await query.read(1)
      else await new Promise((resolve) => (query as QueryStream).once('readable', resolve))
    }
    const leaving = (isReleased: boolean): Promise<void> =>
      acme(async () => {
        await pool.query("insert into widgets (name) select 'w' from generate_series(1, 300)")
        const client = await pool.connect()
        await readOne(client)
        if (!isReleased) return
        client.release()
        await insert('behind')
        throw new Error('undone')
      })
    await expect(leaving(true)).rejects.toThrow('undone')
    expect(await kept()).toEqual([])
    await leaving(false)
    expect(await kept()).toHaveLength(300)
    await acme(() => insert('next'))
    expect(pool.totalCount - pool.idleCount).toBe(0)
  })

  test('leaves nothing of its session to the next tenant', async () => {
    const single = open({ max: 1 })
    try {
      await acme(async () => {
        await single.pool.query("create temp table scratch as select 'acme' as whose")
        await single.pool.query("select set_config('app.secret', 'acme', false)")
      }, single)
      const [table, setting] = await single.run('globex', async () => [
        await single.pool.query("select to_regclass('pg_temp.scratch') as it"),
        await single.pool.query("select current_setting('app.secret', true) as it"),
      ])
      expect([table.rows[0].it, setting.rows[0].it || null]).toEqual([null, null])
    } finally {
      await single.close()
    }
  })

  test('behind a pooler of transactions it is one of those', async () => {
    const bouncer = await startPgBouncer({ target: server.appUrl, poolMode: 'transaction', poolSize: 2 })
    const local = open({ connectionString: bouncer.url, mode: 'local' })
    try {
      await acme(async () => {
        await insert('a', local.pool)
        await local.transaction(() => insert('b', local.pool))
        await expect(local.transaction(() => local.pool.query('select * from missing'))).rejects.toThrow(
          'missing',
        )
        expect(await kept()).toEqual([])
      }, local)
      await expect(acme(async () => void (await insert('c', local.pool), fail()), local)).rejects.toThrow(
        'fail',
      )
      expect(await kept()).toEqual(['a', 'b'])
    } finally {
      await local.close()
      await bouncer.stop()
    }
  })

  test('as the role of its tenant, where each has one', async () => {
    const hard = createTenancy({
      engine: postgres({
        ...{ connectionString: server.appUrl, migrationUrl: server.ownerUrl, max: 1 },
        isolation: 'role',
      }),
      prefix: `${prefix}hard_`,
      migrations: folder.path,
    })
    try {
      for (const id of ['acme', 'globex']) await hard.create(id)
      await hard.run('acme', () =>
        hard.transaction(async () => {
          await insert('a', hard.pool)
          await hard.transaction(() => insert('b', hard.pool))
        }),
      )
      const other = hard.run('globex', () =>
        hard.transaction(() => hard.pool.query(`select * from ${prefix}hard_acme.widgets`)),
      )
      await expect(other).rejects.toMatchObject({ code: '42501' })
      const { rows } = await hard.run('acme', () => hard.pool.query('select name from widgets order by id'))
      expect(rows.map(({ name }) => name as string)).toEqual(['a', 'b'])
    } finally {
      for (const id of ['acme', 'globex']) await hard.drop(id)
      await hard.close()
    }
  })
})

function fail(): never {
  throw new Error('fail')
}
