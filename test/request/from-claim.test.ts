import { ConfigError, TenantUnresolvedError } from '../../src/errors'
import { fromClaim } from '../../src/request/from-claim'
import type { FromClaimOptions } from '../../src/request/from-claim'

interface Request {
  readonly auth?: unknown
}
const byAuth = fromClaim('tenant', { payload: (req: Request) => req.auth })
const tenantOf = (auth: unknown) => byAuth.resolve({ auth })

test('the tenant is a claim of the payload, at once or later; somebody verified it, so it is trusted', async () => {
  expect(await tenantOf({ tenant: 'acme' })).toBe('acme')
  expect(await tenantOf(Promise.resolve({ tenant: 42 }))).toBe(42)
  expect([byAuth.trust, byAuth.name]).toEqual(['trusted', 'claim "tenant"'])
  const namespaced = fromClaim('https://example.com/tenant', { payload: (req: Request) => req.auth })
  expect(await namespaced.resolve({ auth: { 'https://example.com/tenant': 'acme' } })).toBe('acme')
})

test.each([
  undefined,
  null,
  false,
  'acme',
  7,
  {},
  { tenant: null },
  { Tenant: 'acme' },
  Object.create({ tenant: 'acme' }),
  [],
  ['acme'],
])('the payload %p names none', async (payload) => {
  expect(await tenantOf(payload)).toBeUndefined()
})

test.each(['__proto__', 'constructor', 'hasOwnProperty'])(
  '%s is no claim of an empty payload',
  async (claim) => {
    expect(await fromClaim(claim, { payload: () => ({}) }).resolve({ headers: {} })).toBeUndefined()
  },
)

test('a claim that JSON calls __proto__ is one like others, and changes nothing', async () => {
  const payload: unknown = JSON.parse('{"__proto__": {"tenant": "acme"}}')
  expect(await tenantOf(payload)).toBeUndefined()
  await expect(fromClaim('__proto__', { payload: () => payload }).resolve({ headers: {} })).rejects.toThrow(
    TenantUnresolvedError,
  )
})

test.each([[['acme']], [['acme', 'globex']], [{ id: 'acme' }], [true], [[]]])(
  'the claim %p is not one name',
  async (tenant) => {
    await expect(tenantOf({ tenant })).rejects.toThrow(TenantUnresolvedError)
    await expect(tenantOf({ tenant })).rejects.not.toThrow(/acme/)
  },
)

test('what `payload` throws is its own', async () => {
  const failure = new Error('no session store')
  await expect(
    fromClaim('tenant', { payload: () => Promise.reject(failure) }).resolve({ headers: {} }),
  ).rejects.toBe(failure)
})

test('a claim and a payload are needed', () => {
  expect(() => fromClaim('', { payload: () => ({}) })).toThrow(ConfigError)
  expect(() => fromClaim('tenant', {} as FromClaimOptions)).toThrow(/payload: \(req\) => req\.auth/)
})
