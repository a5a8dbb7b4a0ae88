import { ConfigError, TenantUnresolvedError } from '../../src/errors'
import { fromHeader } from '../../src/request/from-header'

const { resolve, trust } = fromHeader('X-Tenant-Id')

test('the tenant is the value of the header, whatever the case of its name', () => {
  expect(resolve({ headers: { 'x-tenant-id': 'acme' } })).toBe('acme')
  expect(resolve({ headers: {}, headersDistinct: { 'x-tenant-id': ['acme'] } })).toBe('acme')
  expect(resolve({ headers: { 'x-tenant-id': ['acme'] } })).toBe('acme')
  expect(trust).toBe('spoofable')
})

test.each([{}, { other: 'acme' }, { 'x-tenant-id': undefined }, { 'x-tenant-id': [] }])(
  'the headers %p name no tenant',
  (headers) => {
    expect(resolve({ headers })).toBeUndefined()
  },
)

test.each([
  ['sent twice', { headers: { 'x-tenant-id': ['acme', 'globex'] } }],
  ['sent twice with one value', { headers: { 'x-tenant-id': ['acme', 'acme'] } }],
  ['sent twice, once empty', { headers: {}, headersDistinct: { 'x-tenant-id': ['', 'acme'] } }],
  ['sent twice and joined by Node', { headers: { 'x-tenant-id': 'acme, globex' } }],
  [
    'sent twice, of which Node dropped one',
    { headers: { 'x-tenant-id': 'a' }, headersDistinct: { 'x-tenant-id': ['a', 'b'] } },
  ],
  ['joined by a proxy', { headers: {}, headersDistinct: { 'x-tenant-id': ['acme,globex'] } }],
])('a header that is %s is refused, not read by its first value', (_how, request) => {
  expect(() => resolve(request)).toThrow(TenantUnresolvedError)
  expect(() => resolve(request)).toThrow(/header "x-tenant-id" has more than one value/)
})

test('the values themselves are not in the message', () => {
  expect(() => resolve({ headers: { 'x-tenant-id': 'acme, globex' } })).not.toThrow(/acme|globex/)
})

test.each(['', 'x tenant', 'x-tenant:', 'x\ntenant', 'x-t\u00e9nant'])(
  '%p can not be the name of a header',
  (header) => {
    expect(() => fromHeader(header)).toThrow(ConfigError)
  },
)
