import * as fc from 'fast-check'
import { ConfigError, TenantIdError, TenantRequiredError } from '../../src/errors'
import { sharedKey, tenantKey } from '../../src/keys/tenant-key'
import { postgres } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'

const tenancy = createTenancy({ engine: postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }) })

/** Ids that `validate` may let through, rich in what separates, escapes and joins. */
const hostile = fc.oneof(
  fc
    .array(fc.constantFrom('a', 'b', ':', '%', '3', 'A', '-', '_', '.', '/', 'é', '::', '%3A', 'tenant:'))
    .map((all) => all.join('')),
  fc.string({ unit: 'grapheme' }),
)
const id = hostile.filter((text) => isId(text))

function isId(text: string): boolean {
  try {
    tenantKey(text, '')
    return true
  } catch (error) {
    if (error instanceof TenantIdError) return false
    throw error
  }
}

test('two tenants never have the same key, and one has it for the same text only', () => {
  fc.assert(
    fc.property(id, hostile, id, hostile, (one, key, other, otherKey) => {
      expect(tenantKey(one, key) === tenantKey(other, otherKey)).toBe(one === other && key === otherKey)
      expect(sharedKey(key)).not.toBe(tenantKey(one, otherKey))
    }),
    { numRuns: 3000 },
  )
})

test('one text, split into an id and a key at two places, makes two keys', () => {
  const pieces = fc.array(fc.constantFrom('a', 'b', '%3A', '%', ''), { minLength: 3, maxLength: 5 })
  const places = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }))
  fc.assert(
    fc.property(pieces, places, fc.constantFrom(':', '%3A', '%'), (all, [at, otherAt], mark) => {
      const split = (place: number) => [all.slice(0, place).join(mark), all.slice(place).join(mark)] as const
      const [[one, key], [other, otherKey]] = [split(at), split(otherAt)]
      fc.pre(isId(one) && isId(other) && one !== other)
      expect(tenantKey(one, key)).not.toBe(tenantKey(other, otherKey))
    }),
    { numRuns: 1000 },
  )
})

test('no key of a tenant begins with all of another, so that a scan for one finds no other', () => {
  fc.assert(
    fc.property(id, id, hostile, (one, other, key) => {
      fc.pre(one !== other)
      expect(tenantKey(other, key).startsWith(tenantKey(one, ''))).toBe(false)
    }),
    { numRuns: 3000 },
  )
})

test('the property finds what joins without escaping', () => {
  const naive = (tenant: string, key: string) => `tenant:${tenant}:${key}`
  expect(naive('a', 'b:c')).toBe(naive('a:b', 'c'))
  expect(tenantKey('a', 'b:c')).not.toBe(tenantKey('a:b', 'c'))
})

test.each([
  ['acme', 'user:1', 'tenant:acme:user:1'],
  ['a-b_c', '', 'tenant:a-b_c:'],
  ['a:b', 'x', 'tenant:a%3Ab:x'],
  [7, 'x', 'tenant:7:x'],
])('%p and %p make %p', (tenant, key, expected) => expect(tenantKey(tenant, key)).toBe(expected))

test('what is no text is no key, and what is no id no tenant', () => {
  for (const key of [undefined, null, 1, ['a'], {}]) {
    expect(() => tenantKey('acme', key as never)).toThrow(ConfigError)
    expect(() => sharedKey(key as never)).toThrow(ConfigError)
  }
  for (const tenant of ['', 'a\0', '\ud800', 'public', undefined, ['acme']])
    expect(() => tenantKey(tenant as never, 'x')).toThrow(TenantIdError)
})

test('tenancy.key is the key of the current tenant, and there is none without', () => {
  expect(tenancy.run('acme', () => tenancy.key('user:1'))).toBe('tenant:acme:user:1')
  expect(() => tenancy.key('user:1')).toThrow(TenantRequiredError)
  expect(() => tenancy.withoutTenant(() => tenancy.key('user:1'))).toThrow(/^tenancy\.key\(\) needs a tenant/)
})
