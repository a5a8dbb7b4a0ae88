import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { SERVERS, uniquePrefix } from '../support/servers'
import { Town } from './support'

const MANY = Object.fromEntries(
  [1, 2, 3, 4].map((day) => [
    `2020010${day}000000_t${day}.sql`,
    `-- Up Migration\ncreate table t${day} (id int);\n-- Down Migration\ndrop table t${day};\n`,
  ]),
)
const V = [1, 2, 3, 4].map((day) => Number(`2020010${day}000000`))

describe.each(SERVERS)('migrate on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  test('goes down to a version and including it, and up again to one', async () => {
    town = await Town.open(server, 'down', MANY)
    await town.tenancy.create('acme')
    expect(await town.tenancy.rollback('acme', { to: V[2]! })).toEqual({
      status: 'ok',
      tenant: 'acme',
      prefix: `${town.prefix}acme`,
      direction: 'down',
      versions: [V[3], V[2]],
    })
    expect(await town.relations(`${town.prefix}acme`)).toEqual(expect.not.arrayContaining(['t3', 't4']))
    expect(await town.tenancy.migrate('acme', { to: String(V[2]) })).toMatchObject({
      direction: 'up',
      versions: [V[2]],
    })
    expect(await town.tenancy.status('acme')).toMatchObject({
      versions: V.slice(0, 3),
      pending: ['20200104000000_t4'],
      missing: [],
    })
  })

  test('one step is the default of a rollback, all must be said', async () => {
    town = await Town.open(server, 'steps', MANY)
    await town.tenancy.create('acme')
    expect((await town.tenancy.rollback('acme')).versions).toEqual([V[3]])
    expect((await town.tenancy.rollback('acme', { steps: 2 })).versions).toEqual([V[2], V[1]])
    expect((await town.tenancy.rollback('acme', { all: true })).versions).toEqual([V[0]])
    expect((await town.tenancy.rollback('acme')).versions).toEqual([])
  })

  test('an unknown target changes nothing', async () => {
    town = await Town.open(server, 'unknown', MANY)
    await town.tenancy.create('acme')
    await expect(town.tenancy.rollback('acme', { to: 20200102000001 })).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
    })
    expect((await town.tenancy.status('acme')).versions).toEqual(V)
  })

  test('an unknown tenant is told, and no schema is made', async () => {
    town = await Town.open(server, 'nobody', MANY)
    for (const call of [
      town.tenancy.migrate('nobody'),
      town.tenancy.rollback('nobody'),
      town.tenancy.drop('nobody'),
      town.tenancy.status('nobody'),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'nobody' })
    }
    expect(await town.schemas()).toEqual([])
  })

  test('a run is kept as a whole or not at all', async () => {
    town = await Town.open(server, 'whole', MANY)
    await town.tenancy.create('acme', { migrate: false })
    town.folder.write('20200105000000_bad.sql', 'select 1/0')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      migration: '20200105000000_bad',
      versions: [],
    })
    expect((await town.tenancy.status('acme')).versions).toEqual([])
    expect(await town.relations(`${town.prefix}acme`)).not.toContain('t1')
  })

  test('what stands before a migration outside of transactions is kept, and told', async () => {
    town = await Town.open(server, 'kept', {
      '20200101000000_a.sql': 'create table a (id int)',
      '20200102000000_b.js':
        "exports.up = (pgm) => { pgm.noTransaction(); pgm.sql('create unique index concurrently b_index on a (id)') }; exports.down = false",
      '20200103000000_c.sql': 'create table c (id int)',
    })
    await town.tenancy.create('acme', { migrate: false })
    await town.tenancy.migrate('acme', { to: 20200101000000 })
    await town.owner.query(`insert into ${town.prefix}acme.a values (1), (1)`)
    const failure = await town.tenancy.migrate('acme').catch((error: unknown) => error)
    expect(failure).toMatchObject({
      migration: '20200102000000_b',
      cause: expect.objectContaining({ code: '23505' }),
    })
    // The failed index is there, INVALID; the next run must heal it.
    expect(await town.relations(`${town.prefix}acme`)).toContain('b_index')
    await town.owner.query(`delete from ${town.prefix}acme.a`)
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200102000000, 20200103000000])
    const { rows } = await town.owner.query(
      `select indisvalid as valid from pg_index where indexrelid = '${town.prefix}acme.b_index'::regclass`,
    )
    expect(rows).toEqual([{ valid: true }])
  })

  test('a migration that asks the database runs for each tenant with its own data', async () => {
    town = await Town.open(server, 'live', {
      '20200101000000_a.sql': 'create table a (id int)',
      '20200102000000_b.js': `exports.up = async (pgm) => {
        const { rows } = await pgm.db.query('select current_schema() as schema')
        pgm.sql("create table from_" + rows[0].schema + " (id int)")
      }; exports.down = false`,
    })
    await town.tenancy.create('a')
    await town.tenancy.create('b')
    for (const id of ['a', 'b']) {
      expect(await town.relations(town.prefix + id)).toContain(`from_${town.prefix}${id}`)
      expect((await town.tenancy.status(id)).versions).toHaveLength(2)
    }
  })

  test('a live migration that fails leaves nothing of its run', async () => {
    town = await Town.open(server, 'live fails', {
      '20200101000000_a.sql': 'create table a (id int)',
      '20200102000000_b.js': `exports.up = async (pgm) => { await pgm.db.query('create table half (id int)'); pgm.sql('select 1/0') }; exports.down = false`,
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      migration: '20200102000000_b',
      versions: [],
    })
    expect(await town.relations(`${town.prefix}acme`)).toEqual(expect.not.arrayContaining(['a', 'half']))
  })

  test.each([
    ['an extension', 'create extension if not exists plpgsql'],
    ['a hidden COMMIT', 'create table a (id int); commit; create table b (id int)'],
    ['another search_path', 'set search_path to public; create table escaped (id int)'],
    ['another schema', 'create schema elsewhere'],
    ['another role', 'set role postgres'],
  ])('refused before anything runs: %s', async (_what, sql) => {
    town = await Town.open(server, 'refused', {
      '20200101000000_a.sql': 'create table first (id int)',
      '20200102000000_b.sql': sql,
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      migration: '20200102000000_b',
    })
    expect(await town.relations(`${town.prefix}acme`)).not.toContain('first')
  })

  test('a table that a shared schema has, too, is refused: a tenant without it would use the shared one', async () => {
    const shared = uniquePrefix('shadowed') + 'shared'
    const files = {
      '20200101000000_a.sql': 'create table fine (id int)',
      '20200102000000_b.sql': 'create table countries (code text)',
    }
    town = await Town.open(server, 'shadow', files, { sharedSchemas: [shared] })
    await town.owner.query(`create schema ${shared}; create table ${shared}.countries (code text)`)
    try {
      await expect(town.tenancy.create('acme')).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_REFUSED',
        migration: '20200102000000_b',
        message: expect.stringContaining('countries'),
      })
      expect(await town.schemas()).toEqual([])
      await town.owner.query(`drop table ${shared}.countries`)
      expect((await town.tenancy.create('acme')).versions).toEqual([20200101000000, 20200102000000])
    } finally {
      await town.owner.query(`drop schema ${shared} cascade`)
    }
  })

  test('a search_path that a function changes behind the scenes is noticed, and nothing lands elsewhere', async () => {
    town = await Town.open(server, 'behind', {
      '20200101000000_a.sql': `do $$ begin perform set_config('search_path', 'pg_temp', false); end $$; create table escaped (id int);`,
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_REFUSED' })
    expect((await town.tenancy.status('acme')).versions).toEqual([])
    const { rows } = await town.owner.query(`select 1 from pg_class where relname = 'escaped'`)
    expect(rows).toEqual([])
  })

  test('node-pg-migrate finds nothing to do afterwards, and goes on from there', async () => {
    town = await Town.open(server, 'plain', MANY)
    await town.tenancy.create('acme')
    town.folder.write('20200105000000_t5.sql', 'create table t5 (id int)')
    const args = [
      'up',
      '-m',
      town.folder.path,
      '-s',
      `${town.prefix}acme`,
      '-t',
      'schema_migrations',
      '--no-lock',
    ]
    const cli = require.resolve('node-pg-migrate/bin/node-pg-migrate')
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], {
      env: { ...process.env, DATABASE_URL: server.ownerUrl },
    })
    expect(stdout).toContain('20200105000000_t5')
    expect(stdout).not.toContain('20200104000000_t4')
    expect((await town.tenancy.status('acme')).pending).toEqual([])
    expect(
      await town.tenancy.rollback('acme', { to: V[3]! }).catch((error: { code: string }) => error.code),
    ).toBe('ROWHOUSE_MIGRATION_TARGET')
  })

  test('a tenant that is being migrated elsewhere is waited for, and given up in the end', async () => {
    town = await Town.open(server, 'locked', MANY, { lockTimeoutMs: 150 })
    await town.tenancy.create('acme', { migrate: false })
    const plain = new Client({ connectionString: server.ownerUrl })
    await plain.connect()
    try {
      // What a plain node-pg-migrate takes while it runs.
      await plain.query('select pg_advisory_lock(7241865325823964)')
      await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_LOCKED' })
      await plain.query('select pg_advisory_unlock_all()')
      expect((await town.tenancy.migrate('acme')).versions).toEqual(V)
    } finally {
      await plain.end()
    }
  })

  test('nothing of a migration stays on the connections of the application', async () => {
    town = await Town.open(server, 'path', MANY)
    await town.tenancy.create('a')
    await town.tenancy.create('b')
    const { rows } = await town.tenancy.admin.query('show search_path')
    expect(rows).toEqual([{ search_path: '"$user", public' }])
  })

  test('files beside the migrations are passed over, old formats are refused', async () => {
    town = await Town.open(server, 'beside', { ...MANY, 'README.md': '# hello', 'helper.d.ts': '' })
    expect((await town.tenancy.create('acme')).versions).toEqual(V)
    town.folder.write('1735689600000_old.sql', 'select 1')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FOLDER' })
  })

  test('a changed file runs as it is now', async () => {
    town = await Town.open(server, 'changed', {
      '20200101000000_a.js':
        "exports.up = (pgm) => pgm.sql('create table old (id int)'); exports.down = false",
    })
    await town.tenancy.create('a')
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write(
      '20200101000000_a.js',
      "exports.up = (pgm) => pgm.sql('create table new (id int)'); exports.down = false",
    )
    await town.tenancy.create('b')
    expect(await town.relations(`${town.prefix}b`)).toContain('new')
  })
})
