import fc from 'fast-check'
import { readLocally } from '../../src/postgres/local-text'

const problemOf = (text: string): string | undefined => readLocally(text).problem

describe('refused where a connection is lent by the transaction', () => {
  test.each([
    'set search_path to other',
    'SET SESSION statement_timeout = 1',
    'set session authorization someone',
    'set time zone utc',
    'set role someone',
    'reset role',
    'reset all',
    'discard plans',
    'discard all',
    'listen news',
    'unlisten *',
    "load 'auto_explain'",
    'prepare q as select 1',
    'execute q',
    'deallocate all',
    'declare c cursor with hold for select 1',
    'create temp table t (id int)',
    'create temporary table t as select 1',
    'create local temporary table t (id int) on commit delete rows',
    'create global temp table if not exists t (id int) on commit preserve rows',
    'create or replace temp view v as select 1',
    'create temp sequence s',
    'select 1 into temp t',
    'select 1 into temporary table t',
    'with x as (select 1) select * into temp t from x',
    'select pg_advisory_lock(1)',
    'select pg_catalog.pg_try_advisory_lock_shared (1)',
    `select set_config('app.user', 'x', false)`,
    'select set_config($1, $2, $3)',
    `select set_config('a', 'true', (select false))`,
    `select set_config('a', 'b', true), set_config('c', 'd', false)`,
    'select 1; set a.b = 1',
    '/* set local */ set a.b = 1',
    'create table pg_temp.report as select 1',
    'create view "pg_temp".v as select 1',
    'select 1 into pg_temp_3.t',
    `select "set_config"('app.x', 'v', false)`,
    `select U&"set_config"('app.x', 'v', false)`,
    `select set_config('app.x', 'v', not true)`,
    'select "pg_try_advisory_lock"(77)',
    `update pg_settings set setting = '1' where name = 'statement_timeout'`,
    'explain analyze execute p',
    'create table t as execute p',
    'begin isolation level serializable; select 1; commit',
    'begin; set transaction isolation level repeatable read; select 1; commit',
  ])('%s', (text) => expect(problemOf(text)).toBeDefined())
})

describe('allowed', () => {
  test.each([
    'select 1',
    '',
    'set local search_path to other',
    'set local role someone',
    'set transaction isolation level serializable',
    'set constraints all deferred',
    'create temp table t (id int) on commit drop',
    'select pg_advisory_xact_lock(1)',
    'select pg_advisory_lock from locks',
    `select set_config('app.user', 'x', true)`,
    `select set_config('app.user', lower('X'), true)`,
    `update settings set reset = 'listen', discard = true where prepare = 1`,
    `select 'set a.b = 1; listen news'`,
    'select "set", "discard" from "listen"',
    'insert into temp values (1)',
    'create table temp (id int)',
    'begin isolation level serializable',
    'create function f() returns int language sql begin atomic select 1; end; select f()',
    'create trigger t after insert on w for each row execute function f()',
    'select * from pg_settings',
    'select into_temp from t',
    'begin; insert into t values (1); commit',
    'begin; insert into t values (1); commit;  -- done',
    `prepare transaction 'x'`,
    'declare c cursor for select 1',
    'do $$ begin set x = 1; listen news; end $$',
    'create function f() returns int language sql begin atomic select 1; select 2; end',
    'create function f() returns void language plpgsql as $f$ begin commit; perform 1; end $f$',
  ])('%s', (text) => expect(problemOf(text)).toBeUndefined())
})

describe('a text that goes on behind the end of its transaction', () => {
  const ends = [
    'commit',
    'COMMIT',
    'end',
    'rollback',
    'abort',
    'rollback to a',
    'commit and chain',
    `prepare transaction 'x'`,
  ]
  test.each(ends)('%s', (end) => {
    expect(problemOf(`${end}; select 1`)).toMatch('ends a transaction')
    expect(problemOf(`select 1; ${end} /* ; */ ;; select 1`)).toMatch('ends a transaction')
    expect(problemOf(`select 1; ${end} ; `)).toBeUndefined()
  })

  test('wherever it stands among others', () => {
    const harmless = fc.constantFrom(
      'select 1',
      'begin',
      `insert into t values ('commit; x')`,
      'savepoint a',
      '-- rollback;\nselect 2',
    )
    fc.assert(
      fc.property(fc.array(harmless), fc.constantFrom(...ends), fc.array(harmless), (before, end, behind) => {
        const isRefused = problemOf([...before, end, ...behind].join(';')) !== undefined
        expect(isRefused).toBe(behind.length > 0)
      }),
    )
  })
})

test('what could commit in the middle is known', () => {
  expect(
    ['call p()', 'CALL p($1)', 'do $$ begin end $$', 'select 1; call p()'].map(
      (text) => readLocally(text).isCall,
    ),
  ).toEqual([true, true, true, true])
  expect(['select call()', 'select 1'].map((text) => readLocally(text).isCall)).toEqual([false, false])
})

test('SET CONSTRAINTS looks up names, other SETs do not', () => {
  expect(readLocally('set constraints a deferred').needsPath).toBe(true)
  expect(readLocally('set transaction read only').needsPath).toBe(false)
})

test('no text makes it throw, or takes it long', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readLocally(text)))
  readLocally(`select ${'set_config('.repeat(20_000)}`)
})
