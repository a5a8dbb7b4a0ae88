import { SERVERS } from '../support/servers'
import { Town } from './support'

const OLD = '20200102000000_old_name'

describe.each(SERVERS)('the books of a tenant on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  async function open(title: string): Promise<string> {
    town = await Town.open(server, title, {
      '20200101000000_a.sql': 'create table a (id int)',
      [`${OLD}.sql`]: 'create table if not exists b (id int); insert into b values (1)',
    })
    return `${town.prefix}acme`
  }

  test('a file that was renamed does not run a second time', async () => {
    const schema = await open('renamed')
    await town.tenancy.create('acme')
    town.folder.delete(`${OLD}.sql`)
    town.folder.write('20200102000000_new_name.sql', 'insert into b values (1)')
    for (const options of [{}, { allowOutOfOrder: true }, { to: 20200102000000 }]) {
      await expect(town.tenancy.migrate('acme', options)).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_TARGET',
        message: expect.stringMatching(/new_name.*old_name.*set name = '20200102000000_new_name'/),
      })
    }
    expect((await town.owner.query(`select count(*)::int as n from ${schema}.b`)).rows).toEqual([{ n: 1 }])
    expect(await town.tenancy.status('acme')).toMatchObject({
      pending: [],
      missing: [OLD],
      renamed: ['20200102000000_new_name'],
    })
    await town.owner.query(
      `update ${schema}.schema_migrations set name = '20200102000000_new_name' where name = '${OLD}'`,
    )
    expect((await town.tenancy.migrate('acme')).versions).toEqual([])
  })

  test.each([
    [
      'a view',
      'create view schema_migrations as select 1 as id, null::text as name, now() as run_on',
      /is a view/,
    ],
    [
      'a partitioned table',
      'create table schema_migrations (id int, name text, run_on timestamp) partition by range (id)',
      /is a partitioned table/,
    ],
    [
      'a table without run_on',
      'create table schema_migrations (id int, name text)',
      /lacks the column "run_on"/,
    ],
    [
      'a table of something else',
      'create table schema_migrations (colour text)',
      /lacks the columns? "id", "name", "run_on"/,
    ],
    [
      'a row without a name',
      'create table schema_migrations (id int, name text, run_on timestamp); insert into schema_migrations values (1)',
      /row without a name/,
    ],
  ])('%s of their name is told, and nothing is run', async (title, sql, problem) => {
    const schema = await open(title)
    await town.tenancy.create('acme')
    await town.owner.query(`set search_path to ${schema}; drop table schema_migrations; ${sql}`)
    for (const call of [
      town.tenancy.migrate('acme'),
      town.tenancy.rollback('acme'),
      town.tenancy.status('acme'),
    ]) {
      await expect(call).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_TARGET',
        message: expect.stringMatching(problem),
      })
    }
    // What needs no books goes on.
    await town.tenancy.suspend('acme')
    await town.tenancy.drop('acme')
  })

  test.each([
    ['a view', 'create view schema_migrations as select 1 as version', /is a view/],
    [
      'a row without a version',
      'create table schema_migrations (version bigint); insert into schema_migrations values (null)',
      /row without a version/,
    ],
  ])('adopt refuses %s of their name and changes nothing', async (title, sql, problem) => {
    const schema = await open(`adopt ${title}`)
    await town.owner.query(`create schema ${schema}; set search_path to ${schema}; ${sql}`)
    await expect(town.tenancy.adopt('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
      message: expect.stringMatching(problem),
    })
    expect(await town.relations(schema)).toEqual(['schema_migrations'])
  })

  test('are readable to the application and no more, whenever they were made', async () => {
    const schema = await open('reading')
    await town.tenancy.create('acme', { migrate: false })
    await town.owner.query(`drop table ${schema}.schema_migrations`)
    await town.tenancy.migrate('acme')
    await town.tenancy.run('acme', async () => {
      const { pool } = town.tenancy
      expect((await pool.query('select name from schema_migrations')).rowCount).toBe(2)
      await expect(pool.query('delete from schema_migrations')).rejects.toMatchObject({ code: '42501' })
    })
  })

  test('a marked tenant whose id no longer fits the rules is migrated with the others', async () => {
    await open('rules')
    await town.tenancy.create('acme', { migrate: false })
    await town.tenancy.create('beta', { migrate: false })
    const strict = town.sibling({ validate: /^b/ })
    try {
      const report = await strict.migrateAll().report()
      expect(report.results.map(({ tenant, status }) => [tenant, status]).sort()).toEqual([
        ['acme', 'ok'],
        ['beta', 'ok'],
      ])
    } finally {
      await strict.close()
    }
  })
})
