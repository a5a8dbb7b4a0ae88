import { SERVERS, uniquePrefix } from '../support/servers'
import { Town } from './support'

describe.each(SERVERS)('a migration beside shared schemas on $name', (server) => {
  let town: Town
  let shared: string
  afterEach(async () => {
    await town.owner.query(`drop schema if exists ${shared} cascade`)
    await town.close()
  })

  async function open(title: string, sql: string): Promise<void> {
    // Not below the town's prefix: what it drops at the end would take this one along.
    shared = `${uniquePrefix(`${title} shared`)}x`
    town = await Town.open(
      server,
      title,
      { '20200101000000_a.sql': 'create table mine (id int)' },
      { sharedSchemas: [shared] },
    )
    await town.owner.query(
      `create schema ${shared}; set search_path to ${shared};
       create table legacy (id int); create table countries (id serial primary key, code text);
       create type color as enum ('red'); create sequence numbers; create view codes as select code from countries;
       create function twice(int) returns int language sql as 'select $1 * 2';
       create function note() returns trigger language plpgsql as 'begin return new; end';
       insert into countries (code) values ('de')`,
    )
    await town.tenancy.create('acme')
    town.folder.write('20200102000000_b.sql', sql)
  }

  test.each([
    ['drops a table of theirs', 'drop table if exists legacy'],
    ['truncates', 'truncate legacy'],
    ['updates', "update countries set code = 'fr'"],
    ['inserts', "insert into countries (code) values ('fr')"],
    ['adds a column', 'alter table countries add column note text'],
    ['makes an index', 'create index on countries (code)'],
    [
      'makes a trigger',
      'create trigger note before insert on countries for each row execute function note()',
    ],
    ['drops a function', 'drop function if exists twice(int)'],
    [
      'replaces a function',
      "do $$ begin execute (select format('create or replace function %s.twice(int) returns int language sql as ''select 3''', p.pronamespace::regnamespace) from pg_proc p where p.oid = 'twice(int)'::regprocedure); end $$",
    ],
    ['drops a type', 'drop type if exists color'],
    ['adds a value to a type', "alter type color add value 'green'"],
    ['drops a view', 'drop view codes'],
    ['restarts a sequence', 'alter sequence numbers restart'],
    ['inherits from a table', 'create table child () inherits (countries)'],
    [
      'does so in a block that catches its errors',
      "do $$ begin begin update countries set code = 'fr'; exception when others then null; end; end $$",
    ],
  ])('is refused when it %s', async (title, sql) => {
    await open(title, sql)
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      migration: '20200102000000_b',
      message: expect.stringContaining('shared schema'),
    })
    expect((await town.tenancy.status('acme')).versions).toEqual([20200101000000])
    const { rows } = await town.owner.query('select code from countries')
    expect(rows).toEqual([{ code: 'de' }])
  })

  test.each([
    ['refers to their tables', 'create table cities (id int, country int references countries)'],
    [
      'refers to them later',
      'create table cities (country int); alter table cities add foreign key (country) references countries; insert into cities values (1)',
    ],
    [
      'reads them',
      'create table copies as select * from countries; create view all_codes as select code from codes',
    ],
    [
      'uses their types and functions',
      "create table shirts (c color default 'red', n int default twice(1), no bigint default nextval('numbers')); insert into shirts default values",
    ],
    ['makes a copy of their form', 'create table countries_2 (like countries including all)'],
  ])('is allowed when it %s', async (title, sql) => {
    await open(title, sql)
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200102000000])
  })
})
