import { Client } from 'pg'
import type { MigrationEvent } from '../../src/fleet/events'
import { Town } from '../lifecycle/support'
import { SERVERS, uniquePrefix } from '../support/servers'

const A = { '20200101000000_a.sql': 'create table a (id serial primary key, name text)' }
const LATE = 20200102000000
const IDS = ['t1', 't2', 't3', 't4']

describe.each(SERVERS)('a fleet of $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  async function fleet(title: string, files: Readonly<Record<string, string>> = {}): Promise<Town> {
    town = await Town.open(server, title, A)
    for (const id of IDS) await town.tenancy.create(id)
    for (const [name, text] of Object.entries(files)) town.folder.write(name, text)
    return town
  }

  const late = (text: string, kind = 'sql'): Record<string, string> => ({ [`${LATE}_late.${kind}`]: text })
  const names = async (id: string, sql = 'select name from a order by id'): Promise<string[]> => {
    const { rows } = await town.owner
      .query(`set search_path to ${town.prefix}${id}; ${sql}`)
      .then((answers) => (answers as unknown as { rows: { name: string }[] }[])[1]!)
    return rows.map(({ name }) => name)
  }

  describe('the rehearsal', () => {
    test('finds what fails for everyone before a tenant is touched', async () => {
      await fleet('fails', late('create table late (id int);\nselect * from nowhere;'))
      await expect(town.tenancy.migrateAll({ canary: 0 }).report()).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_FAILED',
        tenant: undefined,
        migration: `${LATE}_late`,
        message: expect.stringMatching(
          /statement 2, line 2: relation "nowhere" does not exist.*No tenant was touched/,
        ),
      })
      for (const id of IDS) expect(await town.relations(town.prefix + id)).not.toContain('late')
      expect(await town.schemas()).toEqual(IDS.map((id) => town.prefix + id))
    })

    test.each([
      ['a table elsewhere', (other: string) => `create table ${other}.stray (id int)`, /changes .*stray/],
      ['a row elsewhere', (other: string) => `insert into ${other}.a (name) values ('x')`, /changes .*\.a\b/],
      ['an index elsewhere', (other: string) => `create index on ${other}.a (name)`, /changes .*\.a\b/],
      [
        'a function elsewhere',
        (other: string) => `create function ${other}.f() returns int language sql as 'select 1'`,
        /the function .*f\(\)/,
      ],
      ['a type elsewhere', (other: string) => `create type ${other}.mood as enum ('x')`, /the type .*mood/],
    ])('finds %s', async (title, sql, what) => {
      await fleet(title)
      town.folder.write(`${LATE}_late.sql`, sql(`${town.prefix}t2`))
      await expect(town.tenancy.migrateAll().report()).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_REFUSED',
        message: expect.stringMatching(what),
      })
      expect(await names('t2')).toEqual([])
      expect(await town.relations(`${town.prefix}t2`)).not.toContain('stray')
    })

    test('lets pass what is meant so, what only reads elsewhere, and what refers to it', async () => {
      await fleet('passes')
      await town.owner.query(
        `create schema ${town.prefix}common; create table ${town.prefix}common.kinds (id int primary key)`,
      )
      const reading = `create table late (id int references ${town.prefix}common.kinds);
        insert into late select id from ${town.prefix}common.kinds`
      town.folder.write(`${LATE}_late.sql`, reading)
      expect(await town.tenancy.migrateAll().report()).toMatchObject({ ok: 4, failed: 0 })
      town.folder.write(
        '20200103000000_meant.sql',
        `insert into ${town.prefix}common.kinds values (1) on conflict do nothing`,
      )
      expect(await town.tenancy.migrateAll({ rehearse: false }).report()).toMatchObject({ ok: 4, failed: 0 })
    })

    test('goes on behind an index that is made concurrently, and stops at what can only be outside', async () => {
      await fleet('outside', {
        '20200102000000_index.js':
          "exports.up = (pgm) => { pgm.noTransaction(); pgm.createIndex('a', 'name', { concurrently: true }) }; exports.down = false",
        '20200103000000_stray.sql': 'select * from nowhere',
      })
      await expect(town.tenancy.migrateAll().report()).rejects.toMatchObject({
        migration: '20200103000000_stray',
      })
      town.folder.write(
        '20200102000000_index.js',
        "exports.up = (pgm) => { pgm.noTransaction(); pgm.sql('vacuum a') }; exports.down = false",
      )
      town.folder.write('20200103000000_stray.sql', 'create table late (id int)')
      const events: MigrationEvent[] = []
      const report = await town.tenancy.migrateAll({ onEvent: (event) => events.push(event) }).report()
      expect(report).toMatchObject({ ok: 4, failed: 0 })
      expect(events).toContainEqual(expect.objectContaining({ event: 'rehearsed', migrations: 0 }))
    })

    test('an old migration that fails today keeps nobody from a new one', async () => {
      town = await Town.open(server, 'old', {
        '20200101000000_a.sql': `insert into ${'old_common'}.t values (1)`,
      })
      await town.owner.query(
        'create schema if not exists old_common; create table if not exists old_common.t (id int)',
      )
      for (const id of IDS) await town.tenancy.create(id)
      await town.owner.query('drop schema old_common cascade')
      town.folder.write(`${LATE}_late.sql`, 'create table late (id int)')
      expect(await town.tenancy.migrateAll().report()).toMatchObject({ ok: 4, failed: 0 })
    })
  })

  test('a migration that hides another search_path lands nowhere else, and is named', async () => {
    await fleet('hidden')
    const other = `${town.prefix}t2`
    town.folder.write(
      `${LATE}_late.sql`,
      `do $$ begin execute 'set search_path to ${other}'; end $$; create table stray (id int)`,
    )
    const report = await town.tenancy
      .migrateAll({ rehearse: false, tenants: ['t1', 't3'], canary: 0 })
      .report()
    expect(report).toMatchObject({ ok: 0, failed: 2 })
    for (const result of report.results)
      expect(result).toMatchObject({ error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_REFUSED' }) })
    for (const id of IDS) expect(await town.relations(town.prefix + id)).not.toContain('stray')
  })

  test('nothing of one tenant is left in the session of the next', async () => {
    await fleet(
      'session',
      late(`create temp table mine as select current_schema() as schema;
        select set_config('app.tenant', current_schema(), false); set statement_timeout to '1h';
        insert into a (name) select schema || coalesce(current_setting('app.before', true), '') from mine;
        select set_config('app.before', 'seen', false)`),
    )
    const report = await town.tenancy.migrateAll({ concurrency: 1, canary: 0 }).report()
    expect(report).toMatchObject({ ok: 4, failed: 0 })
    for (const id of IDS) expect(await names(id)).toEqual([town.prefix + id])
  })

  test('node-pg-migrate keeps out, and is kept out', async () => {
    await fleet('plain', late('create table late (id int)'))
    const plain = new Client({ connectionString: server.ownerUrl })
    await plain.connect()
    await plain.query('select pg_advisory_lock(7241865325823964)')
    const held = await town.tenancy.migrateAll({ retries: 0, canary: 0, lockTimeoutMs: 50 }).report()
    expect(held).toMatchObject({ ok: 0, failed: 4 })
    expect(held.results[0]).toMatchObject({
      error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_LOCKED' }),
    })
    await plain.end()
    expect(await town.tenancy.migrateAll().report()).toMatchObject({ ok: 4, failed: 0 })
  })

  test('a statement that takes too long is ended, and told with its place', async () => {
    await fleet('slow', late('create table late (id int);\nselect pg_sleep(20)'))
    const options = { rehearse: false, canary: 0, statementTimeoutMs: 100, tenants: ['t1'] }
    const { results } = await town.tenancy.migrateAll(options).report()
    expect(results[0]).toMatchObject({
      status: 'error',
      error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_FAILED', statement: 2, line: 2 }),
    })
    expect(await town.relations(`${town.prefix}t1`)).not.toContain('late')
  })

  test('files outside of a transaction, and such that ask, are run in parts and in their order', async () => {
    await fleet('parts', {
      '20200102000000_index.js':
        "exports.up = (pgm) => { pgm.noTransaction(); pgm.createIndex('a', 'name', { concurrently: true, name: 'a_name' }) }; exports.down = false",
      '20200103000000_ask.js': `exports.up = async (pgm) => {
        const [{ schema }] = await pgm.db.select('select current_schema() as schema')
        pgm.sql("insert into a (name) values ('" + schema + "')")
      }; exports.down = false`,
      '20200104000000_last.sql': 'create table last (id int)',
    })
    const report = await town.tenancy.migrateAll({ concurrency: 2 }).report()
    expect(report).toMatchObject({ ok: 4, failed: 0 })
    for (const { versions } of report.results)
      expect(versions).toEqual([20200102000000, 20200103000000, 20200104000000])
    for (const id of IDS) {
      expect(await names(id)).toEqual([town.prefix + id])
      expect(await town.relations(town.prefix + id)).toEqual(expect.arrayContaining(['a_name', 'last']))
    }
  })

  test('a change of a shared schema is refused in one round trip as well', async () => {
    const common = `${uniquePrefix('common')}common`
    town = await Town.open(server, 'shared', A, { sharedSchemas: [common] })
    await town.owner.query(`create schema ${common}; create table ${common}.kinds (id int)`)
    for (const id of IDS) await town.tenancy.create(id)
    for (const sql of [
      'insert into kinds values (1)',
      'alter table kinds add column x int',
      'create table kinds (id int)',
    ]) {
      town.folder.write(`${LATE}_late.sql`, sql)
      const { results } = await town.tenancy.migrateAll({ rehearse: false, tenants: ['t1'] }).report()
      expect(results[0]).toMatchObject({
        error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_REFUSED' }),
      })
    }
    expect((await town.owner.query(`select * from ${common}.kinds`)).rows).toEqual([])
    await town.owner.query(`drop schema ${common} cascade`)
  })

  test('a text that would swallow what follows is not joined to it', async () => {
    await fleet('open', {
      ...late("insert into a (name) values ('one') -- and 'so on"),
      '20200103000000_more.sql': "insert into a (name) values ('two') /* ' */",
    })
    expect(await town.tenancy.migrateAll().report()).toMatchObject({ ok: 4, failed: 0 })
    for (const id of IDS) expect(await names(id)).toEqual(['one', 'two'])
  })
})
