import { ConfigError, TenantUnresolvedError } from '../../src/errors'
import { fromPath } from '../../src/request/from-path'

const { resolve, trust } = fromPath('tenantId')

test('the tenant is the value of the route parameter, as Express decoded it', () => {
  expect(resolve({ headers: {}, params: { tenantId: 'acme' } })).toBe('acme')
  expect(resolve({ headers: {}, params: { tenantId: '../public' } })).toBe('../public')
  expect(trust).toBe('spoofable')
})

test.each([undefined, {}, { other: 'acme' }, { tenantId: undefined }])(
  'the parameters %p name no tenant',
  (params) => {
    expect(resolve({ headers: {}, params })).toBeUndefined()
  },
)

test('what every object has is not a parameter', () => {
  for (const parameter of ['constructor', 'toString', '__proto__']) {
    expect(fromPath(parameter).resolve({ headers: {}, params: {} })).toBeUndefined()
  }
})

test('a wildcard of several segments is refused: it is not certain which one is meant', () => {
  expect(() => resolve({ headers: {}, params: { tenantId: ['acme', 'globex'] } })).toThrow(
    TenantUnresolvedError,
  )
})

test.each(['', ':tenantId', '/tenants/:tenantId', '*tenantId'])(
  '%p is not the bare name of a parameter',
  (parameter) => {
    expect(() => fromPath(parameter)).toThrow(ConfigError)
  },
)
