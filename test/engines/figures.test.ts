import { Client } from 'pg'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

describe.each(ENGINE_SERVERS)('figures of tenants on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  test('sizes, tables and the time of the last migration of some tenants', async () => {
    town = new EngineTown(server, 'sizes')
    const before = Date.now() - 2000
    await town.settle('a')
    await town.tenancy.create('b', { migrate: false })
    const [a, b, ...more] = await town.tenancy.figures(['a', 'nobody', 'b'])
    expect(more).toEqual([])
    expect(a).toMatchObject({ tenant: 'a', prefix: town.schema('a'), tables: 2 })
    expect(a!.bytes).toBeGreaterThan(8000)
    expect(a!.migratedAt!.getTime()).toBeGreaterThan(before)
    expect(a!.migratedAt!.getTime()).toBeLessThan(Date.now() + 2000)
    expect(b).toMatchObject({ tenant: 'b', tables: 0, migratedAt: undefined })
    await town.tenancy.rollback('a', { all: true })
    expect(await town.tenancy.figures(['a'])).toMatchObject([{ tables: 0, migratedAt: undefined }])
    expect(await town.tenancy.figures([])).toEqual([])
  })

  test('one tenant with another tool’s books, or none, does not keep the others from being told', async () => {
    town = new EngineTown(server, 'odd')
    for (const id of ['a', 'b', 'c']) await town.tenancy.create(id)
    await town.asOwner('drop table schema_migrations', 'b')
    await town.asOwner('drop table schema_migrations', 'c')
    await town.asOwner('create table schema_migrations (version bigint)', 'c')
    const figures = await town.tenancy.figures(['a', 'b', 'c'])
    expect(figures.map(({ tables, migratedAt }) => [tables, migratedAt === undefined])).toEqual([
      [2, false],
      [2, true],
      [2, true],
    ])
    expect((await town.tenancy.contents('c')).migrations).toEqual([])
  })

  test('what is in a tenant: tables and views, and its migrations with their times', async () => {
    town = new EngineTown(server, 'contents')
    await town.settle('a')
    await town.asOwner('create view names as select name from widgets', 'a')
    const { tables, migrations, ...names } = await town.tenancy.contents('a')
    expect(names).toEqual({ tenant: 'a', prefix: town.schema('a') })
    expect(tables.map(({ name, kind }) => [name, kind])).toEqual([
      ['names', 'view'],
      ['widget_types', 'table'],
      ['widgets', 'table'],
    ])
    expect(tables[0]).toMatchObject({ rows: undefined, bytes: undefined })
    expect(tables[2]!.bytes).toBeGreaterThan(8000)
    expect(migrations.map(({ name }) => name)).toEqual([
      '20200101000000_create_widget_types',
      '20200102000000_create_widgets',
    ])
    for (const { appliedAt } of migrations)
      expect(Math.abs(appliedAt!.getTime() - Date.now())).toBeLessThan(60_000)
    await expect(town.tenancy.contents('nobody')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
    await town.asOwner('drop table _rowhouse', 'a')
    await expect(town.tenancy.contents('a')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
  })

  const postgresTest = server.engine === 'postgres' ? test : test.skip
  postgresTest('while somebody alters a table, its size is left out after a second', async () => {
    town = new EngineTown(server, 'locked')
    await town.settle('a')
    const altering = new Client({ connectionString: server.ownerUrl })
    await altering.connect()
    try {
      await altering.query(`begin; lock table "${town.schema('a')}".widgets in access exclusive mode`)
      const [figures] = await town.tenancy.figures(['a'])
      expect(figures).toMatchObject({ tables: 2, bytes: undefined, migratedAt: expect.any(Date) })
      const { tables } = await town.tenancy.contents('a')
      expect(tables.map(({ name, bytes }) => [name, bytes])).toEqual([
        ['widget_types', undefined],
        ['widgets', undefined],
      ])
    } finally {
      await altering.end()
    }
  })
})
