import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

const FILE = '20210101000000_reach.sql'

describe.each(MYSQL_SERVERS)("what reaches into another tenant's database on $name", (server) => {
  let town: MysqlTown
  let B: string
  afterEach(() => town.close())

  async function open(title: string): Promise<void> {
    town = await MysqlTown.open(server, title)
    for (const id of ['a', 'b']) await town.tenancy.create(id)
    B = town.schema('b')
    await town.rows('b', "insert into widgets (name) values ('of b')")
    await town.rows('b', "create procedure p() update widgets set name = 'HACKED'")
  }

  test.each([
    ['UPDATE of a list', "update (select 1) x, B.widgets b set b.name = 'HACKED'"],
    ['UPDATE of a join', "update widgets a right join B.widgets b on true set b.name = 'HACKED'"],
    ['UPDATE with a bare column', "update (select 1) x, B.widgets set name = 'HACKED'"],
    ['DELETE of a join', 'delete b from widget_types a right join B.widgets b on true'],
    ['DELETE FROM ... USING', 'delete from b using B.widgets b'],
    ['DELETE FROM ... USING a join', 'delete from b using widget_types a right join B.widgets b on true'],
    ['CALL', 'call B.p()'],
    ['RENAME behind AS', 'alter table widgets add twice int as (id * 2), rename to B.stolen'],
  ])('a write is refused before anything runs: %s', async (title, sql) => {
    await open(title)
    town.folder.write(FILE, `-- Up Migration\n${sql.replaceAll('B.', `${B}.`)};\n`)
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      message: expect.stringContaining('names another database'),
    })
    expect(await town.rows('b', 'select name from widgets')).toEqual([{ name: 'of b' }])
    expect(await town.tables('b')).not.toContain('stolen')
  })

  test.each([
    ['a view', 'create view v as select * from B.widgets'],
    ['a table made of it', 'create table t2 as select * from B.widgets'],
    ['a table like it', 'create table t2 like B.widgets'],
    ['a query', 'insert into widget_types (name) select name from B.widgets'],
    ['a join', 'update widgets w join B.widgets o on o.id = w.id set w.name = o.name'],
    ['a three-part column', 'select B.widgets.name from B.widgets'],
    ['backticks', 'select * from `B` . `widgets`'],
    [
      'a foreign key',
      'create table t2 (id int, constraint t2_fk foreign key (id) references B.widgets (id))',
    ],
    [
      'the body of a trigger',
      "create trigger t before insert on widgets for each row begin update B.widgets set name = 'HACKED'; end",
    ],
    ['the body of a procedure', 'create procedure q() begin if true then call B.p(); end if; end'],
  ])('a reading or later reach is refused before anything runs: %s', async (title, sql) => {
    await open(title)
    town.folder.write('20200103000000_before.sql', 'create table before_it (id int);')
    town.folder.write(FILE, `-- Up Migration\n${sql.replaceAll(/\bB\b/g, B)};\n`)
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      migration: '20210101000000_reach',
      tenant: 'a',
      message: expect.stringMatching(new RegExp(`line 2.*names "${B}", the database of another tenant`)),
    })
    expect(await town.tables('a')).toEqual(['_rowhouse', 'schema_migrations', 'widget_types', 'widgets'])
  })

  test('a program is refused when it sends such a statement, and a creation leaves nothing', async () => {
    await open('program')
    town.folder.write(
      '20210101000000_reach.js',
      `exports.up = async (db) => { await db.query('select * from ??.widgets', ['${B}']) }; exports.down = false`,
    )
    const refused = {
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      message: expect.stringContaining(`names "${B}", the database of another tenant`),
    }
    await expect(town.tenancy.migrate('a')).rejects.toMatchObject(refused)
    await expect(town.tenancy.create('c')).rejects.toMatchObject(refused)
    expect(await town.schemas()).toEqual(['a', 'b'].map((id) => town.schema(id)))
  })

  test("a table with the name of a tenant's database, and a database that is nobody's, are fair", async () => {
    await open('fair')
    const shared = town.schema('reference')
    await town.owner.query(
      'create database ??; create table ??.countries (id int primary key, name varchar(80)); insert into ??.countries values (1, ?)',
      [shared, shared, shared, 'Italy'],
    )
    town.folder.write(
      FILE,
      `create table ${B} (id int, name varchar(80), created date default (current_date));
       insert into ${B} (id) values (1);
       update ${B} join ${shared}.countries on countries.id = ${B}.id set ${B}.name = ${shared}.countries.name
         where extract(year from ${B}.created) > 2000;
       create view v as select ${B}.name, c.name as country from ${B} join ${shared}.countries c on c.id = ${B}.id;
       insert into ${town.schema('a')}.widgets (name) select name from v;`,
    )
    await town.tenancy.migrate('a')
    expect(await town.rows('a', 'select name from widgets')).toEqual([{ name: 'Italy' }])
    await town.owner.query('drop database ??', [shared])
  })
})
