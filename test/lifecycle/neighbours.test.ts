import { SERVERS } from '../support/servers'
import { Town } from './support'

describe.each(SERVERS)('what is not ours on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  test('a tenancy whose prefix begins with ours is neither listed, nor migrated, nor dropped', async () => {
    town = await Town.open(server, 'prefixes')
    const eu = town.sibling({ name: 'eu', prefix: `${town.prefix}eu_` })
    try {
      await town.tenancy.create('acme', { migrate: false })
      await eu.create('acme', { migrate: false })
      expect((await town.tenancy.list()).map(({ prefix }) => prefix)).toEqual([`${town.prefix}acme`])
      expect((await eu.list()).map(({ tenant }) => tenant)).toEqual(['acme'])
      const report = await town.tenancy.migrateAll().report()
      expect(report).toMatchObject({ ok: 1, failed: 0 })
      expect((await eu.status('acme')).versions).toEqual([])
      // The schema of "eu_acme" is the one of the other tenancy's "acme".
      expect(await town.tenancy.exists('eu_acme')).toBe(false)
      for (const call of [
        town.tenancy.drop('eu_acme'),
        town.tenancy.create('eu_acme'),
        town.tenancy.migrate('eu_acme'),
      ]) {
        await expect(call).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
      }
      expect(await eu.exists('acme')).toBe(true)
    } finally {
      await eu.close()
    }
  })

  test("two tenancies of one name and different prefixes do not take each other's", async () => {
    town = await Town.open(server, 'same name')
    const eu = town.sibling({ prefix: `${town.prefix}eu_` })
    try {
      await eu.create('acme', { migrate: false })
      expect(await town.tenancy.list()).toEqual([])
      await expect(town.tenancy.drop('eu_acme')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    } finally {
      await eu.close()
    }
  })

  test('another application with schema_migrations of its own is left alone', async () => {
    town = await Town.open(server, 'rails')
    const rails = `${town.prefix}rails`
    await town.owner.query(
      `create schema ${rails}; create table ${rails}.schema_migrations (version varchar primary key); insert into ${rails}.schema_migrations values ('20200101000000')`,
    )
    await town.tenancy.create('acme')
    expect((await town.tenancy.list()).map(({ tenant }) => tenant)).toEqual(['acme'])
    await town.tenancy.migrateAll({ direction: 'down', all: true }).report()
    await expect(town.tenancy.drop('rails')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    expect(await town.relations(rails)).toEqual(['schema_migrations', 'schema_migrations_pkey'])
  })

  test('a table named as our mark, and none of ours, hides and breaks nothing', async () => {
    town = await Town.open(server, 'false mark')
    await town.tenancy.create('real', { migrate: false })
    await town.owner.query(
      `create schema ${town.prefix}odd; create table ${town.prefix}odd._rowhouse (note text);
       create schema ${town.prefix}private; create table ${town.prefix}private._rowhouse (tenancy text, tenant text, state text)`,
    )
    expect((await town.tenancy.list()).map(({ tenant }) => tenant)).toEqual(['real'])
    expect(await town.tenancy.exists('odd')).toBe(false)
    expect(await town.tenancy.exists('private')).toBe(false)
  })

  test('the prefix is taken literally, where LIKE would see a wildcard', async () => {
    town = await Town.open(server, 'literal')
    const other = town.sibling({ prefix: `${town.prefix.slice(0, -1)}x` })
    try {
      await other.create('acme', { migrate: false })
      expect(await town.tenancy.list()).toEqual([])
      await other.drop('acme')
    } finally {
      await other.close()
    }
  })
})

describe.each(SERVERS)('adopt on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  test("takes over a tenant of Ecto's with its versions", async () => {
    town = await Town.open(server, 'ecto')
    const schema = `${town.prefix}acme`
    await town.owner.query(
      `create schema ${schema}; create table ${schema}.widget_types (id serial primary key, name text);
       create table ${schema}.schema_migrations (version bigint primary key, inserted_at timestamp);
       insert into ${schema}.schema_migrations values (20200101000000, now());
       insert into ${schema}.widget_types (name) values ('kept')`,
    )
    expect(await town.tenancy.adopt('acme')).toMatchObject({ status: 'ok', versions: [20200101000000] })
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200102000000])
    expect(await town.relations(schema)).toContain('schema_migrations_imported')
    const { rows } = await town.tenancy.run('acme', () =>
      town.tenancy.pool.query('select name from widget_types'),
    )
    expect(rows).toEqual([{ name: 'kept' }])
    expect(await town.tenancy.adopt('acme')).toMatchObject({ versions: [20200101000000, 20200102000000] })
  })

  test('a version without a file changes nothing', async () => {
    town = await Town.open(server, 'lost')
    const schema = `${town.prefix}acme`
    await town.owner.query(
      `create schema ${schema}; create table ${schema}.schema_migrations (version bigint primary key);
       insert into ${schema}.schema_migrations values (20190101000000)`,
    )
    await expect(town.tenancy.adopt('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
      message: expect.stringContaining('20190101000000'),
    })
    expect(await town.relations(schema)).toEqual(['schema_migrations', 'schema_migrations_pkey'])
  })

  test('a schema without any books begins at nothing', async () => {
    town = await Town.open(server, 'bare')
    await town.owner.query(`create schema ${town.prefix}acme`)
    expect(await town.tenancy.adopt('acme')).toMatchObject({ versions: [] })
    expect(await town.tenancy.exists('acme')).toBe(true)
  })

  test("what is another tenancy's is not adopted", async () => {
    town = await Town.open(server, 'foreign')
    const other = town.sibling({ name: 'other' })
    try {
      await other.create('acme', { migrate: false })
      await expect(town.tenancy.adopt('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    } finally {
      await other.close()
    }
  })
})

describe.each(SERVERS)('the end of a tenant on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  test('drop takes the schema and all in it, and a connection that knew it finds no tenant', async () => {
    town = await Town.open(server, 'drop')
    await town.tenancy.create('acme')
    await town.tenancy.create('beta')
    const read = () => town.tenancy.run('acme', () => town.tenancy.pool.query('select * from widgets'))
    await read()
    expect(await town.tenancy.drop('acme')).toEqual({
      status: 'ok',
      tenant: 'acme',
      prefix: `${town.prefix}acme`,
    })
    expect(await town.schemas()).toEqual([`${town.prefix}beta`])
    await expect(read()).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'acme' })
    await expect(town.tenancy.drop('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
    expect((await town.tenancy.create('acme')).created).toBe(true)
    expect((await read()).rows).toEqual([])
  })

  test('suspended and back', async () => {
    town = await Town.open(server, 'suspend')
    await town.tenancy.create('acme', { migrate: false })
    await town.tenancy.suspend('acme')
    expect(await town.tenancy.list()).toEqual([
      { tenant: 'acme', prefix: `${town.prefix}acme`, state: 'suspended' },
    ])
    await town.tenancy.unsuspend('acme')
    expect((await town.tenancy.status('acme')).state).toBe('active')
  })
})
