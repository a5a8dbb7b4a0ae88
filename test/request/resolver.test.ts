import { ConfigError } from '../../src/errors'
import { fromHeader } from '../../src/request/from-header'
import { fromPath } from '../../src/request/from-path'
import { fromRequest } from '../../src/request/from-request'
import type { RequestLike } from '../../src/request/request-like'
import { firstOf } from '../../src/request/resolver'
import type { RawTenant, Trust } from '../../src/request/resolver'

const yields = (value: RawTenant, trust: Trust = 'trusted') => fromRequest(() => value, { trust })
const request: RequestLike = { headers: {} }

describe('firstOf', () => {
  test('the first resolver that finds a name wins', async () => {
    const asynchronous = fromRequest(async () => 'acme', { trust: 'trusted' })
    expect(await firstOf(yields(undefined), asynchronous, yields('globex')).resolve(request)).toBe('acme')
  })

  test.each([undefined, null, ''])('%p is no name, so the next one is asked', async (nothing) => {
    expect(await firstOf(yields(nothing), yields(0)).resolve(request)).toBe(0)
  })

  test('resolvers after the winner are not asked', async () => {
    const later = jest.fn(() => 'globex')
    await firstOf(yields('not a tenant!'), fromRequest(later, { trust: 'trusted' })).resolve(request)
    expect(later).not.toHaveBeenCalled()
  })

  test('it finds nothing where none of them does', async () => {
    expect(await firstOf(yields(undefined), yields('')).resolve(request)).toBeUndefined()
  })

  test('it is spoofable as soon as one of them is', () => {
    expect(firstOf(yields('a'), yields('b')).trust).toBe('trusted')
    expect(firstOf(yields('a'), yields('b', 'spoofable')).trust).toBe('spoofable')
  })

  test('a refusal of one of them is the answer: the next one is not asked', async () => {
    const twice: RequestLike = { headers: { 'x-tenant-id': ['acme', 'globex'] } }
    await expect(firstOf(fromHeader('x-tenant-id'), yields('acme')).resolve(twice)).rejects.toThrow(
      /more than one value/,
    )
  })

  test('its name lists where it looks', () => {
    expect(firstOf(fromPath('tenantId'), fromHeader('X-Tenant-Id')).name).toBe(
      'route parameter "tenantId" or header "x-tenant-id"',
    )
  })

  test('it needs at least one resolver', () => {
    expect(() => firstOf()).toThrow(ConfigError)
  })
})
