import { createConnection } from 'mysql2/promise'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

describe.each(MYSQL_SERVERS)('what is not ours on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  test('a tenancy whose prefix begins with ours is neither listed, nor migrated, nor dropped', async () => {
    town = await MysqlTown.open(server, 'prefixes')
    const eu = town.sibling({ name: 'eu', prefix: `${town.prefix}eu_` })
    try {
      await town.tenancy.create('acme', { migrate: false })
      await eu.create('acme', { migrate: false })
      expect((await town.tenancy.list()).map(({ prefix }) => prefix)).toEqual([town.schema('acme')])
      expect((await eu.list()).map(({ tenant }) => tenant)).toEqual(['acme'])
      expect(await town.tenancy.migrateAll().report()).toMatchObject({ ok: 1, failed: 0 })
      expect((await eu.status('acme')).versions).toEqual([])
      // The database of "eu_acme" is the one of the other tenancy's "acme".
      expect(await town.tenancy.exists('eu_acme')).toBe(false)
      for (const call of [
        town.tenancy.drop('eu_acme'),
        town.tenancy.create('eu_acme'),
        town.tenancy.migrate('eu_acme'),
        town.tenancy.repair('eu_acme', { mark: 'applied' }),
      ]) {
        await expect(call).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
      }
      expect(await eu.exists('acme')).toBe(true)
    } finally {
      await eu.close()
    }
  })

  test("two tenancies of one name and different prefixes do not take each other's", async () => {
    town = await MysqlTown.open(server, 'same name')
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
    town = await MysqlTown.open(server, 'rails')
    const rails = town.schema('rails')
    await town.owner.query(
      "create database ??; create table ??.schema_migrations (version varchar(255) primary key); insert into ??.schema_migrations values ('20200101000000')",
      [rails, rails, rails],
    )
    await town.tenancy.create('acme')
    expect((await town.tenancy.list()).map(({ tenant }) => tenant)).toEqual(['acme'])
    await town.tenancy.migrateAll({ direction: 'down', all: true }).report()
    await expect(town.tenancy.drop('rails')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    expect(await town.tables('rails')).toEqual(['schema_migrations'])
  })

  test('a table named as our mark, and none of ours, hides and breaks nothing', async () => {
    town = await MysqlTown.open(server, 'false mark')
    await town.tenancy.create('real', { migrate: false })
    const [odd, hidden, empty] = ['odd', 'private', 'empty'].map((id) => town.schema(id))
    await town.owner.query(
      `create database ??; create table ??._rowhouse (note text); grant select on ??.* to 'rowhouse_app'@'%';
       create database ??; create table ??._rowhouse (tenancy text, tenant text, state text);
       create database ??; create table ??._rowhouse like ??._rowhouse`,
      [odd, odd, odd!.replaceAll('_', '\\_'), hidden, hidden, empty, empty, town.schema('real')],
    )
    expect((await town.tenancy.list()).map(({ tenant }) => tenant)).toEqual(['real'])
    for (const id of ['odd', 'private', 'empty']) expect(await town.tenancy.exists(id)).toBe(false)
  })

  test('the prefix is taken literally, where LIKE would see a wildcard', async () => {
    town = await MysqlTown.open(server, 'literal')
    const other = town.sibling({ prefix: `${town.prefix.slice(0, -1)}x` })
    try {
      await other.create('acme', { migrate: false })
      expect(await town.tenancy.list()).toEqual([])
      await other.drop('acme')
    } finally {
      await other.close()
    }
  })

  test('more tenants than one question can hold are all listed', async () => {
    town = await MysqlTown.open(server, 'many')
    await town.tenancy.create('t000', { migrate: false })
    const mark = `${town.schema('t000')}._rowhouse`
    for (let at = 1; at <= 120; at += 1) {
      const id = `t${String(at).padStart(3, '0')}`
      await town.owner.query(
        `create database ??; create table ??._rowhouse as select tenancy, ? as tenant, state from ${mark}; grant select on ??.* to 'rowhouse_app'@'%'`,
        [town.schema(id), town.schema(id), id, town.schema(id).replaceAll('_', '\\_')],
      )
    }
    // In the middle of one question: a table of that name that is another's.
    await town.owner.query('alter table ??._rowhouse drop column state', [town.schema('t060')])
    const ids = (await town.tenancy.list()).map(({ tenant }) => tenant)
    expect(ids).toHaveLength(120)
    expect(ids).toEqual([...ids].sort())
  })
})

describe.each(MYSQL_SERVERS)('adopt on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  async function ecto(title: string, version: string): Promise<void> {
    town = await MysqlTown.open(server, title)
    const schema = town.schema('acme')
    await town.owner.query(
      `create database ??; create table ??.widget_types (id int auto_increment primary key, name text);
       create table ??.schema_migrations (version bigint primary key, inserted_at datetime);
       insert into ??.schema_migrations values (?, now()); insert into ??.widget_types (name) values ('kept')`,
      [schema, schema, schema, schema, version, schema],
    )
  }

  test("takes over a tenant of Ecto's with its versions", async () => {
    await ecto('ecto', '20200101000000')
    expect(await town.tenancy.adopt('acme')).toMatchObject({ status: 'ok', versions: [20200101000000] })
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200102000000])
    expect(await town.tables('acme')).toContain('schema_migrations_imported')
    const [rows] = await town.tenancy.run('acme', () =>
      town.tenancy.pool.query('select name from widget_types'),
    )
    expect(rows).toEqual([{ name: 'kept' }])
    expect(await town.tenancy.adopt('acme')).toMatchObject({ versions: [20200101000000, 20200102000000] })
  })

  test('an adoption that was interrupted can be made again', async () => {
    await ecto('again', '20200101000000')
    await town.rows('acme', 'create table schema_migrations_adopting (half int)')
    expect(await town.tenancy.adopt('acme')).toMatchObject({ versions: [20200101000000] })
  })

  test('a version without a file changes nothing', async () => {
    await ecto('lost', '20190101000000')
    await expect(town.tenancy.adopt('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
      message: expect.stringContaining('20190101000000'),
    })
    expect(await town.tables('acme')).toEqual(['schema_migrations', 'widget_types'])
  })

  test('a database without any books begins at nothing', async () => {
    town = await MysqlTown.open(server, 'bare')
    await town.owner.query('create database ??', [town.schema('acme')])
    expect(await town.tenancy.adopt('acme')).toMatchObject({ versions: [] })
    expect(await town.tenancy.exists('acme')).toBe(true)
    expect((await town.tenancy.migrate('acme')).versions).toHaveLength(2)
  })

  test("what is another tenancy's is not adopted", async () => {
    town = await MysqlTown.open(server, 'foreign')
    const other = town.sibling({ name: 'other' })
    try {
      await other.create('acme', { migrate: false })
      await expect(town.tenancy.adopt('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    } finally {
      await other.close()
    }
  })
})

describe.each(MYSQL_SERVERS)('the end of a tenant, and pauses, on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  test('drop takes the database and all in it, and a connection that knew it finds no tenant', async () => {
    town = await MysqlTown.open(server, 'drop')
    await town.tenancy.create('acme')
    await town.tenancy.create('beta')
    const read = () => town.tenancy.run('acme', () => town.tenancy.pool.query('select * from widgets'))
    await read()
    expect(await town.tenancy.drop('acme')).toEqual({
      status: 'ok',
      tenant: 'acme',
      prefix: town.schema('acme'),
    })
    expect(await town.schemas()).toEqual([town.schema('beta')])
    await expect(read()).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'acme' })
    await expect(town.tenancy.drop('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
    expect((await town.tenancy.create('acme')).created).toBe(true)
    expect((await read())[0]).toEqual([])
  })

  test('suspended and back', async () => {
    town = await MysqlTown.open(server, 'suspend')
    await town.tenancy.create('acme', { migrate: false })
    await town.tenancy.suspend('acme')
    expect(await town.tenancy.list()).toEqual([
      { tenant: 'acme', prefix: town.schema('acme'), state: 'suspended' },
    ])
    await town.tenancy.unsuspend('acme')
    expect((await town.tenancy.status('acme')).state).toBe('active')
  })
})

describe.each(MYSQL_SERVERS)('migrateAll on $name', (server) => {
  const IDS = Array.from({ length: 8 }, (_, index) => `t${index}`)
  let town: MysqlTown
  afterEach(() => town.close())

  async function fleet(title: string): Promise<void> {
    town = await MysqlTown.open(server, title)
    for (const id of IDS) await town.tenancy.create(id, { migrate: false })
  }

  test('every tenant is migrated once, also by two runs at a time', async () => {
    await fleet('every')
    const reports = await Promise.all([1, 2].map(() => town.tenancy.migrateAll({ concurrency: 3 }).report()))
    for (const report of reports) expect(report).toMatchObject({ ok: 8, failed: 0 })
    expect(reports.flatMap(({ results }) => results.flatMap(({ versions }) => versions))).toHaveLength(16)
  })

  test('one tenant that fails stops no other', async () => {
    await fleet('one fails')
    await town.owner.query('create table ??.widgets (id int)', [town.schema('t5')])
    const report = await town.tenancy.migrateAll({ concurrency: 2 }).report()
    expect(report).toMatchObject({ ok: 7, failed: 1 })
    expect(report.results.find(({ tenant }) => tenant === 't5')).toMatchObject({
      status: 'error',
      migration: '20200102000000_create_widgets',
      versions: [20200101000000],
      error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_FAILED', statement: 1 }),
    })
    expect((await town.tenancy.status('t7')).versions).toHaveLength(2)
  })

  test('a connection that is killed costs its tenant and no other', async () => {
    await fleet('killed')
    town.folder.write(
      '20200103000000_slow.js',
      `exports.up = async (db) => { if (db.tenant === 't3') await db.query('do sleep(20)') }; exports.down = false`,
    )
    const running = town.tenancy.migrateAll({ concurrency: 1, retries: 0 }).report()
    const admin = await createConnection(server.ownerUrl)
    for (;;) {
      const [rows] = await admin.query(
        "select id from information_schema.processlist where info = 'do sleep(20)' and db = ?",
        [town.schema('t3')],
      )
      const [found] = rows as { id: number }[]
      if (found === undefined) continue
      await admin.query('kill ?', [found.id])
      break
    }
    await admin.end()
    const report = await running
    expect(report.results.filter(({ status }) => status === 'error').map(({ tenant }) => tenant)).toEqual([
      't3',
    ])
    expect(report.ok).toBe(7)
    town.folder.write('20200103000000_slow.js', `exports.up = async () => {}; exports.down = false`)
    expect((await town.tenancy.migrate('t3')).versions).toEqual([20200103000000])
  })
})
