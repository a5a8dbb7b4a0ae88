import fc from 'fast-check'
import { classify } from '../../src/postgres/classify'
import { scanSql } from '../../src/postgres/sql-scanner'

const kindOf = (text: string): string => classify(text).kind
const effectOf = (text: string): string => classify(text).effect

describe('one statement that shares the Sync of the switch', () => {
  test.each([
    'select 1',
    'SELECT * FROM widgets',
    '  \n\t select 1 ; ',
    '-- a comment\nselect 1',
    '/* one /* nested */ comment */ select 1',
    '((select 1) union (select 2))',
    'with a as (select 1) select * from a',
    'insert into widgets (name) values ($1) returning id',
    "update widgets set name = 'a;b' where id = 1",
    'delete from widgets; -- all of them',
    "select $$ ; $$, $tag$ $$ ; $tag$, E'\\'; drop', 'it''s;', \"a;b\"",
    'values (1), (2)',
    'table widgets',
    'explain analyze select 1',
    'show search_path',
    'merge into a using b on a.id = b.id when matched then delete',
  ])('%s', (text) => expect(kindOf(text)).toBe('dml'))
})

describe('what needs a switch that was answered before', () => {
  test.each([
    '',
    ' ',
    '-- nothing',
    ';',
    'select 1; select 2',
    'begin; select 1',
    'rollback; select 1',
    'create table a (b int)',
    'vacuum',
    'call p(1)',
    'do $$ begin end $$',
    'copy widgets from stdin',
    'declare c cursor for select 1',
    'set search_path to a',
    'set role a',
    'commit prepared $1',
    'prepare transaction $1',
    'discard all',
    '"select" 1',
    '/* unfinished select 1',
    "select 'unfinished; select 2' || 'x'; select 3",
  ])('%s', (text) => expect(kindOf(text)).toBe('other'))
})

test.each([
  'begin',
  'BEGIN ISOLATION LEVEL SERIALIZABLE',
  'start transaction read only;',
  '/* x */ begin work',
])('"%s" begins a transaction', (text) => expect(kindOf(text)).toBe('begin'))

test.each([
  'commit',
  'COMMIT AND CHAIN',
  'end',
  'rollback',
  'rollback to savepoint a',
  'abort',
  'savepoint a',
  'release a',
  'set transaction isolation level serializable',
  'SET CONSTRAINTS ALL DEFERRED',
])('"%s" steers a transaction', (text) => expect(kindOf(text)).toBe('control'))

describe('what stays in the session', () => {
  test.each([
    'select id, name from widgets where id = $1 order by name limit 10',
    'select count(*), coalesce(max(id), 0) from widgets where name in ($1, $2)',
    "select 'set_config(1)', $$ nextval('a') $$ /* lastval() */",
    'select cast(id as varchar(10)) from widgets',
    'select a.id from widgets a where exists (select 1 from parts p where p.widget_id = a.id)',
    'select row_number() over (partition by a order by b) from c',
    'show timezone',
  ])('nothing: %s', (text) => expect(effectOf(text)).toBe('none'))

  test.each([
    'insert into widgets (name) values ($1)',
    'insert into "widgets" ("name") values ($1)',
    'insert into app.widgets (name) values ($1)',
    'insert into "App"."widgets" (name) select name from b',
    'update widgets set name = $1',
    'delete from widgets',
    'with a as (delete from b returning 1) select * from a',
    'select * from widgets for update',
  ])('what writing leaves: %s', (text) => expect(effectOf(text)).toBe('write'))

  test.each([
    "select set_config('app.user', '1', false)",
    'select pg_advisory_lock(1)',
    "select nextval('a')",
    'select lastval()',
    'select my_function()',
    'select my_function ()',
    'select my_function/**/()',
    'select "count"(*) from widgets',
    'select other.count(*) from widgets',
    "insert into widgets (name) values (set_config('a', 'b', false))",
    'select größe()',
    'insert into widgets select my_function()',
    'insert into widgets select w.into, my_function() from w',
    'insert into app.widgets as w select my_function()',
    'with a as (insert into widgets values (1)) select my_function()',
    'set timezone to utc',
    'listen a',
    'call p()',
    'select 1; select 2',
    'select * into copy from widgets',
    'explain analyze create temp table t as select 1',
    'explain (analyze) execute p',
    "select 1 -- x\r, set_config('a', 'b', false)",
    "select E'a'\n'\\'', set_config('a', 'b', false) --'",
    "select E'a' -- c\n '\\'', set_config('a', 'b', false) --'",
  ])('anything: %s', (text) => expect(effectOf(text)).toBe('any'))
})

describe('the scanner', () => {
  const tokensOf = (text: string): string[] =>
    [...scanSql(text)].map(({ type, text }) => (type === 'quoted' ? '"' : text))

  test('passes over comments, strings, numbers and operators', () => {
    expect(tokensOf(`a /* b */ -- c\n 'd' E'e\\'f' $$g$$ $x$h$$i$x$ 1.5e3 "j" + $1 k`)).toEqual([
      'a',
      '"',
      'k',
    ])
  })

  test('knows a dollar inside a word from a dollar quote', () => {
    expect(tokensOf('a$b$c; d')).toEqual(['a$b$c', ';', 'd'])
    expect(tokensOf('$1;$2')).toEqual([';'])
  })

  test('goes on with a string behind a line end, and with its escapes', () => {
    expect(tokensOf(`E'a'\n'\\';b' ; c`)).toEqual([';', 'c'])
    expect(tokensOf(`E'a' -- x\r\n '\\';b' ; c`)).toEqual([';', 'c'])
    expect(tokensOf(`'a'\n'\\' ; c`)).toEqual([';', 'c'])
    expect(tokensOf(`E'a' '\\' ; c`)).toEqual([';', 'c'])
  })

  test('takes the rest where something is not closed', () => {
    for (const open of ["'", '"', '/*', '$$', '$a$', "E'\\"]) {
      expect(tokensOf(`a ${open} ; b`).filter((token) => token === ';' || token === 'b')).toEqual([])
    }
  })

  test('ends, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "'",
            '"',
            '$',
            '$$',
            '$a$',
            '/*',
            '*/',
            '--',
            '\n',
            ';',
            '(',
            ')',
            'e',
            'E',
            '\\',
            'a',
            '1',
            ' ',
            '\0',
            'ü',
          ),
          {
            maxLength: 60,
          },
        ),
        (parts) => expect(Array.isArray(tokensOf(parts.join('')))).toBe(true),
      ),
      { numRuns: 2000 },
    )
  })

  test('a semicolon inside a quote never hides, and one outside never passes as one statement', () => {
    const inert = fc.constantFrom(
      "'a;b'",
      '"a;b"',
      '$$;$$',
      '$q$;$q$',
      '/* ; */',
      '-- ;\n',
      "E'\\';'",
      "'it''s;'",
    )
    fc.assert(
      fc.property(fc.array(inert, { maxLength: 8 }), fc.boolean(), (parts, splits) => {
        const text = `select ${parts.join(' ')}${splits ? ' ; select 2' : ''}`
        expect(kindOf(text)).toBe(splits ? 'other' : 'dml')
      }),
    )
  })
})

/** A text that counts how often its characters are looked at. */
class CountedText {
  looks = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get length(): number {
    return this.#text.length
  }

  charCodeAt(at: number): number {
    this.looks += 1
    return this.#text.charCodeAt(at)
  }

  indexOf(part: string, from: number): number {
    const found = this.#text.indexOf(part, from)
    this.looks += (found === -1 ? this.#text.length : found) - from + part.length
    return found
  }

  slice(from: number, to: number): string {
    this.looks += to - from
    return this.#text.slice(from, to)
  }
}

test.each([
  ['comments', '/**/'],
  ['line comments', '--\n'],
  ['open comments', '/*'],
  ['quotes', "'"],
  ['escape strings that go on', "E'a'\n"],
  ['double quotes', '"'],
  ['dollars', '$'],
  ['dollar tags', '$a'],
  ['parentheses', '('],
  ['words', 'a '],
])('a text of 100,000 %s is gone through once, and not once per character', (_name, piece) => {
  const text = new CountedText(piece.repeat(100_000))
  for (const _token of scanSql(text as unknown as string)) continue
  expect(text.looks).toBeGreaterThan(text.length / 2)
  expect(text.looks).toBeLessThan(12 * text.length)
})
