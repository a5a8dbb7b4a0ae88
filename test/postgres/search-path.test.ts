import fc from 'fast-check'
import { escapeIdentifier } from 'pg'
import { canonicalPath, canonicalReport, DEFAULT_PATH, tenantPath } from '../../src/postgres/search-path'
import type { Tenant } from '../../src/tenant/context'

const tenant = (schema: string): Tenant => ({ id: 'x', schema }) as unknown as Tenant

test('the path is the tenant, what is shared, and pg_temp last', () => {
  expect(tenantPath(tenant('tenant_acme'), ['extensions']).sql).toBe('"tenant_acme", "extensions", "pg_temp"')
})

test('work without a tenant has the default path and no schema', () => {
  expect(DEFAULT_PATH).toMatchObject({ sql: 'DEFAULT', schema: undefined, path: undefined })
})

test('a reported path reads the same with and without quotes', () => {
  const { path } = tenantPath(tenant('tenant_1'), [])
  expect(canonicalPath('tenant_1, pg_temp')).toBe(path)
  expect(canonicalPath('"tenant_1", pg_temp')).toBe(path)
})

test('an unquoted name in upper case means the lower-case schema', () => {
  expect(canonicalPath('Ab')).toBe(canonicalPath('ab'))
  expect(canonicalPath('"Ab"')).not.toBe(canonicalPath('ab'))
})

test.each(['', 'a b', '"open', 'a,', ',a', 'a;b', 'größe, pg_temp'])(
  'a text that is no list of names is no path: %s',
  (text) => {
    expect(canonicalPath(text)).toBeUndefined()
  },
)

test('every schema name survives quoting and reading', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
      (schema, shared) => {
        const path = tenantPath(tenant(schema), shared)
        expect(canonicalPath(path.sql)).toBe(path.path)
      },
    ),
  )
})

test('two lists of schemas never have one canonical path', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'a,b', 'a"', '","', 'a","b'), {
    minLength: 1,
    maxLength: 4,
  })
  const textOf = (list: readonly string[]): string => list.map((name) => escapeIdentifier(name)).join(', ')
  fc.assert(
    fc.property(names, names, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other)
      expect(canonicalPath(textOf(one)) === canonicalPath(textOf(other))).toBe(same)
    }),
  )
})

test('a report is read for what it is, whatever was asked for', () => {
  const [a, b] = [tenantPath(tenant('tenant_a'), []), tenantPath(tenant('tenant_b'), [])]
  for (let turn = 0; turn < 2; turn += 1) {
    expect(canonicalReport('tenant_a, pg_temp', a)).toBe(a.path)
    expect(canonicalReport('tenant_a, pg_temp', b)).toBe(a.path)
    expect(canonicalReport('tenant_b, pg_temp', a)).toBe(b.path)
    expect(canonicalReport('tenant_a, pg_temp', undefined)).toBe(a.path)
    expect(canonicalReport('"tenant_a", pg_temp', a)).toBe(a.path)
    expect(canonicalReport('nonsense;', a)).toBeUndefined()
  }
  expect(canonicalReport('nonsense;', DEFAULT_PATH)).toBeUndefined()
  expect(canonicalReport('public', DEFAULT_PATH)).toBe('"public"')
})
