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
  expect(after('auto', (hygiene) => hygiene.onStatement('none', false))).toBe(false)
})

test('auto clears after a write, a call, and whatever ran on a client of connect()', () => {
  expect(after('auto', (hygiene) => hygiene.onStatement('write', false))).toBe(true)
  expect(after('auto', (hygiene) => hygiene.onStatement('any', false))).toBe(true)
  expect(after('auto', (hygiene) => hygiene.onStatement('none', true))).toBe(true)
})

test('fast looks at command tags and reported settings only', () => {
  expect(after('fast', (hygiene) => hygiene.onStatement('any', true))).toBe(false)
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
      hygiene.onStatement('any', true)
      hygiene.onDiscarded()
    }),
  ).toBe(false)
})
