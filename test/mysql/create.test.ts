import { createConnection } from 'mysql2/promise'
import { mysql } from '../../src/mysql/mysql'
import { createTenancy } from '../../src/tenancy'
import { MYSQL_SERVERS } from '../support/servers'
import { MYSQL_WIDGETS, MysqlTown } from './support/town'

const VERSIONS = [20200101000000, 20200102000000]
const BAD = { '20200103000000_bad.sql': 'create table late (id int);\nselect * from nowhere;\n' }

describe.each(MYSQL_SERVERS)('create on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  test('makes the database, its mark, its journal and all migrations, and tells so', async () => {
    town = await MysqlTown.open(server, 'makes')
    expect(await town.tenancy.create('acme')).toEqual({
      status: 'ok',
      created: true,
      tenant: 'acme',
      prefix: town.schema('acme'),
      direction: 'up',
      versions: VERSIONS,
    })
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations', 'widget_types', 'widgets'])
    expect(await town.tenancy.exists('acme')).toBe(true)
    expect(
      await town.rows(
        'acme',
        'select name, number, state, direction, run_order from schema_migrations order by 1',
      ),
    ).toEqual([
      {
        name: '20200101000000_create_widget_types',
        number: 0,
        state: 'applied',
        direction: 'up',
        run_order: 1,
      },
      { name: '20200102000000_create_widgets', number: 0, state: 'applied', direction: 'up', run_order: 2 },
    ])
  })

  test('references land in the tenant', async () => {
    town = await MysqlTown.open(server, 'references')
    await town.tenancy.create('a')
    await town.tenancy.create('b')
    const [rows] = await town.owner.query(
      `select distinct constraint_schema as f, unique_constraint_schema as t from information_schema.referential_constraints
        where left(constraint_schema, ?) = ? order by 1`,
      [town.prefix.length, town.prefix],
    )
    expect(rows).toEqual(['a', 'b'].map((id) => ({ f: town.schema(id), t: town.schema(id) })))
  })

  test('a failing migration leaves nothing, and names tenant, file, statement and line', async () => {
    town = await MysqlTown.open(server, 'failing', { ...MYSQL_WIDGETS, ...BAD })
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      tenant: 'acme',
      prefix: town.schema('acme'),
      migration: '20200103000000_bad',
      statement: 2,
      line: 2,
      versions: [],
      cause: expect.objectContaining({ code: 'ER_NO_SUCH_TABLE' }),
      message: expect.stringMatching(
        /statement 2, line 2: .*ER_NO_SUCH_TABLE.*select \* from nowhere. Nothing was kept/,
      ),
    })
    expect(await town.schemas()).toEqual([])
    town.folder.delete('20200103000000_bad.sql')
    expect((await town.tenancy.create('acme')).created).toBe(true)
  })

  test('an existing tenant is migrated, and said to be there', async () => {
    town = await MysqlTown.open(server, 'existing', { '20200101000000_a.sql': 'create table a (id int)' })
    await town.tenancy.create('acme')
    town.folder.write('20200102000000_b.sql', 'create table b (id int)')
    expect(await town.tenancy.create('acme')).toMatchObject({ created: false, versions: [20200102000000] })
    await expect(town.tenancy.create('acme', { ifExists: 'error' })).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_EXISTS',
      status: 409,
    })
  })

  test('a failing migration of an existing tenant drops nothing', async () => {
    town = await MysqlTown.open(server, 'as it was')
    await town.tenancy.create('acme')
    await town.rows('acme', "insert into widget_types (name) values ('kept')")
    town.folder.write('20200103000000_bad.sql', BAD['20200103000000_bad.sql'])
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FAILED' })
    expect((await town.tenancy.status('acme')).versions).toEqual(VERSIONS)
    expect(await town.rows('acme', 'select name from widget_types')).toEqual([{ name: 'kept' }])
  })

  test('migrate: false makes the empty database only', async () => {
    town = await MysqlTown.open(server, 'empty')
    expect(await town.tenancy.create('acme', { migrate: false })).toMatchObject({
      created: true,
      versions: [],
    })
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations'])
    expect(await town.tenancy.migrate('acme')).toMatchObject({ versions: VERSIONS })
  })

  test('a database that is not marked is refused and not touched', async () => {
    town = await MysqlTown.open(server, 'unmarked')
    await town.owner.query('create database ??; create table ??.precious (id int)', [
      town.schema('acme'),
      town.schema('acme'),
    ])
    for (const call of [
      () => town.tenancy.create('acme'),
      () => town.tenancy.migrate('acme'),
      () => town.tenancy.drop('acme'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS', tenant: 'acme' })
    }
    expect(await town.tables('acme')).toEqual(['precious'])
    expect(await town.tenancy.exists('acme')).toBe(false)
    expect(await town.tenancy.list()).toEqual([])
  })

  test('many at once make one tenant once', async () => {
    town = await MysqlTown.open(server, 'at once')
    const results = await Promise.all(Array.from({ length: 6 }, () => town.tenancy.create('acme')))
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    expect((await town.tenancy.status('acme')).versions).toEqual(VERSIONS)
  })

  test('a creation that was interrupted is nobody, until create has gone on with it', async () => {
    town = await MysqlTown.open(server, 'half made', {
      ...MYSQL_WIDGETS,
      '20200103000000_c.js': 'exports.up = (db) => db.query("do 1"); exports.down = false',
    })
    await town.tenancy.create('other')
    // Killed behind the first migration, as in crash.test.ts; the state says so.
    await town.tenancy.create('acme')
    await town.rows('acme', "update _rowhouse set state = 'creating'")
    await town.rows('acme', "delete from schema_migrations where name like '%_c'")
    expect(await town.tenancy.exists('acme')).toBe(false)
    expect(await town.tenancy.list()).toMatchObject([
      { tenant: 'acme', state: 'creating' },
      { tenant: 'other', state: 'active' },
    ])
    for (const call of [town.tenancy.migrate('acme'), town.tenancy.suspend('acme')])
      await expect(call).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_NOT_FOUND',
        message: expect.stringContaining('create it again'),
      })
    expect(await town.tenancy.create('acme', { ifExists: 'error' })).toMatchObject({
      created: true,
      versions: [20200103000000],
    })
    expect(await town.tenancy.exists('acme')).toBe(true)
  })

  test.each(["a'b", 'a`b', 'a;drop database x', '..', 'A', 'a\0', 'mysql', 'аcme', 'x'.repeat(65), ''])(
    'the id %j is refused before anything is connected',
    async (id) => {
      town = await MysqlTown.open(server, 'hostile')
      await expect(async () => town.tenancy.create(id)).rejects.toMatchObject({
        code: expect.stringMatching(/^ROWHOUSE_(TENANT_ID|SCHEMA_NAME)/),
      })
      expect(await town.schemas()).toEqual([])
    },
  )

  test('names have 64 characters, whatever their bytes, and backticks in them are only letters', async () => {
    town = await MysqlTown.open(server, 'names', {}, { applicationUser: false })
    const options = { prefix: town.prefix, migrations: town.folder.path, validate: /./ }
    const tenancy = createTenancy({ ...options, engine: mysql({ uri: server.ownerUrl }) })
    try {
      const odd = 'a`b; drop database `x'
      const long = 'ä'.repeat(64 - town.prefix.length)
      for (const id of [odd, long]) {
        await tenancy.create(id)
        expect(await tenancy.exists(id)).toBe(true)
      }
      expect((await tenancy.list()).map(({ tenant }) => tenant).sort()).toEqual([odd, long].sort())
      expect(() => tenancy.create(`${long}ä`)).toThrow(
        expect.objectContaining({ code: 'ROWHOUSE_SCHEMA_NAME_TOO_LONG' }),
      )
      await tenancy.drop(odd)
      expect(await town.schemas()).toEqual([town.schema(long)])
    } finally {
      await tenancy.close()
    }
  })
})

describe.each(MYSQL_SERVERS)('grants on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  test('the application works in the tenant and defines nothing in it', async () => {
    town = await MysqlTown.open(server, 'grants')
    await town.tenancy.create('acme')
    await town.tenancy.run('acme', async () => {
      const { pool } = town.tenancy
      await pool.query("insert into widget_types (name) values ('small')")
      await pool.query("update widget_types set name = 'big'")
      expect((await pool.query('select name from widget_types'))[0]).toEqual([{ name: 'big' }])
      await pool.query('delete from widget_types')
      for (const sql of [
        'create table mine (id int)',
        'drop table widgets',
        'truncate table widgets',
        'alter table widgets add x int',
      ]) {
        await expect(pool.query(sql)).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' })
      }
    })
  })

  test('a grant on tenant_1 does not open tenantx1, for which _ would stand', async () => {
    town = await MysqlTown.open(server, 'wildcards')
    await town.tenancy.create('t_1')
    const sibling = town.schema('tx1')
    const other = `${town.prefix.slice(0, -1)}xt_1`
    await town.owner.query('create database ??; create table ??.secrets (id int)', [sibling, sibling])
    await town.owner.query('create database ??; create table ??.secrets (id int)', [other, other])
    const app = await createConnection(server.appUrl)
    try {
      expect((await app.query('select * from ??.widgets', [town.schema('t_1')]))[0]).toEqual([])
      for (const name of [sibling, other])
        await expect(app.query('select * from ??.secrets', [name])).rejects.toMatchObject({
          code: 'ER_TABLEACCESS_DENIED_ERROR',
        })
    } finally {
      await app.end()
      await town.owner.query('drop database ??', [other])
    }
  })

  test('a drop takes the grant along', async () => {
    town = await MysqlTown.open(server, 'revoked')
    await town.tenancy.create('acme')
    await town.tenancy.drop('acme')
    await town.owner.query('create database ??; create table ??.later (id int)', [
      town.schema('acme'),
      town.schema('acme'),
    ])
    const app = await createConnection(server.appUrl)
    try {
      await expect(app.query('select * from ??.later', [town.schema('acme')])).rejects.toMatchObject({
        code: 'ER_TABLEACCESS_DENIED_ERROR',
      })
    } finally {
      await app.end()
    }
  })

  test('a name that GRANT has no room for is refused, and nothing is made', async () => {
    town = await MysqlTown.open(server, 'no room')
    const id = `a${'_'.repeat(64 - town.prefix.length - 1)}`
    await expect(town.tenancy.create(id)).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NAME_TOO_LONG' })
    expect(await town.schemas()).toEqual([])
  })

  test('applicationUser names another account, or none', async () => {
    town = await MysqlTown.open(server, 'accounts')
    const none = town.sibling({}, { applicationUser: false })
    const missing = town.sibling({}, { applicationUser: 'nobody_such' })
    try {
      await none.create('acme')
      expect(await town.tenancy.exists('acme')).toBe(false)
      expect(await none.status('acme')).toMatchObject({ versions: VERSIONS })
      await expect(missing.create('beta')).rejects.toMatchObject({ errno: expect.any(Number) })
      expect(await town.schemas()).toEqual([town.schema('acme')])
    } finally {
      await none.close()
      await missing.close()
    }
  })
})
