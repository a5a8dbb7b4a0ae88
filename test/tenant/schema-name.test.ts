import * as fc from 'fast-check'
import { TenantIdError } from '../../src/errors'
import { hasPrefix, schemaNameOf } from '../../src/tenant/schema-name'
import type { NameLimit } from '../../src/tenant/schema-name'
import { parseTenantId } from '../../src/tenant/tenant-id'
import type { TenantId } from '../../src/tenant/tenant-id'

const POSTGRES: NameLimit = { max: 63, unit: 'bytes' }
const MYSQL: NameLimit = { max: 64, unit: 'characters' }

const anyText = { validate: () => true }

/** The schema name, or the code of the refusal. */
function nameOrCode(id: TenantId, limit: NameLimit, prefix = 'tenant_'): string {
  try {
    return schemaNameOf(id, { prefix, limit })
  } catch (error) {
    if (error instanceof TenantIdError) return error.code
    throw error
  }
}

test('a schema name is the prefix and the id', () => {
  expect(schemaNameOf(parseTenantId('acme'), { prefix: 'tenant_', limit: POSTGRES })).toBe('tenant_acme')
  expect(schemaNameOf(parseTenantId('acme'), { prefix: '', limit: MYSQL })).toBe('acme')
})

test('refuses a name that PostgreSQL would cut', () => {
  const stem = 'a'.repeat(56)
  expect(nameOrCode(parseTenantId(stem), POSTGRES)).toBe(`tenant_${stem}`)
  // Cut at 63 bytes these two would be one schema, and also that of the tenant above.
  expect(nameOrCode(parseTenantId(`${stem}1`), POSTGRES)).toBe('ROWHOUSE_SCHEMA_NAME_TOO_LONG')
  expect(nameOrCode(parseTenantId(`${stem}2`), POSTGRES)).toBe('ROWHOUSE_SCHEMA_NAME_TOO_LONG')
})

test('PostgreSQL counts bytes and MySQL characters', () => {
  const accents = parseTenantId('\u00e9'.repeat(40), anyText)
  expect(nameOrCode(accents, POSTGRES)).toBe('ROWHOUSE_SCHEMA_NAME_TOO_LONG')
  expect(nameOrCode(accents, MYSQL)).toBe(`tenant_${accents}`)
  const faces = parseTenantId('\u{1F600}'.repeat(57), anyText)
  expect(nameOrCode(faces, MYSQL)).toBe(`tenant_${faces}`)
  expect(nameOrCode(parseTenantId('\u{1F600}'.repeat(58), anyText), MYSQL)).toBe(
    'ROWHOUSE_SCHEMA_NAME_TOO_LONG',
  )
})

test('a prefix and an id that make a reserved name are refused', () => {
  expect(nameOrCode(parseTenantId('temp'), POSTGRES, 'pg_')).toBe('ROWHOUSE_TENANT_ID_RESERVED')
  expect(nameOrCode(parseTenantId('lic'), POSTGRES, 'pub')).toBe('ROWHOUSE_TENANT_ID_RESERVED')
  expect(nameOrCode(parseTenantId('ql'), MYSQL, 'mys')).toBe('ROWHOUSE_TENANT_ID_RESERVED')
})

test('a refusal names the tenant and says how much is too much', () => {
  const id = parseTenantId('b'.repeat(57))
  expect(() => schemaNameOf(id, { prefix: 'tenant_', limit: POSTGRES })).toThrow(
    /"tenant_b+" has 64 bytes and the database keeps 63.*ROWHOUSE_SCHEMA_NAME_TOO_LONG/,
  )
})

describe.each([
  ['PostgreSQL', POSTGRES],
  ['MySQL', MYSQL],
])('on %s', (_engine, limit) => {
  const ids = fc.oneof(
    fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,70}$/).map((id) => ({ id, rules: {} })),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 70 }).map((id) => ({ id, rules: anyText })),
  )
  const parsed = ids
    .filter(
      ({ id }) => !id.includes('\0') && id.normalize('NFC') === id && !/^(pg_|public$|sys$|mysql$)/.test(id),
    )
    .map(({ id, rules }) => parseTenantId(id, rules))

  test('a schema name fits and gives its id back, or is refused', () => {
    fc.assert(
      fc.property(parsed, fc.constantFrom('', 'tenant_', 't-', 'kunde\u00e4_'), (id, prefix) => {
        const name = nameOrCode(id, limit, prefix)
        if (name === 'ROWHOUSE_SCHEMA_NAME_TOO_LONG') return
        expect(name.slice(prefix.length)).toBe(id)
        expect(limit.unit === 'bytes' ? Buffer.byteLength(name) : [...name].length).toBeLessThanOrEqual(
          limit.max,
        )
        expect(hasPrefix(name, prefix)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('two tenants never share a schema name', () => {
    const twins = fc
      .tuple(
        fc.stringMatching(/^[a-z][a-z0-9_-]{50,62}$/),
        fc.stringMatching(/^[a-z0-9]{0,3}$/),
        fc.stringMatching(/^[a-z0-9]{0,3}$/),
      )
      .map(([stem, a, b]) => [parseTenantId(`x${stem}${a}`), parseTenantId(`x${stem}${b}`)] as const)
    fc.assert(
      fc.property(fc.oneof(twins, fc.tuple(parsed, parsed)), ([a, b]) => {
        fc.pre(a !== b)
        const names = [nameOrCode(a, limit), nameOrCode(b, limit)]
        if (names[0] === names[1]) expect(names[0]).toBe('ROWHOUSE_SCHEMA_NAME_TOO_LONG')
      }),
      { numRuns: 1000 },
    )
  })
})

test('the underscore of a prefix stands for itself alone', () => {
  expect(hasPrefix('tenant_acme', 'tenant_')).toBe(true)
  expect(hasPrefix('tenantXacme', 'tenant_')).toBe(false)
  expect(hasPrefix('tenant_', 'tenant_')).toBe(false)
  expect(hasPrefix('Tenant_acme', 'tenant_')).toBe(false)
})
