import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import type * as Jose from 'jose'
import express from 'express'
import { ConfigError, TenantUnresolvedError } from '../../src/errors'
import { expressMiddleware } from '../../src/request/express'
import { fromJwt } from '../../src/request/from-jwt'
import type { FromJwtOptions } from '../../src/request/from-jwt'
import { createParts } from './parts'
import { serve } from './serve'
import type { Served } from './serve'

// An ES module, compiled for the tests: see jest.config.ts.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { jwtVerify, SignJWT, UnsecuredJWT, errors } = require('jose') as typeof Jose

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const verify = async (token: string) =>
  (await jwtVerify(token, publicKey, { algorithms: ['ES256'], issuer: 'us', audience: 'shop' })).payload
const byToken = fromJwt('tenant', { verify })

function tokenOf(
  claims: Jose.JWTPayload,
  key: Parameters<Jose.SignJWT['sign']>[0] = privateKey,
  alg = 'ES256',
) {
  return new SignJWT({ iss: 'us', aud: 'shop', ...claims })
    .setProtectedHeader({ alg })
    .setExpirationTime(claims.exp ?? '5m')
    .sign(key)
}
const resolve = (authorization?: string | string[]) =>
  byToken.resolve({ headers: authorization === undefined ? {} : { authorization } })
const past = Math.floor(Date.now() / 1000) - 60

test('the tenant is the claim of a token with the right signature', async () => {
  expect(await resolve(`Bearer ${await tokenOf({ tenant: 'acme' })}`)).toBe('acme')
  expect(await resolve(`bearer   ${await tokenOf({ tenant: 7 })} `)).toBe(7)
  expect(byToken).toMatchObject({ trust: 'trusted', name: 'claim "tenant"' })
})

test.each<[string, () => Promise<string>]>([
  [
    'is tampered with',
    async () => {
      const [head, , mark] = (await tokenOf({ tenant: 'acme' })).split('.')
      const body = Buffer.from(
        JSON.stringify({ iss: 'us', aud: 'shop', tenant: 'globex', exp: 4e9 }),
      ).toString('base64url')
      return [head, body, mark].join('.')
    },
  ],
  ['has expired', () => tokenOf({ tenant: 'acme', exp: past })],
  [
    'has `alg: none`',
    async () => new UnsecuredJWT({ iss: 'us', aud: 'shop', tenant: 'acme' }).setExpirationTime('5m').encode(),
  ],
  [
    'is signed with another key',
    () => tokenOf({ tenant: 'acme' }, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  ],
  [
    'is signed with the public key as a secret',
    () =>
      tokenOf(
        { tenant: 'acme' },
        createSecretKey(publicKey.export({ type: 'spki', format: 'der' })),
        'HS256',
      ),
  ],
  ['is of another issuer', () => tokenOf({ tenant: 'acme', iss: 'them' })],
  ['is for another audience', () => tokenOf({ tenant: 'acme', aud: 'admin' })],
  ['is no token', async () => 'acme'],
  ['is random', async () => randomBytes(60).toString('hex')],
  ['is very long', async () => 'a.'.repeat(50_000)],
])('a token that %s is refused with 401, and its error is the cause', async (_what, make) => {
  const error = await Promise.resolve(resolve(`Bearer ${await make()}`)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TenantUnresolvedError)
  expect(error).toMatchObject({ status: 401, cause: expect.any(errors.JOSEError) })
  expect((error as Error).message).not.toMatch(/acme|globex/)
})

test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'acme', 'Bearer a b', ' Bearer a'])(
  'the authorization %j has no token, so the request names no tenant',
  async (authorization) => {
    expect(await resolve(authorization)).toBeUndefined()
  },
)

test('a token that is sent twice is refused', async () => {
  await expect(
    resolve([`Bearer ${await tokenOf({ tenant: 'acme' })}`, `Bearer ${await tokenOf({ tenant: 'globex' })}`]),
  ).rejects.toThrow(TenantUnresolvedError)
})

test('a token without the claim names none, and a claim that is a list is refused', async () => {
  expect(await resolve(`Bearer ${await tokenOf({})}`)).toBeUndefined()
  await expect(resolve(`Bearer ${await tokenOf({ tenant: ['acme'] })}`)).rejects.toMatchObject({
    status: 400,
  })
})

test('the whole answer of jwtVerify, or a payload that is text, has no such claim', async () => {
  const headers = { authorization: `Bearer ${await tokenOf({ tenant: 'acme' })}` }
  const whole = fromJwt('tenant', { verify: (token) => jwtVerify(token, publicKey) })
  expect(await whole.resolve({ headers })).toBeUndefined()
  expect(await fromJwt('tenant', { verify: () => 'acme' }).resolve({ headers })).toBeUndefined()
})

test('a token may be elsewhere, and an error of `verify` with a status of its own stays as it is', async () => {
  const failure = Object.assign(new Error('keys are not to be had'), { status: 503 })
  const { resolve: ask } = fromJwt('tenant', {
    token: ({ headers }) => headers['x-token'] as string,
    verify: async (token) => {
      if (token === 'down') throw failure
      return { tenant: token }
    },
  })
  expect(await ask({ headers: { 'x-token': 'acme' } })).toBe('acme')
  await expect(ask({ headers: { 'x-token': 'down' } })).rejects.toBe(failure)
})

test('a claim and a function that verifies are needed', () => {
  expect(() => fromJwt('', { verify })).toThrow(ConfigError)
  expect(() => fromJwt('tenant', {} as FromJwtOptions)).toThrow(/verify: \(token\)/)
})

const sayStatus: express.ErrorRequestHandler = (error, _req, res, _next) =>
  void res.status(error.status ?? 500).end()

describe('behind Express', () => {
  const parts = createParts()
  let served: Served
  beforeAll(async () => {
    const app = express()
    app.get(
      '/',
      expressMiddleware({ resolve: byToken }, parts),
      (_req, res) => void res.end(parts.context.current()?.id),
    )
    app.get('/open', expressMiddleware({ resolve: byToken, required: false }, parts), (_req, res) => {
      res.end(parts.context.current()?.id ?? 'none')
    })
    app.use(sayStatus)
    served = await serve(app)
  })
  afterAll(() => served.close())
  const ask = (path: string, token?: string) =>
    served.fetch(path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

  test('the claim decides, without authorize', async () => {
    expect((await ask('/', await tokenOf({ tenant: 'acme' }))).text).toBe('acme')
    expect((await ask('/', await tokenOf({ tenant: 'public' }))).status).toBe(404)
    expect((await ask('/')).status).toBe(400)
  })

  test('where no tenant is required, no token is fine and a false one is not', async () => {
    expect((await ask('/open')).text).toBe('none')
    expect((await ask('/open', await tokenOf({ tenant: 'acme', exp: past }))).status).toBe(401)
  })
})
