import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import type { TownOptions } from './support/engine-town'

const [TYPES, WIDGETS] = [20200101000000, 20200102000000]
const NAMES = ['20200101000000_create_widget_types', '20200102000000_create_widgets']
const BAD = '20200103000000_bad'

describe.each(ENGINE_SERVERS)('the life of a tenant on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  function open(title: string, options: TownOptions = {}): EngineTown['tenancy'] {
    town = new EngineTown(server, title, options)
    return town.tenancy
  }

  /** What every call about the tenant tells. */
  const ok = () => ({ status: 'ok', tenant: 'acme', prefix: town.schema('acme') })
  const up = (...versions: number[]) => ({ ...ok(), direction: 'up', versions })
  const down = (...versions: number[]) => ({ ...ok(), direction: 'down', versions })

  test('create makes it once, with all migrations, and tells so', async () => {
    const tenancy = open('create')
    expect(await tenancy.exists('acme')).toBe(false)
    expect(await tenancy.create('acme')).toEqual({ ...up(TYPES, WIDGETS), created: true })
    expect(await tenancy.create('acme')).toEqual({ ...up(), created: false })
    await expect(tenancy.create('acme', { ifExists: 'error' })).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_EXISTS',
      tenant: 'acme',
      status: 409,
    })
    expect(await tenancy.exists('acme')).toBe(true)
    expect(await tenancy.create('empty', { migrate: false })).toMatchObject({ created: true, versions: [] })
    expect(await tenancy.status('acme')).toEqual({
      tenant: 'acme',
      prefix: town.schema('acme'),
      state: 'active',
      versions: [TYPES, WIDGETS],
      pending: [],
      missing: [],
      renamed: [],
    })
    expect(await tenancy.status('empty')).toMatchObject({ versions: [], pending: NAMES })
  })

  test('many that create it at once make it once', async () => {
    const tenancy = open('at once')
    const results = await Promise.all(Array.from({ length: 5 }, () => tenancy.create('acme')))
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    expect((await tenancy.status('acme')).versions).toEqual([TYPES, WIDGETS])
  })

  test('migrate and rollback go to a version inclusive, by steps, or all the way', async () => {
    const tenancy = open('targets')
    await tenancy.create('acme')
    expect(await tenancy.rollback('acme')).toEqual(down(WIDGETS))
    expect(await tenancy.migrate('acme')).toEqual(up(WIDGETS))
    expect(await tenancy.rollback('acme', { to: TYPES })).toEqual(down(WIDGETS, TYPES))
    expect(await tenancy.migrate('acme', { to: TYPES })).toEqual(up(TYPES))
    expect(await tenancy.migrate('acme', { to: TYPES })).toEqual(up())
    expect(await tenancy.migrate('acme', { steps: 1 })).toEqual(up(WIDGETS))
    expect(await tenancy.rollback('acme', { to: String(WIDGETS) })).toEqual(down(WIDGETS))
    expect(await tenancy.rollback('acme', { all: true })).toEqual(down(TYPES))
    expect(await tenancy.rollback('acme', { all: true })).toEqual(down())
    expect(await tenancy.migrate('acme', { all: true })).toEqual(up(TYPES, WIDGETS))
    expect(await tenancy.rollback('acme', { steps: 2 })).toEqual(down(WIDGETS, TYPES))
    for (const target of [{ to: 20990101000000 }, { to: 1 }, { steps: 0 }, { steps: 1, all: true }]) {
      for (const call of [
        tenancy.migrate('acme', target as never),
        tenancy.rollback('acme', target as never),
      ])
        await expect(call).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_TARGET' })
    }
    expect(await tenancy.status('acme')).toMatchObject({ versions: [], pending: NAMES })
  })

  test('a migration that fails leaves nothing of a new tenant, and the data of an old one', async () => {
    const tenancy = open('failing')
    await tenancy.create('acme')
    await tenancy.run('acme', () => town.insert('kept'))
    town.folder.write(`${BAD}.sql`, '-- Up Migration\nselect * from nowhere;\n-- Down Migration\n')
    const failed = { code: 'ROWHOUSE_MIGRATION_FAILED', migration: BAD, versions: [] }
    await expect(tenancy.migrate('acme')).rejects.toMatchObject({
      ...failed,
      tenant: 'acme',
      prefix: town.schema('acme'),
    })
    await expect(tenancy.create('globex')).rejects.toMatchObject({ ...failed, tenant: 'globex' })
    expect(await town.schemas()).toEqual([town.schema('acme')])
    expect(await town.kept('acme')).toEqual(['kept'])
    expect(await tenancy.status('acme')).toMatchObject({ versions: [TYPES, WIDGETS], pending: [BAD] })
  })

  test('migrateAll tells one outcome per tenant, and goes on behind one that fails', async () => {
    const tenancy = open('all')
    for (const id of ['acme', 'broken', 'globex']) await tenancy.create(id)
    await town.asOwner('create table late (id int)', 'broken')
    town.folder.write(
      '20200103000000_late.sql',
      '-- Up Migration\ncreate table late (id int);\n-- Down Migration\ndrop table late;\n',
    )
    const { results, ...summary } = (await tenancy.migrateAll().report()) as any
    expect(summary).toEqual({ ok: 2, failed: 1, notRun: [] })
    expect(results).toHaveLength(3)
    const byTenant = Object.fromEntries(results.map((result: { tenant: string }) => [result.tenant, result]))
    expect(byTenant.acme).toEqual(up(20200103000000))
    expect(byTenant.globex).toMatchObject({ status: 'ok', versions: [20200103000000] })
    expect(byTenant.broken).toMatchObject({
      status: 'error',
      tenant: 'broken',
      prefix: town.schema('broken'),
    })
    const seen: string[] = []
    for await (const { tenant } of tenancy.migrateAll({ tenants: ['acme', 'globex'], concurrency: 1 }))
      seen.push(tenant)
    expect(seen.sort()).toEqual(['acme', 'globex'])
  })

  test('list, exists, suspend and drop tell what is there', async () => {
    const tenancy = open('list')
    for (const id of ['globex', 'acme']) await tenancy.create(id)
    expect(await tenancy.suspend('acme')).toEqual(ok())
    expect(await tenancy.list()).toEqual([
      { tenant: 'acme', prefix: town.schema('acme'), state: 'suspended' },
      { tenant: 'globex', prefix: town.schema('globex'), state: 'active' },
    ])
    expect(await tenancy.unsuspend('acme')).toEqual(ok())
    expect((await tenancy.status('acme')).state).toBe('active')
    await tenancy.run('acme', () => town.insert('gone'))
    expect(await tenancy.drop('acme')).toEqual(ok())
    expect([await tenancy.exists('acme'), await town.schemas()]).toEqual([false, [town.schema('globex')]])
    const missing = { code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'acme' }
    for (const call of [
      () => tenancy.drop('acme'),
      () => tenancy.migrate('acme'),
      () => tenancy.rollback('acme'),
      () => tenancy.suspend('acme'),
      () => tenancy.status('acme'),
      () => tenancy.adopt('acme'),
      () => tenancy.run('acme', () => town.names()),
    ])
      await expect(call()).rejects.toMatchObject(missing)
    expect((await tenancy.create('acme')).created).toBe(true)
    expect(await tenancy.run('acme', () => town.names())).toEqual([])
  })

  test("a schema that is not marked is nobody's to touch, until it is adopted with its books", async () => {
    const tenancy = open('adopt')
    const schema = town.schema('acme')
    await town.asOwner(`create schema ${schema}`)
    for (const sql of [
      'create table widget_types (id int primary key, name varchar(255))',
      "insert into widget_types values (1, 'old')",
      'create table schema_migrations (version bigint primary key)',
      `insert into schema_migrations values (${TYPES})`,
    ])
      await town.asOwner(sql, 'acme')
    const notOurs = { code: 'ROWHOUSE_SCHEMA_NOT_OURS', tenant: 'acme' }
    for (const call of [
      () => tenancy.create('acme'),
      () => tenancy.migrate('acme'),
      () => tenancy.drop('acme'),
      () => tenancy.suspend('acme'),
    ])
      await expect(call()).rejects.toMatchObject(notOurs)
    expect([await tenancy.exists('acme'), await tenancy.list()]).toEqual([false, []])

    expect(await tenancy.adopt('acme')).toEqual(up(TYPES))
    expect(await tenancy.adopt('acme')).toEqual(up(TYPES))
    expect(await tenancy.status('acme')).toMatchObject({ versions: [TYPES], pending: [NAMES[1]] })
    expect(await town.asOwner('select name from widget_types', 'acme')).toEqual([{ name: 'old' }])
  })

  test("another tenancy's tenants are not listed, served, migrated or dropped", async () => {
    const tenancy = open('mine')
    const other = new EngineTown(server, 'mine', { name: 'other', prefix: town.prefix })
    try {
      await other.tenancy.create('acme')
      expect([await tenancy.exists('acme'), await tenancy.list()]).toEqual([false, []])
      for (const call of [
        () => tenancy.drop('acme'),
        () => tenancy.migrate('acme'),
        () => tenancy.adopt('acme'),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
      expect(await other.tenancy.exists('acme')).toBe(true)
    } finally {
      await other.close()
    }
  })
})
