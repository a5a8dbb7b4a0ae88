import { mentions } from '../../src/postgres/schema-mentions'
import { checkFleetQuery, placeSchema } from '../../src/tenant-placeholder'

const quote = (name: string): string => `"${name}"`

test('each placeholder becomes the quoted name', () => {
  expect(placeSchema('select * from {schema}.a, {schema}.b', 'tenant_a-ö.1', quote)).toBe(
    'select * from "tenant_a-ö.1".a, "tenant_a-ö.1".b',
  )
})

test.each(["o'neil", 'a"b', 'a`b', 'a\\b', 'a*/b', 'a\nb', 'a?b', 'a$1b', 'a:b', '{schema}', ''])(
  'a name that could end a string or a comment is refused: %j',
  (name) => {
    expect(() => placeSchema("select '{schema}.x'", name, quote)).toThrow(
      expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }),
    )
  },
)

test('a query names a table of the tenants, and ends without a semicolon', () => {
  expect(checkFleetQuery('select 1 from {schema}.a ;\n; ')).toBe('select 1 from {schema}.a')
  for (const sql of ['', 'select 1', 'select * from schema.a', "select '{schema}'"])
    expect(() => checkFleetQuery(sql)).toThrow('{schema}.')
})

test.each([
  ['select from tenant_acme.widgets', true],
  ['"tenant_acme"', true],
  ["'tenant_acme'", true],
  ['tenant_acme2.widgets, tenant_acme.widgets', true],
  ['tenant_acme2.widgets', false],
  ['tenant_acme-2, x_tenant_acme, tenant_acmeö, tenant_acme$', false],
  ['', false],
])('a name is found in a text only by itself: %s', (text, isThere) => {
  expect(mentions(text, 'tenant_acme')).toBe(isThere)
})
