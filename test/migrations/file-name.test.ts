import fc from 'fast-check'
import { parseFileName, snakeCase, versionOf } from '../../src/migrations/file-name'

test('a name begins with a UTC time of 14 digits', () => {
  expect(parseFileName('20261124101500_create_widgets')).toEqual({
    version: 20261124101500,
    name: '20261124101500_create_widgets',
  })
})

test.each([
  ['no version', 'create_widgets'],
  ['13 digits, as node-pg-migrate writes by default', '1735689600000_create_widgets'],
  ['17 digits, with milliseconds', '20261124101500123_create_widgets'],
  ['4 digits', '0001_create_widgets'],
  ['no such day', '20260231101500_create_widgets'],
  ['no such hour', '20260101251500_create_widgets'],
  ['no separator', '20261124101500'],
])('refused: %s', (_why, name) => {
  expect(() => parseFileName(name)).toThrow(expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_FOLDER' }))
})

test.each([
  ['CreateUsers', 'create_users'],
  ['create_users', 'create_users'],
  ['create-users', 'create_users'],
  ['create users', 'create_users'],
  ['AddHTTPStatus2', 'add_http_status2'],
  ['  addX ', 'add_x'],
])('%s becomes %s', (name, snake) => expect(snakeCase(name)).toBe(snake))

test.each(['', '   ', '../evil', 'a/b', 'ümlaut', '1st', "a'b", 'a\0b', 'a'.repeat(201)])(
  '%j is no name',
  (name) => {
    expect(() => snakeCase(name)).toThrow(expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_FOLDER' }))
  },
)

test('every moment has a version that reads back, and later ones are greater', () => {
  const moment = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(moment, moment, (one, other) => {
      const [first, second] = [versionOf(one), versionOf(other)]
      expect(parseFileName(`${first}_x`).version).toBe(first)
      if (Math.floor(one.getTime() / 1000) < Math.floor(other.getTime() / 1000))
        expect(first).toBeLessThan(second)
    }),
  )
})
