import * as fc from 'fast-check'
import { TenantIdError } from '../../src/errors'
import { isReserved, parseTenantId } from '../../src/tenant/tenant-id'

const PATTERN = /^[a-z0-9][a-z0-9_-]*$/

/** The code of the refusal, or undefined where the value is taken. */
function refusal(value: unknown, rules?: Parameters<typeof parseTenantId>[1]): string | undefined {
  try {
    parseTenantId(value, rules)
    return undefined
  } catch (error) {
    if (error instanceof TenantIdError) return error.code
    throw error
  }
}

test.each([
  ['acme', 'acme'],
  ['4711', '4711'],
  ['a-b_c', 'a-b_c'],
  [42, '42'],
  [0, '0'],
  [9007199254740991, '9007199254740991'],
  [12345678901234567890n, '12345678901234567890'],
  [{ id: 'acme', name: 'Acme Inc.' }, 'acme'],
  [{ id: 7 }, '7'],
  [{ id: 7n }, '7'],
])('the tenant %p is taken as it is', (value, id) => {
  expect(parseTenantId(value)).toBe(id)
})

test.each([
  ['upper case', 'Acme'],
  ['nothing', ''],
  ['blanks', ' acme'],
  ['a line end', 'acme\n'],
  ['NUL', 'acme\0'],
  ['a double quote', 'acme"; drop schema public cascade; --'],
  ['a single quote', "acme'"],
  ['a backtick', 'acme`'],
  ['a path', '../etc'],
  ['dots', '..'],
  ['a slash', 'a/b'],
  ['a backslash', 'a\\b'],
  ['a percent sign', '%61cme'],
  ['a dash in front', '-acme'],
  ['an underscore in front', '_acme'],
  ['a Cyrillic look-alike of "a"', '\u0430cme'],
  ['a full-width letter', '\uff41cme'],
  ['the Kelvin sign', '\u212Aelvin'],
  ['a letter without width', 'ac\u200Bme'],
  ['a text that runs from right to left', '\u202Eacme'],
  ['half a surrogate pair', 'acme\ud800'],
  ['a decomposed accent', 'cafe\u0301'],
  ['ten million letters', 'a'.repeat(10_000_000)],
  ['ten million letters and a mark', `${'a'.repeat(10_000_000)}!`],
])('an id with %s is refused', (_what, value) => {
  expect(refusal(value)).toBe('ROWHOUSE_TENANT_ID_INVALID')
})

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a boolean', true],
  ['a symbol', Symbol('acme')],
  ['a function', () => 'acme'],
  ['a list', ['acme']],
  ['an object with toString', { toString: () => 'acme' }],
  ['a String object', Object('acme')],
  ['an id in an id', { id: { id: 'acme' } }],
  ['an id that is a list', { id: ['acme'] }],
  ['an id that is null', { id: null }],
  ['a negative number', -1],
  ['a negative bigint', -1n],
  ['a fraction', 1.5],
  ['NaN', NaN],
  ['infinity', Infinity],
  ['a number that has lost digits', 2 ** 53],
])('%s is no tenant', (_what, value) => {
  expect(refusal(value)).toBe('ROWHOUSE_TENANT_ID_INVALID')
})

test('an id is read once, so it cannot change between the check and the use', () => {
  const answers = ['acme', 'public']
  const tricky = {
    get id() {
      return answers.shift() ?? 'gone'
    },
  }
  expect(parseTenantId(tricky)).toBe('acme')
  expect(answers).toEqual(['public'])
})

test.each([
  'public',
  'information_schema',
  'performance_schema',
  'sys',
  'mysql',
  'ndbinfo',
  'pg_catalog',
  'pg_temp',
  'pg_toast',
  'pg_anything',
])('the name %s is reserved', (name) => {
  expect(refusal(name)).toBe('ROWHOUSE_TENANT_ID_RESERVED')
  expect(refusal(name, { validate: () => true })).toBe('ROWHOUSE_TENANT_ID_RESERVED')
})

test('a name that only resembles a reserved one is free', () => {
  expect(['publics', 'my-public', 'pg', 'pgx', 'system'].map((id) => refusal(id))).toEqual(
    Array(5).fill(undefined),
  )
})

test('an application reserves further names, also by a pattern that remembers its place', () => {
  const reserved = ['admin', /^www\d*$/g]
  for (const id of ['admin', 'www', 'www1', 'www1', 'public']) {
    expect(refusal(id, { reserved })).toBe('ROWHOUSE_TENANT_ID_RESERVED')
  }
  expect(refusal('administration', { reserved })).toBeUndefined()
  expect(isReserved('www2', reserved)).toBe(true)
})

test('the option validate widens or narrows what is taken', () => {
  expect(parseTenantId('Acme Inc.', { validate: /^[A-Za-z .]+$/ })).toBe('Acme Inc.')
  expect(parseTenantId('tenant-1', { validate: (id) => id.startsWith('tenant-') })).toBe('tenant-1')
  expect(refusal('acme', { validate: /^\d+$/ })).toBe('ROWHOUSE_TENANT_ID_INVALID')
  const truthy = (() => 1) as unknown as () => boolean
  expect(refusal('acme', { validate: truthy })).toBe('ROWHOUSE_TENANT_ID_INVALID')
})

test('a /g or /y expression answers the same every time', () => {
  for (const validate of [/^[a-z]+$/g, /^[a-z]+$/y]) {
    expect([1, 2, 3].map(() => refusal('acme', { validate }))).toEqual([undefined, undefined, undefined])
  }
})

test('no rule lets NUL, half a surrogate pair, a decomposed text or nothing through', () => {
  for (const id of ['', 'a\0', '\ud800', '\udc00a', 'cafe\u0301']) {
    expect(refusal(id, { validate: () => true })).toBe('ROWHOUSE_TENANT_ID_INVALID')
  }
  expect(refusal('caf\u00e9 \u{1F600}', { validate: () => true })).toBeUndefined()
})

test('a refusal has status 404 and a message of bounded length', () => {
  expect.assertions(3)
  try {
    parseTenantId('!'.repeat(1_000_000))
  } catch (error) {
    expect(error).toBeInstanceOf(TenantIdError)
    expect((error as TenantIdError).status).toBe(404)
    expect((error as TenantIdError).message.length).toBeLessThan(400)
  }
})

test('whatever is given, the result is the same text, or a refusal', () => {
  const utf16 = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
  const hostile = fc.oneof(
    utf16,
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[a-zA-Z0-9_.%"'`-]{0,20}$/),
    fc.anything(),
  )
  fc.assert(
    fc.property(hostile, (value) => {
      if (refusal(value) !== undefined) return
      const id = parseTenantId(value)
      const given = typeof value === 'object' && value !== null ? (value as { id: unknown }).id : value
      expect(id).toBe(String(given))
      expect(id).toMatch(PATTERN)
      expect(isReserved(id)).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

test('every id of the documented form is taken, unless it is reserved', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,60}$/), (id) => {
      expect(refusal(id)).toBe(isReserved(id) ? 'ROWHOUSE_TENANT_ID_RESERVED' : undefined)
    }),
  )
})
