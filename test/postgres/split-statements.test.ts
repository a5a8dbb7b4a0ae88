import fc from 'fast-check'
import { isClosed, splitStatements } from '../../src/postgres/split-statements'

const texts = (sql: string): string[] => splitStatements(sql).map(({ text }) => text)

describe('splitting SQL into statements', () => {
  test.each([
    ['select 1; select 2', ['select 1', 'select 2']],
    ['select 1;;; select 2;', ['select 1', 'select 2']],
    ["insert into t values ('a;b'); select 1", ["insert into t values ('a;b')", 'select 1']],
    ['select ";" ; select $$;$$; select $a$ ; $a$', ['select ";"', 'select $$;$$', 'select $a$ ; $a$']],
    ['-- a; b\nselect 1 -- c;\n; /* ; */ select 2', ['select 1 -- c;', 'select 2']],
    [
      'create rule r as on insert to t do also (delete from a; delete from b); select 1',
      ['create rule r as on insert to t do also (delete from a; delete from b)', 'select 1'],
    ],
    [
      'create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3',
      [
        'create function f() returns int begin atomic select case when true then 1 end; select 2; end',
        'select 3',
      ],
    ],
    ['-- nothing', []],
    ['', []],
  ])('%s', (sql, expected) => {
    expect(texts(sql)).toEqual(expected)
  })

  test('tells the line of the first word of each', () => {
    const sql = '-- Up Migration\n\ncreate table a (\n  id int\n);\n-- then\nselect 1; select 2;\n\nselect 3'
    expect(splitStatements(sql, 10).map(({ line }) => line)).toEqual([12, 16, 16, 18])
  })

  test('puts together again what it took apart', () => {
    const statement = fc.constantFrom("select 'x;y'", 'select (1)', 'do $$ begin null; end $$', 'select "a;"')
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 8 }), (all) => {
        expect(texts(all.map((sql) => `${sql};\n`).join(''))).toEqual(all)
      }),
    )
  })
})

describe('a closed text', () => {
  test.each([
    'select 1',
    'select 1 -- x',
    "select ';'",
    'select 1;',
    '',
    "select 'a' /* b */",
    'select $$ $$',
  ])('another can follow %s', (sql) => expect(isClosed(sql)).toBe(true))
  test.each([
    "select '",
    'select 1 /* x',
    'select $$ ',
    'select "',
    'select (1',
    'select $a$ $b$',
    "select E'\\'",
  ])('none can follow %s', (sql) => expect(isClosed(sql)).toBe(false))
})
