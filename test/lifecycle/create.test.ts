import { SERVERS } from '../support/servers'
import { Town } from './support'
import { WIDGETS } from '../support/migrations'

const VERSIONS = [20200101000000, 20200102000000]
const BAD = { '20200103000000_bad.sql': 'create table late (id int);\nselect * from nowhere;\n' }

describe.each(SERVERS)('create on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  test('makes the schema, its mark, its books and all migrations, and tells so', async () => {
    town = await Town.open(server, 'makes')
    expect(await town.tenancy.create('acme')).toEqual({
      status: 'ok',
      created: true,
      tenant: 'acme',
      prefix: `${town.prefix}acme`,
      direction: 'up',
      versions: VERSIONS,
    })
    expect(await town.relations(`${town.prefix}acme`)).toEqual(
      expect.arrayContaining([
        '_rowhouse',
        'schema_migrations',
        'widget_types',
        'widgets',
        'widgets_name_index',
      ]),
    )
    expect(await town.tenancy.exists('acme')).toBe(true)
  })

  test('references and indexes land in the tenant', async () => {
    town = await Town.open(server, 'references')
    await town.tenancy.create('a')
    await town.tenancy.create('b')
    const { rows } = await town.owner.query(
      `select distinct rn.nspname as from_schema, fn.nspname as to_schema from pg_constraint k
         join pg_class r on r.oid = k.conrelid join pg_namespace rn on rn.oid = r.relnamespace
         join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
        where k.contype = 'f' and starts_with(rn.nspname, $1) order by 1`,
      [town.prefix],
    )
    expect(rows).toEqual(
      ['a', 'b'].map((id) => ({ from_schema: town.prefix + id, to_schema: town.prefix + id })),
    )
  })

  test('a failing migration leaves nothing', async () => {
    town = await Town.open(server, 'failing', { ...WIDGETS, ...BAD })
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      tenant: 'acme',
      prefix: `${town.prefix}acme`,
      migration: '20200103000000_bad',
      versions: [],
      cause: expect.objectContaining({ code: '42P01' }),
      message: expect.stringContaining(
        'at statement 2, line 2: relation "nowhere" does not exist [SQLSTATE 42P01], at: select * from nowhere.',
      ),
    })
    expect(await town.schemas()).toEqual([])
    town.folder.delete('20200103000000_bad.sql')
    expect((await town.tenancy.create('acme')).created).toBe(true)
  })

  test('a failure after a migration outside of transactions drops what this call made, and only that', async () => {
    const concurrently = {
      '20200102500000_index.js':
        "exports.up = (pgm) => { pgm.noTransaction(); pgm.createIndex('widget_types', 'name', { concurrently: true }) }; exports.down = false",
    }
    town = await Town.open(server, 'outside', {
      ...WIDGETS,
      '20200102120000_index.js': concurrently['20200102500000_index.js'],
      ...BAD,
    })
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({
      versions: [],
      message: expect.stringContaining('Nothing was kept'),
    })
    expect(await town.schemas()).toEqual([])
  })

  test('an existing tenant is migrated, and said to be there', async () => {
    town = await Town.open(server, 'existing', { '20200101000000_a.sql': 'create table a (id int)' })
    await town.tenancy.create('acme')
    town.folder.write('20200102000000_b.sql', 'create table b (id int)')
    expect(await town.tenancy.create('acme')).toMatchObject({ created: false, versions: [20200102000000] })
    await expect(town.tenancy.create('acme', { ifExists: 'error' })).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_EXISTS',
      status: 409,
    })
  })

  test('a failing migration of an existing tenant leaves it as it was', async () => {
    town = await Town.open(server, 'as it was')
    await town.tenancy.create('acme')
    town.folder.write('20200103000000_bad.sql', BAD['20200103000000_bad.sql'])
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FAILED' })
    expect((await town.tenancy.status('acme')).versions).toEqual(VERSIONS)
    expect(await town.relations(`${town.prefix}acme`)).not.toContain('late')
  })

  test('migrate: false makes the empty schema only', async () => {
    town = await Town.open(server, 'empty')
    expect(await town.tenancy.create('acme', { migrate: false })).toMatchObject({
      created: true,
      versions: [],
    })
    expect(await town.relations(`${town.prefix}acme`)).not.toContain('widgets')
    expect(await town.tenancy.migrate('acme')).toMatchObject({ versions: VERSIONS })
  })

  test('a schema that is not marked is refused and not touched', async () => {
    town = await Town.open(server, 'unmarked')
    await town.owner.query(
      `create schema ${town.prefix}acme; create table ${town.prefix}acme.precious (id int)`,
    )
    for (const call of [
      () => town.tenancy.create('acme'),
      () => town.tenancy.migrate('acme'),
      () => town.tenancy.drop('acme'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS', tenant: 'acme' })
    }
    expect(await town.relations(`${town.prefix}acme`)).toEqual(['precious'])
    expect(await town.tenancy.exists('acme')).toBe(false)
    expect(await town.tenancy.list()).toEqual([])
  })

  test('many at once make one tenant once', async () => {
    town = await Town.open(server, 'at once')
    const results = await Promise.all(Array.from({ length: 6 }, () => town.tenancy.create('acme')))
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    expect((await town.tenancy.status('acme')).versions).toEqual(VERSIONS)
  })

  test.each(["a'b", 'a"b', 'a;drop schema public', '..', 'A', 'a\0', 'public', 'аcme', 'x'.repeat(64), ''])(
    'the id %j is refused before anything is connected',
    async (id) => {
      town = await Town.open(server, 'hostile')
      await expect(async () => town.tenancy.create(id)).rejects.toMatchObject({
        code: expect.stringMatching(/^ROWHOUSE_(TENANT_ID|SCHEMA_NAME)/),
      })
      expect(await town.schemas()).toEqual([])
    },
  )

  test('the application works in the tenant and owns nothing of it', async () => {
    town = await Town.open(server, 'grants')
    await town.tenancy.create('acme')
    await town.tenancy.run('acme', async () => {
      const { pool } = town.tenancy
      await pool.query("insert into widget_types (name) values ('small')")
      await pool.query("update widget_types set name = 'big'")
      expect((await pool.query('select name from widget_types')).rows).toEqual([{ name: 'big' }])
      await pool.query('delete from widget_types')
      for (const sql of [
        'create table mine (id int)',
        'drop table widgets',
        "update _rowhouse set tenant = 'other'",
        'delete from schema_migrations',
        "insert into schema_migrations (name, run_on) values ('x', now())",
      ]) {
        await expect(pool.query(sql)).rejects.toMatchObject({ code: '42501' })
      }
    })
  })
})
