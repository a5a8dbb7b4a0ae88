import fc from 'fast-check'
import { classify } from '../../src/mysql/classify'
import { SessionHygiene } from '../../src/mysql/hygiene'
import type { Hygiene } from '../../src/mysql/hygiene'
import { ESCAPED_QUOTES, scanSql } from '../../src/mysql/sql-scanner'

const tokensOf = (text: string): string[] =>
  [...scanSql(text)].map(({ type, text }) => ({ quoted: '`', string: "'" })[type as string] ?? text)

describe('what a statement leaves', () => {
  test.each([
    'select * from widgets',
    'SELECT count(*), max(id) FROM `widgets` WHERE id in (1, 2)',
    '(select 1) union (select 2)',
    '/* a */ select 1 -- b',
    'select 1;',
    'select 1; -- end',
    `select 'a;b', "c;d", \`e;f\``,
    'with a as (select 1) select * from a',
    'select @@version',
    'select @seen',
    'show tables',
    'explain select 1',
    'select 1--1',
    'select 1 --\tget_lock()',
    'select 1 --\x01 get_lock()',
    'select 1 --',
    `select 'it\\'s'`,
    `select 'a\\nb', "c\\"d", 'e\\\\'`,
    'select /*+ max_execution_time(1000) */ a from b',
    'select a, (select 1), 2 * (3 + 4) from b where c in (1, (2)) and (d or not (e))',
    'select if(a, left(b, 1), cast(c as decimal (10, 2))) from d',
    'select größe from maße',
  ])('nothing: %s', (text) => expect(classify(text)).toEqual({ kind: 'read', effect: 'none' }))

  test.each([
    'begin',
    'start transaction',
    'commit',
    'rollback to savepoint a',
    'savepoint a',
    'release savepoint a',
  ])('nothing, of transactions: %s', (text) =>
    expect(classify(text)).toEqual({ kind: 'control', effect: 'none' }),
  )

  test.each([
    'insert into a (b) values (1)',
    'replace into a values (1)',
    'update a set b = 1',
    'delete from a',
  ])('rows: %s', (text) => expect(classify(text)).toEqual({ kind: 'write', effect: 'write' }))

  test.each([
    'select @x := 1',
    'select 1 into @x',
    `select get_lock('a', 1)`,
    'select last_insert_id()',
    'select my_function(1)',
    'select `count`(*) from a',
    'select other.count(1)',
    'select 2fa()',
    'select 1e5f(1)',
    'select a.1()',
    'select any_value(1)',
    'select now ()',
    'select now/* */()',
    'select ran\u212a(1)',
    'select a.table, f() from a',
    'select a.into, f() from a',
    'select "f"()',
    'select "a", f()',
    "select 1 --\x01 '\n, f()",
  ])('anything, by a read: %s', (text) => expect(classify(text)).toEqual({ kind: 'read', effect: 'any' }))

  test.each(['insert into a select f()', 'insert into a.b select f()'])('anything, by a write: %s', (text) =>
    expect(classify(text)).toEqual({ kind: 'write', effect: 'any' }),
  )

  test.each([
    'create table a (b int)',
    'create temporary table a (b int)',
    'lock tables a read',
    'drop table a',
    'do sleep(1)',
  ])('anything, and the connection stays where it is: %s', (text) =>
    expect(classify(text)).toEqual({ kind: 'define', effect: 'any' }),
  )

  test.each([
    'use a',
    'set @x = 1',
    'set session_track_schema = off',
    'call p()',
    `prepare p from 'use a'`,
    'execute p',
    `execute immediate 'use a'`,
    'begin not atomic select 1; end',
    'drop database a',
    'create schema a',
    'select 1; select 2',
    '/*! use a */',
    'select /*! get_lock(*/ 1 /*! ) */',
    'select /*M!100100 get_lock( */ 1',
    "select 1 /*!999999 ' */, 2",
    'select 1 /*m!999999 */',
    'select /*+ bka("*/") */ f()',
    'select 1 --\u00a0, 2',
    'select\u00a01',
    `select 'a\\'; set @x = 1 -- '`,
    `select '\\'; set @x = 1`,
    `select "\\"; set @x = 1`,
    `select 'a`,
    '',
  ])('anything, and the connection may move: %s', (text) =>
    expect(classify(text)).toEqual({ kind: 'other', effect: 'any' }),
  )
})

describe('the scanner', () => {
  test('passes over comments, and does not look into quotes', () => {
    expect(tokensOf("a /* b */ -- c\n 'd' \"e\" 'f\\'g' 'h''i' `j` + 1.5e3 # k\n l")).toEqual([
      'a',
      "'",
      '`',
      "'",
      "'",
      '`',
      '+',
      '1',
      '.',
      '5e3',
      'l',
    ])
  })

  test('takes a backslash in quotes as told', () => {
    const typesOf = (text: string): string[][] =>
      ESCAPED_QUOTES.map((escaped) => [...scanSql(text, { escaped })].map(({ type }) => type))
    expect(typesOf(`'\\' a`)).toEqual([['unclosed'], ['unclosed'], ['string', 'word']])
    expect(typesOf(`"\\" a`)).toEqual([['unclosed'], ['quoted', 'word'], ['quoted', 'word']])
    expect(typesOf('`\\` a')).toEqual([1, 2, 3].map(() => ['quoted', 'word']))
  })

  test('takes -- for a comment only with a blank or a control character behind it, or nothing', () => {
    expect(tokensOf('1--a')).toEqual(['1', '-', '-', 'a'])
    for (const blank of [' ', '\t', '\n', '\0', '\x01', '\x1f', '\x7f', ''])
      expect(tokensOf(`1--${blank}`)).toEqual(['1'])
  })

  test('ends, whatever the text', () => {
    const piece = fc.constantFrom(
      "'",
      '"',
      '`',
      '/*',
      '/*!',
      '*/',
      '--',
      '-- ',
      '#',
      '\n',
      ';',
      '(',
      '@',
      '@@',
      ':=',
      '\\',
      'a',
      '1',
      ' ',
      'ü',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60, size: 'max' }), (parts) =>
        Array.isArray(tokensOf(parts.join(''))),
      ),
      { numRuns: 1000 },
    )
  })

  test('a semicolon inside a quote never splits, and one outside always does', () => {
    const inert = fc.constantFrom(
      "'a;b'",
      '"a;b"',
      '`a;b`',
      '/* ; */',
      '-- ;\n',
      '# ;\n',
      "'\\\\;'",
      "'it''s;'",
    )
    fc.assert(
      fc.property(fc.array(inert, { maxLength: 8 }), fc.boolean(), (parts, splits) => {
        const text = `select ${parts.join(' ')}${splits ? ' ; select 2' : ''}`
        expect(classify(text).kind).toBe(splits ? 'other' : 'read')
      }),
    )
  })
})

describe('hygiene', () => {
  const after = (level: Hygiene, text: string, isLent = false): boolean => {
    const hygiene = new SessionHygiene(level)
    hygiene.onStatement(classify(text), isLent)
    return hygiene.mustReset
  }

  test.each<[Hygiene, string, boolean, boolean]>([
    ['strict', 'select 1', false, true],
    ['auto', 'select 1', false, false],
    ['auto', 'select 1', true, true],
    ['auto', 'insert into a values (1)', false, true],
    ['auto', `select get_lock('a', 1)`, false, true],
    ['fast', 'select 1', true, false],
    ['fast', 'insert into a values (1)', false, false],
    ['fast', `select get_lock('a', 1)`, false, false],
    ['fast', 'create temporary table a (b int)', false, true],
    ['fast', 'set @x = 1', false, true],
  ])('%s, after "%s" (lent: %s): reset is %s', (level, text, isLent, expected) => {
    expect(after(level, text, isLent)).toBe(expected)
  })
})
