import { lintMigration } from '../../src/postgres/lint-migration'

test.each([
  'create table widgets (id serial primary key)',
  'create index concurrently on widgets (name)',
  "insert into settings (name) values ('search_path'), ('commit;')",
  'alter table widgets add column extension text, add column role text',
  'create function f() returns int language sql begin atomic select case when true then 1 end; select 2; end',
  'create function f() returns void language plpgsql set search_path from current as $$ begin perform 1; end $$',
  'create or replace function f() returns void language plpgsql as $$ begin set search_path to x; commit; end $$',
  'comment on table widgets is $$ create extension citext $$',
  '-- commit;\n/* create schema x; */ select 1',
  'rollback to savepoint a',
  'create table "create schema" (id int)',
  'set lock_timeout to 100',
  'create table widgets (search_path text, set_config text)',
  'update widgets set search_path = name where search_path is null',
  "select set_config('app.colour', 'red', true), set_config ( 'lock_timeout' , '1s', false)",
  'set local app.colour to red',
  'alter table "set" add column "schema" text',
  'alter default privileges in schema tenant_a grant select on tables to reporting',
])('allowed: %s', (sql) => expect(lintMigration(sql)).toEqual([]))

test.each([
  ['commit', /transaction/],
  ['select 1; COMMIT; select 2', /transaction/],
  ['begin', /transaction/],
  ['start transaction', /transaction/],
  ['rollback', /transaction/],
  ['end', /transaction/],
  ["prepare transaction 'x'", /transaction/],
  ['set search_path to public', /search_path/],
  ['SET LOCAL search_path = public', /search_path/],
  ["select pg_catalog.set_config('search_path', 'public', false)", /search_path/],
  ['alter role app set search_path to x', /search_path/],
  ['set "search_path" to public', /search_path/],
  ['set local "search_path" to public', /search_path/],
  ['reset search_path', /search_path/],
  ["select set_config('Search_Path', 'public', false)", /search_path/],
  ["select set_config('app.x', '1', true), set_config('search_path', 'public', true)", /search_path/],
  ['select set_config($1, $2, false)', /search_path/],
  ["select set_config('role', 'postgres', false)", /search_path/],
  ['alter default privileges grant select on tables to reporting', /default privileges/],
  ['alter default privileges for role owner revoke execute on functions from public', /default privileges/],
  ['alter system set work_mem to 1', /no tenant's/],
  ['create extension if not exists citext', /extension/],
  ['drop extension citext', /extension/],
  ['create schema x', /no tenant's/],
  ['drop schema tenant_b cascade', /no tenant's/],
  ['create role x', /no tenant's/],
  ['alter database x set y to z', /no tenant's/],
  ['alter table widgets set schema public', /out of the tenant/],
  ['set role postgres', /session/],
  ['set session authorization postgres', /session/],
  ['reset all', /session/],
  ['discard all', /session/],
  ['/* x */ create /* y */ extension citext', /extension/],
])('refused: %s', (sql, why) => {
  expect(lintMigration(sql).map(({ message }) => message)).toContainEqual(expect.stringMatching(why))
})

test('the statement at fault is shown', () => {
  expect(lintMigration('select 1; create extension citext; select 2')[0]!.statement).toBe(
    'create extension citext',
  )
})

test('a megabyte of comments is read in no time', () => {
  const start = Date.now()
  lintMigration('/*'.repeat(250_000) + '*/'.repeat(250_000) + '--\n'.repeat(100_000))
  expect(Date.now() - start).toBeLessThan(5000)
})
