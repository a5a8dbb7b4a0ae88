import { KnownTables } from '../../src/mysql/known-tables'
import { tableOf } from '../../src/mysql/migration-shape'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

function tables(names: readonly string[] = ['a'], foldsNames = false): KnownTables {
  const known = new KnownTables(foldsNames)
  known.learn(names)
  return known
}

function send(known: KnownTables, sql: string): KnownTables {
  known.sends(sql, tableOf(sql, 'tenant_acme'))
  return known
}

describe('known tables', () => {
  test('are not known before they are read', () => {
    expect(new KnownTables(false).has('a')).toBeUndefined()
    expect(send(new KnownTables(false), 'create table b (id int)').has('b')).toBeUndefined()
  })

  test('are those that were read, and those that were made since', () => {
    const known = send(tables(), 'create table b (id int)')
    expect(['a', 'b', 'A', 'c'].map((name) => known.has(name))).toEqual([true, true, false, false])
  })

  test('are found in any case where the server does not tell it', () => {
    const known = send(tables(['Acme'], true), 'create table Other (id int)')
    expect(['acme', 'ACME', 'other', 'c'].map((name) => known.has(name))).toEqual([true, true, true, false])
  })

  test.each([
    'alter table a add column other int',
    'create index a_id on a (id)',
    'drop index a_id on a',
    'create temporary table b (id int)',
  ])('stay the same by: %s', (sql) => {
    expect(['a', 'b'].map((name) => send(tables(), sql).has(name))).toEqual([true, false])
  })

  test.each([
    'drop table a',
    'drop table a, b',
    'rename table a to b',
    'alter table a rename to b',
    'alter table a rename column id to number',
    'create view b as select 1',
    'drop view b',
    'call make_tables()',
    '/*!50000 create table b (id int) */',
    'create table other.b (id int)',
  ])('are not known behind: %s', (sql) => {
    expect(send(tables(), sql).has('a')).toBeUndefined()
  })
})

describe.each(MYSQL_SERVERS)('a table that somebody else makes during a run, on $name', (server) => {
  test('is none of the run: the statement is not in doubt, and the next run sends it again', async () => {
    const [url, driver] = [server.ownerUrl, require.resolve('mysql2/promise')].map((text) =>
      JSON.stringify(text),
    )
    const town = await MysqlTown.open(server, 'stranger', {
      '20200101000000_a.ts': `
        import { createConnection } from ${driver}
        import type { MigrationDb } from 'rowhouse/mysql'
        export async function up(db: MigrationDb): Promise<void> {
          await db.query('create table a (id int)')
          const stranger = await createConnection({ uri: ${url}, database: db.schema })
          await stranger.query('create table if not exists b (other int)')
          await stranger.end()
          await db.query('create table b (id int)')
        }
        export async function down(): Promise<void> {}`,
    })
    try {
      await town.tenancy.create('acme', { migrate: false })
      await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_FAILED',
        message: expect.stringContaining('already exists') as string,
      })
      const [left] = await town.rows(
        'acme',
        'select count(*) as count from schema_migrations where number = 2',
      )
      expect(Number(left!['count'])).toBe(0)
      town.folder.write(
        '20200101000000_a.ts',
        `export async function up(db) { await db.query('create table a (id int)'); await db.query('create table b (id int)') }
         export async function down() {}`,
      )
      await town.rows('acme', 'drop table b')
      await town.tenancy.migrate('acme')
      expect(await town.tables('acme')).toEqual(['_rowhouse', 'a', 'b', 'schema_migrations'])
      expect((await town.rows('acme', 'show columns from b')).map((row) => row['Field'])).toEqual(['id'])
    } finally {
      await town.close()
    }
  })
})
