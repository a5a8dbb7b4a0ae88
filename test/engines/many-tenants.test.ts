import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import type { TownOptions } from './support/engine-town'

const NAMES_SQL = 'select name from {schema}.widgets order by id'

describe.each(ENGINE_SERVERS)('many tenants on $name', (server) => {
  let town: EngineTown
  const value = server.engine === 'postgres' ? '$1' : '?'
  afterEach(() => town.close())

  async function open(title: string, ids: readonly string[], options: TownOptions = {}): Promise<void> {
    town = new EngineTown(server, `many ${title}`, options)
    for (const id of ids) {
      await town.tenancy.create(id)
      await town.tenancy.run(id, () => town.insert(`of ${id}`))
    }
  }
  async function all(sql: string, values?: unknown[], options = {}): Promise<string[]> {
    const found: string[] = []
    for await (const { tenant, row } of town.tenancy.queryAll<{ name: string }>(sql, values, options))
      found.push(`${tenant}: ${row.name}`)
    return found
  }
  async function failure(asked: Promise<unknown>): Promise<any> {
    return asked.then(
      () => undefined,
      (error: unknown) => error,
    )
  }
  const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

  test('forEachTenant works in the context of each, suspended ones included', async () => {
    await open('each', IDS)
    await town.tenancy.suspend('c')
    let [running, most] = [0, 0]
    const report = await town.tenancy.forEachTenant(
      async (tenant) => {
        most = Math.max(most, ++running)
        await town.insert(`told ${tenant}`)
        expect(town.tenancy.current()?.id).toBe(tenant)
        running--
      },
      { concurrency: 3 },
    )
    expect(report).toEqual({ ok: 7, failed: [], notRun: 0 })
    expect(most).toBe(3)
    for (const id of IDS) expect(await town.kept(id)).toEqual([`of ${id}`, `told ${id}`])
    await town.tenancy.forEachTenant((id) => town.insert(`again ${id}`), { tenants: ['b'] })
    expect(await town.kept('b')).toEqual(['of b', 'told b', 'again b'])
    expect(await town.kept('a')).toEqual(['of a', 'told a'])
    await expect(town.tenancy.forEachTenant(() => {}, { concurrency: 0 })).rejects.toMatchObject({
      code: 'ROWHOUSE_CONFIG',
    })
  })

  test('the first error of forEachTenant ends it, names its tenant, and waits for what runs', async () => {
    await open('stop', IDS)
    const cause = new Error('no')
    const seen: string[] = []
    let ended = ''
    const error = await failure(
      town.tenancy.forEachTenant(
        async (id) => {
          seen.push(id)
          if (id === 'b') throw cause
          if (id !== 'a') return
          await new Promise((resolve) => setTimeout(resolve, 50))
          ended = id
        },
        { concurrency: 2 },
      ),
    )
    expect(error).toMatchObject({ code: 'ROWHOUSE_TENANT_WORK', tenant: 'b' })
    expect(error.cause).toBe(cause)
    expect([seen, ended]).toEqual([['a', 'b'], 'a'])
  })

  test('with onError: "continue" failures are reported, and an aborted run tells how many were not begun', async () => {
    await open('go on', IDS)
    const work = (id: string): void => {
      if (id === 'b' || id === 'e') throw new Error(`not ${id}`)
    }
    const report = await town.tenancy.forEachTenant(work, { onError: 'continue' })
    expect(report).toMatchObject({ ok: 5, notRun: 0 })
    expect(report.failed.map(({ tenant, error }) => [tenant, (error as Error).message]).sort()).toEqual([
      ['b', 'not b'],
      ['e', 'not e'],
    ])
    const controller = new AbortController()
    const stop = (id: string): void => void (id === 'c' && controller.abort())
    expect(await town.tenancy.forEachTenant(stop, { concurrency: 1, signal: controller.signal })).toEqual({
      ok: 3,
      failed: [],
      notRun: 4,
    })
  })

  test.each([{ hasRoles: false }, { hasRoles: true }])(
    'queryAll gives each row with its tenant, in batches, with values: %o',
    async ({ hasRoles }) => {
      await open(`rows ${hasRoles}`, IDS, { hasRoles })
      const rows = IDS.map((id) => `${id}: of ${id}`)
      for (const batchSize of [1, 2, 3, 100]) expect(await all(NAMES_SQL, [], { batchSize })).toEqual(rows)
      const sql = `select name from {schema}.widgets where name = ${value};`
      expect(await all(sql, ['of c'])).toEqual(['c: of c'])
      expect(await all(NAMES_SQL, [], { tenants: ['g', 'b'] })).toEqual(['g: of g', 'b: of b'])
      // A value is no text of the query.
      expect(
        await all(
          `select ${server.engine === 'postgres' ? '$1::text' : '?'} as name from {schema}.widgets`,
          ['{schema}.x'],
          { tenants: ['a', 'b'] },
        ),
      ).toEqual(['a: {schema}.x', 'b: {schema}.x'])
      await expect(all(NAMES_SQL, [], { batchSize: 0 })).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
    },
  )

  test('a column has its name in each tenant, wherever it stands in the table', async () => {
    await open('columns', ['a', 'b', 'c'])
    for (const [id, columns] of [
      ['a', 'x varchar(9), y varchar(9)'],
      ['b', 'y varchar(9), x varchar(9)'],
      ['c', 'y varchar(9), x varchar(9), z varchar(9)'],
    ] as const) {
      await town.asOwner(`create table pairs (${columns})`, id)
      await town.asOwner(`insert into pairs (x, y) values ('x of ${id}', 'y of ${id}')`, id)
      if (server.engine === 'postgres') await town.asOwner('grant select on pairs to public', id)
    }
    for (const tenants of [
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['c', 'b'],
    ]) {
      const found: unknown[] = []
      for await (const { tenant, row } of town.tenancy.queryAll('select * from {schema}.pairs', [], {
        tenants,
      }))
        found.push([tenant, row['x'], row['y']])
      expect(found).toEqual(tenants.map((id) => [id, `x of ${id}`, `y of ${id}`]))
    }
    const twice = 'select w.id, v.id, w.name from {schema}.widgets w join {schema}.widgets v on v.id = w.id'
    if (server.engine === 'postgres') expect(await all(twice)).toEqual(['a: of a', 'b: of b', 'c: of c'])
  })

  test('a tenant that lacks the table fails, although a shared schema has one, and is told alone', async () => {
    await open('lacking', ['a', 'b', 'c'])
    const shared = `${town.prefix}shared`
    await town.asOwner(`create schema ${shared}`)
    await town.asOwner('create table widgets (id int, name varchar(99))', 'shared')
    await town.asOwner("insert into widgets values (1, 'shared')", 'shared')
    const grant =
      server.engine === 'postgres'
        ? `grant usage on schema ${shared} to public; grant select on ${shared}.widgets to public`
        : `grant select on ${shared}.* to 'rowhouse_app'@'%'`
    await town.asOwner(grant)
    await town.asOwner('drop table widgets', 'b')
    const appUrl = new URL(server.appUrl)
    if (server.engine === 'mysql') appUrl.pathname = `/${shared}`
    else appUrl.searchParams.set('options', `-c search_path=${shared}`)
    const other = new EngineTown(server, 'many lacking', { appUrl: appUrl.href, prefix: town.prefix })
    try {
      const first = town
      town = other
      const error = await failure(all(NAMES_SQL))
      expect(error).toMatchObject({ code: 'ROWHOUSE_TENANT_WORK', tenant: 'b' })
      expect(error.cause.code).toMatch(/42P01|ER_NO_SUCH_TABLE/)
      const told: string[] = []
      const onError = ({ tenant }: { tenant?: string | undefined }): void => void told.push(tenant!)
      expect(await all(NAMES_SQL, [], { onError })).toEqual(['a: of a', 'c: of c'])
      expect(told).toEqual(['b'])
      // Without the placeholder a name is nobody's: not the shared table's either.
      for (const sql of [
        'select w.name from widgets w, {schema}._rowhouse',
        'select {schema}.name from widgets',
      ])
        expect((await failure(all(sql))).cause.code).toMatch(/42P01|ER_NO_DB_ERROR/)
      await expect(all('select name from widgets')).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
      town = first
    } finally {
      await other.tenancy.close()
      other.folder.remove()
    }
  })

  test('a tenant that is dropped meanwhile is left out', async () => {
    await open('dropped', ['a', 'b', 'c', 'd'])
    const found: string[] = []
    for await (const { tenant, row } of town.tenancy.queryAll<{ name: string }>(NAMES_SQL, [], {
      batchSize: 1,
    })) {
      found.push(`${tenant}: ${row.name}`)
      if (tenant === 'a') await town.tenancy.drop('c')
    }
    expect(found).toEqual(['a: of a', 'b: of b', 'd: of d'])
    await town.tenancy.drop('b')
    expect(await all(NAMES_SQL, [], { tenants: ['a', 'b', 'd'] })).toEqual(['a: of a', 'd: of d'])
  })

  test('queryAll writes nothing', async () => {
    await open('reading', ['a', 'b'])
    const writes =
      server.engine === 'postgres'
        ? [
            "with x as (insert into {schema}.widgets (name) values ('w') returning name) select * from x",
            "insert into {schema}.widgets (name) values ('w') returning name",
            'select name from {schema}.widgets) as q; insert into x values (1); select (1',
            "select nextval('{schema}.widgets_id_seq')::text as name",
          ]
        : [
            "insert into {schema}.widgets (name) values ('w')",
            'select 1) q; delete from {schema}.widgets; select (1',
          ]
    for (const sql of writes) await expect(all(sql)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_WORK' })
    for (const id of ['a', 'b']) expect(await town.kept(id)).toEqual([`of ${id}`])
  })

  test('the loop may be left, and leaves no connection', async () => {
    await open('left', IDS)
    for await (const { tenant } of town.tenancy.queryAll(NAMES_SQL, [], { batchSize: 2 })) {
      expect(tenant).toBe('a')
      break
    }
    const count =
      server.engine === 'postgres'
        ? "select count(*)::int as count from pg_stat_activity where application_name = 'rowhouse-read'"
        : 'select 0 as count'
    expect(await town.asOwner(count)).toEqual([{ count: 0 }])
  })
})
