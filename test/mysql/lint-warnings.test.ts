import { tableMadeBy, warningsOf } from '../../src/mysql/lint-warnings'

const codes = (sql: string, made: readonly string[] = []): string[] =>
  warningsOf(sql, new Set(made)).map(({ code }) => code)

test.each([
  ['alter table widgets drop column name', ['drop-column']],
  ['ALTER TABLE `widgets` DROP name, DROP COLUMN IF EXISTS b', ['drop-column', 'drop-column']],
  ['drop table if exists widgets', ['drop-table']],
  ['rename table widgets to gadgets', ['rename']],
  ['alter table widgets rename to gadgets', ['rename']],
  ['alter table widgets rename column a to b', ['rename']],
  ['alter table widgets change a b int', ['rename']],
  ['alter table widgets add column a int not null', ['not-null-without-default']],
  ['alter table widgets add a int not null, add b int not null default 1', ['not-null-without-default']],
  ['create table a (id int, foreign key (id) references shared.countries (id))', ['shared-reference']],
])('%s', (sql, expected) => expect(codes(sql)).toEqual(expected))

test.each([
  'alter table widgets drop index a, drop foreign key b, drop primary key, drop constraint c',
  'alter table widgets change a a bigint',
  'alter table widgets modify a bigint',
  'alter table widgets rename index a to b',
  'alter table widgets add column a int, add index (a), add unique key u (a)',
  'alter table widgets add column a int not null default 0',
  'alter table widgets add a int not null auto_increment primary key',
  'alter table widgets add a int generated always as (b + 1) stored not null',
  'create table a (id int, foreign key (id) references widgets (id))',
  "insert into a values ('drop table widgets')",
  '-- drop table widgets\nselect 1',
  'create procedure p() begin drop table widgets; end',
])('nothing: %s', (sql) => expect(codes(sql)).toEqual([]))

test('a table that the same file makes is used by nobody', () => {
  expect(tableMadeBy('create table if not exists `widgets` (id int)')).toBe('widgets')
  expect(tableMadeBy('alter table widgets add a int')).toBeUndefined()
  expect(codes('alter table widgets drop column a', ['widgets'])).toEqual([])
  expect(codes('drop table widgets', ['widgets'])).toEqual([])
})
