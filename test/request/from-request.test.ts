import { ConfigError } from '../../src/errors'
import { fromRequest } from '../../src/request/from-request'
import type { FromRequestOptions } from '../../src/request/from-request'

test('the tenant is what the function returns, at once or later', async () => {
  const read = (req: { claims?: { tenant: string } }) => req.claims?.tenant
  expect(fromRequest(read, { trust: 'trusted' }).resolve({ claims: { tenant: 'acme' } })).toBe('acme')
  expect(fromRequest(read, { trust: 'trusted' }).resolve({})).toBeUndefined()
  expect(await fromRequest(async () => 42, { trust: 'spoofable' }).resolve({ headers: {} })).toBe(42)
})

test('trust and name are what was said', () => {
  expect(fromRequest(() => 'acme', { trust: 'trusted', name: 'claim "tenant"' })).toMatchObject({
    trust: 'trusted',
    name: 'claim "tenant"',
  })
  expect(fromRequest(() => 'acme', { trust: 'spoofable' }).name).toBe('request')
})

test.each([{}, { trust: undefined }, { trust: true }, { trust: 'yes' }])(
  '%p does not say whether the name is trusted',
  (options) => {
    expect(() => fromRequest(() => 'acme', options as FromRequestOptions)).toThrow(ConfigError)
  },
)
