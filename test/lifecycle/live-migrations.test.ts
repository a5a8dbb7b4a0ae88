import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SERVERS } from '../support/servers'
import { Town } from './support'

const ROLES = "create table roles (name text primary key); insert into roles values ('admin'), ('guest');"
const js = (up: string): string => `exports.up = async (pgm) => { ${up} }; exports.down = false`

describe.each(SERVERS)('a migration that asks the database on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  /** A tenant with a table of two roles, and a second migration with this body. */
  async function migrate(title: string, body: string): Promise<void> {
    town = await Town.open(server, title, { '20200101000000_roles.sql': ROLES })
    await town.tenancy.create('acme')
    town.folder.write('20200102000000_live.js', js(body))
    await town.tenancy.migrate('acme')
  }

  async function read(sql: string): Promise<unknown[]> {
    await town.owner.query(`set search_path to ${town.prefix}acme`)
    return (await town.owner.query({ text: sql, rowMode: 'array' })).rows.flat()
  }

  test.each([
    ['SELECT name FROM roles', 'name'],
    [
      "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'roles'",
      'table_name',
    ],
    [
      "SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = current_schema() AND table_name = 'roles'",
      'constraint_name',
    ],
  ])('gets the answer of the database, whatever it asks: %s', async (question, column) => {
    await migrate(
      question,
      `const { rows } = await pgm.db.query(${JSON.stringify(question)})
       pgm.sql('create table answers (name text)')
       for (const row of rows) pgm.sql("insert into answers values ('" + row.${column} + "')")`,
    )
    const truth = await read(question)
    expect(truth).not.toEqual([])
    expect(await read('select name from answers order by 1')).toEqual(truth.sort())
  })

  test('is not rendered by the branch that it takes when a query fails', async () => {
    await migrate(
      'fallback',
      `let found = 'fallback'
       try { found = (await pgm.db.select("select name from roles order by 1"))[0].name } catch {}
       pgm.sql("create table answers as select '" + found + "'::text as name")`,
    )
    expect(await read('select name from answers')).toEqual(['admin'])
  })

  test('may catch an error of the database and go on', async () => {
    await migrate(
      'catches',
      `try { await pgm.db.query('select * from nowhere') } catch { await pgm.db.query("insert into roles values ('caught')") }
       await pgm.db.query('savepoint mine; delete from roles')
       await pgm.db.query('rollback to savepoint mine')`,
    )
    expect(await read('select name from roles order by 1')).toEqual(['admin', 'caught', 'guest'])
    expect((await town.tenancy.status('acme')).versions).toHaveLength(2)
  })

  test('may ask several things at once, one of which fails', async () => {
    await migrate(
      'at once',
      `const asked = ["insert into roles values ('one')", 'select * from nowhere', "insert into roles values ('two')"]
       await Promise.allSettled(asked.map((sql) => pgm.db.query(sql)))`,
    )
    expect(await read('select name from roles order by 1')).toEqual(['admin', 'guest', 'one', 'two'])
  })

  test('may use parameters and named statements, in tenant after tenant on one connection', async () => {
    town = await Town.open(server, 'parameters', {
      '20200101000000_roles.sql': ROLES,
      '20200102000000_live.js': js(
        `await pgm.db.query('insert into roles values ($1)', ['plain'])
         await pgm.db.query({ name: 'n', text: 'insert into roles values ($1)', values: ['named'] })`,
      ),
    })
    for (const id of ['acme', 'beta']) await town.tenancy.create(id, { migrate: false })
    const report = await town.tenancy.migrateAll({ concurrency: 1 }).report()
    expect(report).toMatchObject({ ok: 2, failed: 0 })
    expect(await read('select name from roles order by 1')).toEqual(['admin', 'guest', 'named', 'plain'])
  })

  test.each([
    ['COMMIT', 'commit'],
    ['a search_path', 'set search_path to public'],
    ['an extension', 'create extension if not exists plpgsql'],
  ])('is looked through from its first statement: %s', async (_what, sql) => {
    await expect(
      migrate(sql, `await pgm.db.query('delete from roles'); await pgm.db.query('${sql}')`),
    ).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_REFUSED', migration: '20200102000000_live' })
    expect(await read('select name from roles order by 1')).toEqual(['admin', 'guest'])
    expect((await town.tenancy.status('acme')).versions).toHaveLength(1)
  })

  test('that also says noTransaction() is refused, and nothing of it stays', async () => {
    await expect(
      migrate('both', `await pgm.db.query('delete from roles'); pgm.noTransaction(); pgm.sql('select 1')`),
    ).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      message: expect.stringContaining('Split it in two'),
    })
    expect(await read('select name from roles order by 1')).toEqual(['admin', 'guest'])
  })

  test('that ends its transaction behind our back is told as what it is', async () => {
    town = await Town.open(server, 'ended', { '20200101000000_roles.sql': ROLES })
    await town.tenancy.create('acme')
    town.folder.write('20200102000000_more.sql', "insert into roles values ('more')")
    // With the setting off, '\'' is a string of one quote: the COMMIT stands in a string for whoever reads it otherwise.
    town.folder.write(
      '20200103000000_ended.js',
      `exports.up = (pgm) => {
         pgm.sql("do $$ begin perform set_config('standard_conforming_strings', 'off', false); end $$")
         pgm.sql("select '\\\\'', 1; commit; insert into roles values ('after'); select ''")
       }; exports.down = false`,
    )
    const error = await town.tenancy.migrate('acme').catch((error: Error) => error)
    expect(error).toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      migration: '20200103000000_ended',
      versions: [20200102000000],
    })
    expect((error as Error).message).toMatch(/ended the transaction.*20200102000000/)
    expect((error as Error).message).not.toContain('othing was kept')
    // The books tell what stands: the migration before was committed with its row.
    expect((await town.tenancy.status('acme')).versions).toEqual([20200101000000, 20200102000000])
    expect(await read('select count(*)::int from roles')).toEqual([4])
  })

  test('`up` is called while rendering, and not again for each tenant', async () => {
    town = await Town.open(server, 'calls')
    const calls = join(town.folder.path, 'calls')
    town.folder.write(
      '20200103000000_called.js',
      `exports.up = (pgm) => { require('node:fs').appendFileSync(${JSON.stringify(calls)}, '.'); pgm.sql('select 1') }; exports.down = false`,
    )
    for (const id of ['a', 'b', 'c', 'd']) await town.tenancy.create(id)
    // Twice to see whether it is the same each time, then never again.
    expect(readFileSync(calls, 'utf8')).toBe('..')
  })
})
