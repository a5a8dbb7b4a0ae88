import { classify } from '../../src/postgres/classify'
import { SessionHygiene } from '../../src/postgres/hygiene'
import type { Hygiene } from '../../src/postgres/hygiene'

function after(level: Hygiene, use: (hygiene: SessionHygiene) => void): boolean {
  const hygiene = new SessionHygiene(level)
  use(hygiene)
  return hygiene.mustDiscard()
}

test('strict clears at every change of tenant', () => {
  expect(after('strict', () => {})).toBe(true)
})

test('auto lets a connection that only read go on', () => {
  expect(after('auto', (hygiene) => hygiene.onStatement(classify('select 1'), false))).toBe(false)
})

test('auto clears after a write, a call, and whatever ran on a client of connect()', () => {
  expect(after('auto', (hygiene) => hygiene.onStatement(classify('delete from a'), false))).toBe(true)
  expect(after('auto', (hygiene) => hygiene.onStatement(classify('select f()'), false))).toBe(true)
  expect(after('auto', (hygiene) => hygiene.onStatement(classify('select 1'), true))).toBe(true)
})

test('fast looks at command tags, reported settings and the kind of a statement', () => {
  expect(after('fast', (hygiene) => hygiene.onStatement(classify('select f()'), true))).toBe(false)
  for (const text of ['create temp table t as select 1', 'select 1 into temp t', 'execute p']) {
    expect(after('fast', (hygiene) => hygiene.onStatement(classify(text), false))).toBe(true)
  }
  expect(after('fast', (hygiene) => hygiene.onSetting('TimeZone'))).toBe(true)
  expect(after('fast', (hygiene) => hygiene.onSetting('search_path'))).toBe(false)
})

test.each(['SELECT 5', 'INSERT 0 1', 'UPDATE 3', 'COPY 10', 'BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT'])(
  'the tag %s leaves nothing',
  (tag) => {
    expect(after('fast', (hygiene) => hygiene.onCommandTag(tag))).toBe(false)
  },
)

test.each(['SET', 'LISTEN', 'PREPARE', 'DECLARE CURSOR', 'CREATE TABLE', 'DO', 'CALL', 'SOMETHING NEW'])(
  'the tag %s may leave something',
  (tag) => {
    expect(after('fast', (hygiene) => hygiene.onCommandTag(tag))).toBe(true)
  },
)

test('a cleared session is as new', () => {
  expect(
    after('auto', (hygiene) => {
      hygiene.onStatement(classify('select f()'), true)
      hygiene.onDiscarded()
    }),
  ).toBe(false)
})

test('a timeout that may have been set is remembered until the session is cleared', () => {
  const hygiene = new SessionHygiene('auto')
  hygiene.onStatement(classify('select 1'), true)
  expect(hygiene.mayHaveTimeout).toBe(false)
  hygiene.onStatement(classify('set statement_timeout = 1'), true)
  expect(hygiene.mayHaveTimeout).toBe(true)
  hygiene.onDiscarded()
  expect(hygiene.mayHaveTimeout).toBe(false)
})
