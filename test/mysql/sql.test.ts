import fc from 'fast-check'
import { grantPatternOf, parseAccount } from '../../src/mysql/grants'
import { hasChanged } from '../../src/mysql/journal-fingerprint'
import { lockNameOf } from '../../src/mysql/migration-lock'
import { scanSql } from '../../src/mysql/migration-scanner'
import { quoteName, sha256Of } from '../../src/mysql/sql'

test('a quoted name is one name again, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (name) => {
      expect([...scanSql(quoteName(name))]).toEqual([expect.objectContaining({ type: 'quoted', text: name })])
    }),
  )
})

test('a hash is of the text and nothing else', () => {
  expect(sha256Of('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(sha256Of('ä')).not.toBe(sha256Of('a\u0308'))
})

test('in a grant no letter of a name stands for others', () => {
  expect(grantPatternOf('tenant_1')).toBe('tenant\\_1')
  expect(grantPatternOf('50%\\')).toBe('50\\%\\\\')
  expect(() => grantPatternOf('_'.repeat(33))).toThrow(
    expect.objectContaining({ code: 'ROWHOUSE_SCHEMA_NAME_TOO_LONG' }),
  )
})

test.each([
  ['app', { user: 'app', host: '%' }],
  ['app@10.0.%', { user: 'app', host: '10.0.%' }],
  ['a@b@localhost', { user: 'a@b', host: 'localhost' }],
])('the account %s', (text, account) => expect(parseAccount(text)).toEqual(account))

test('a lock has at most 64 characters, one for each database, and the same in upper and lower case', () => {
  expect(lockNameOf('x'.repeat(64)).length).toBeLessThanOrEqual(64)
  expect(lockNameOf('tenant_a')).not.toBe(lockNameOf('tenant_b'))
  expect(lockNameOf('Tenant_A')).toBe(lockNameOf('tenant_a'))
})

test('fingerprints of two versions of a server can not be compared', () => {
  expect(hasChanged('10.11.1-MariaDB x', '10.11.1-MariaDB x')).toBe(false)
  expect(hasChanged('10.11.1-MariaDB x', '10.11.1-MariaDB y')).toBe(true)
  expect(hasChanged('10.11.1-MariaDB x', '11.4.1-MariaDB y')).toBeUndefined()
})
