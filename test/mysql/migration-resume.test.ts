import { setTimeout as sleep } from 'node:timers/promises'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

const TABLES = {
  '20200101000000_a.sql':
    'create table parents (id int auto_increment primary key, n int);\ncreate table kids (parent bigint, n int);\n',
}
const SQL = '20200102000000_b.sql'
const PROGRAM = '20200102000000_b.js'

describe.each(MYSQL_SERVERS)('last_insert_id() of a run that goes on, on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  async function open(title: string): Promise<void> {
    town = await MysqlTown.open(server, title, TABLES)
    for (const id of ['a', 'whole']) {
      await town.tenancy.create(id)
      await town.rows(id, 'insert into parents (id) values (40)')
    }
  }

  /** Another text of the same file: a file is read again once its time has changed. */
  async function mend(name: string, text: string): Promise<void> {
    await sleep(20)
    town.folder.write(name, text)
  }

  async function kids(id = 'a'): Promise<unknown[]> {
    return (await town.rows(id, 'select parent from kids order by n')).map(({ parent }) => parent)
  }

  test.each([
    ['right behind the insert', '', 41],
    ['behind DDL', 'create table other (id int auto_increment primary key);', 41],
    ['behind a row with an id of its own', 'insert into parents (id) values (900);', 41],
    ['behind a CALL', 'create procedure p() insert into parents (n) values (9); call p();', 42],
    ['behind an id that was set', 'select last_insert_id(7);', 7],
    [
      'behind an id that an update set',
      'update parents set n = 1, id = last_insert_id(id + 100) where id = 41;',
      141,
    ],
  ])('in a file, %s: the same in one go and after a failure', async (title, between, expected) => {
    await open(title)
    const file = (columns: string): string =>
      `insert into parents (n) values (2); ${between}
       insert into kids (parent, ${columns}) select last_insert_id(), 1;
       insert into kids (parent, n) values (@@last_insert_id, 2), (@@identity, 3);`
    town.folder.write(SQL, file('nowhere'))
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({ line: 2 })
    await mend(SQL, file('n'))
    for (const id of ['a', 'whole']) {
      await town.tenancy.migrate(id)
      expect([id, await kids(id)]).toEqual([id, [expected, expected, expected]])
    }
  })

  test('in a program, at each of its statements', async () => {
    await open('program')
    const program = (last: string): string => `exports.up = async (db) => {
      const seen = []
      const look = async () => seen.push((await db.query('select last_insert_id() as id'))[0][0].id)
      await look()
      await db.query('insert into parents (n) values (1)')
      await look()
      await db.query('insert into parents (n) values (2)')
      await look()
      await db.query('create table other (id int)')
      ${last}
      await look()
      await db.query('insert into kids select last_insert_id(), ?', [1])
      if (seen.join() !== '0,41,42,42') throw new Error('seen ' + seen)
    }; exports.down = false`
    town.folder.write(PROGRAM, program("await db.query('insert into nowhere values (1)')"))
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({ statement: 4 })
    await mend(PROGRAM, program(''))
    await town.tenancy.migrate('a')
    expect(await kids()).toEqual([42])
  })

  test('one file does not see the id of the file before, as it would not after a failure', async () => {
    await open('two files')
    town.folder.write(SQL, 'insert into parents (n) values (2)')
    town.folder.write('20200103000000_c.sql', 'insert into kids select last_insert_id(), 1')
    await town.tenancy.migrate('a')
    expect(await kids()).toEqual([0])
  })

  test('a journal of before the column is given it, and what it does not know is refused', async () => {
    await open('old journal')
    const file = (last: string): string => `insert into parents (n) values (2); ${last}`
    town.folder.write(SQL, file('insert into nowhere values (1);'))
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({ statement: 2 })
    await town.rows('a', 'alter table schema_migrations drop column digest, drop column last_id')
    await mend(SQL, file('insert into kids values (last_insert_id(), 1);'))
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
      statement: 2,
      message: expect.stringContaining('last_insert_id()'),
    })
    await mend(
      SQL,
      file(
        'insert into kids select max(id), 1 from parents; insert into parents (n) values (3); insert into kids values (last_insert_id(), 2)',
      ),
    )
    await town.tenancy.migrate('a')
    expect(await kids()).toEqual([41, 42])
  })

  test('a CALL that a person skips leaves an id that nobody knows', async () => {
    await open('skipped')
    const file = (last: string): string =>
      `create procedure p() insert into parents (n) values (9); call p(); ${last}`
    town.folder.write(SQL, file('insert into nowhere values (1);'))
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({ statement: 3 })
    // As if the client had been killed in it.
    await town.rows('a', "update schema_migrations set state = 'applying', last_id = null where number = 2")
    await town.tenancy.repair('a', { skip: true })
    await mend(SQL, file('insert into kids values (@@identity, 1);'))
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
      statement: 3,
    })
    await mend(SQL, file('insert into kids values (41, 1);'))
    await town.tenancy.migrate('a')
    expect(await kids()).toEqual([41])
  })

  test('a program is refused RETURNING, whose rows a resumed run would not have', async () => {
    await open('returning')
    const program = (sql: string): string =>
      `exports.up = async (db) => { await db.query("${sql}") }; exports.down = false`
    town.folder.write(PROGRAM, program('insert into parents (n) values (1) returning id'))
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      message: expect.stringContaining('insertId'),
    })
    expect(await town.rows('a', 'select count(*) as n from parents')).toEqual([{ n: 1 }])
  })

  test.each(['row_count()', 'found_rows()', 'FOUND_ROWS ( )'])('%s is refused', async (call) => {
    await open(call)
    town.folder.write(SQL, `create table other (id int);\ninsert into kids select ${call}, 1`)
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      message: expect.stringMatching(/line 2.*statement before.*Write a \.ts migration/),
    })
    expect(await town.tables('a')).not.toContain('other')
  })
})
