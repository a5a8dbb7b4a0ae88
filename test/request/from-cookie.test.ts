import cookieParser from 'cookie-parser'
import express from 'express'
import { ConfigError, TenantUnresolvedError } from '../../src/errors'
import { expressMiddleware } from '../../src/request/express'
import { fromCookie } from '../../src/request/from-cookie'
import type { PlainRequest } from '../../src/request/request-like'
import { createParts } from './parts'
import { serve } from './serve'

const sayStatus: express.ErrorRequestHandler = (error, _req, res, _next) =>
  void res.status(error.status ?? 500).end()
const plain = fromCookie('tenant')
const signed = fromCookie('tenant', { signed: true })
const tenantOf = (cookie: string | string[]) => plain.resolve({ headers: { cookie } })

test.each([
  ['tenant=acme', 'acme'],
  ['a=b; tenant=acme; c=d', 'acme'],
  ['a=b;tenant=acme', 'acme'],
  [' tenant = acme ', 'acme'],
  ['tenant="acme"', 'acme'],
  ['tenant=a%20b', 'a b'],
  ['tenant=a%zz', 'a%zz'],
  ['tenant=a=b', 'a=b'],
  ['tenant=acme; tenant=acme', 'acme'],
  ['tenant=', ''],
  ['tenant=j:{"id":"acme"}', 'j:{"id":"acme"}'],
])('the cookies %j name the tenant %j', (cookie, tenant) => {
  expect(tenantOf(cookie)).toBe(tenant)
})

test.each(['', 'tenant', 'Tenant=acme', 'xtenant=acme', 'x=tenant=acme', 'constructor=acme', ';;;', '=acme'])(
  'the cookies %j name none',
  (cookie) => {
    expect(tenantOf(cookie)).toBeUndefined()
  },
)

test.each(['tenant=acme; tenant=globex', 'tenant=; tenant=acme', 'tenant=acme; x=y; tenant="globex"'])(
  'of the cookies %j it is not certain which is meant',
  (cookie) => {
    expect(() => tenantOf(cookie)).toThrow(TenantUnresolvedError)
    expect(() => tenantOf(cookie.split(';'))).toThrow(TenantUnresolvedError)
  },
)

test('a request without cookies names none; what a parser made of them does not count', () => {
  const request = { headers: {}, cookies: { tenant: 'acme' } } as PlainRequest
  expect(plain.resolve(request)).toBeUndefined()
})

test('a header made to be slow to read takes no time', () => {
  const started = process.hrtime.bigint()
  for (const cookie of [
    'tenant=' + ' '.repeat(60_000) + 'x',
    ';'.repeat(60_000),
    `tenant=${'"'.repeat(60_000)}`,
    ' '.repeat(60_000),
  ])
    void tenantOf(cookie)
  expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(2000)
})

test('a plain cookie can be typed, a signed one was written by the server', () => {
  expect([plain.trust, signed.trust]).toEqual(['spoofable', 'trusted'])
  expect(signed.name).toBe('signed cookie "tenant"')
})

test.each([[undefined], [{}], [{ tenant: false }], [Object.create({ tenant: 'acme' })]])(
  'the signed cookies %p name none',
  (signedCookies) => {
    expect(
      signed.resolve({ headers: { cookie: 'tenant=acme' }, signedCookies } as PlainRequest),
    ).toBeUndefined()
  },
)

test.each([[['acme']], [{ id: 'acme' }], [true]])('the signed value %p is not one name', (tenant) => {
  expect(() => signed.resolve({ headers: {}, signedCookies: { tenant } } as PlainRequest)).toThrow(
    TenantUnresolvedError,
  )
})

test.each(['', 'a b', 'a;b', 'a=b', 'a\0', 'a\n'])('%j can not be the name of a cookie', (cookie) => {
  expect(() => fromCookie(cookie)).toThrow(ConfigError)
})

test('with cookie-parser, a cookie with a false signature, or none, names no tenant', async () => {
  const parts = createParts()
  const app = express()
  app.use(cookieParser('of this test'))
  app.get(
    '/login/:tenant',
    (req, res) => void res.cookie('tenant', req.params.tenant, { signed: true }).end(),
  )
  app.get('/theme/:name', (req, res) => void res.cookie('theme', req.params.name, { signed: true }).end())
  app.get('/', expressMiddleware({ resolve: signed }, parts), (_req, res) => {
    res.end(parts.context.current()?.id)
  })
  app.use(sayStatus)
  const served = await serve(app)
  try {
    const cookie = (await served.fetch('/login/acme')).headers['set-cookie']![0]!.split(';')[0]!
    const ask = (value: string) => served.fetch('/', { headers: { cookie: value } })
    expect((await ask(cookie)).text).toBe('acme')
    expect((await ask(cookie.replace('acme', 'globex'))).status).toBe(400)
    expect((await ask('tenant=acme')).status).toBe(400)
    expect((await ask('tenant=s%3Aacme.AAAA')).status).toBe(400)
    // The signature does not know the cookie's name: the documentation warns of it.
    const theme = (await served.fetch('/theme/globex')).headers['set-cookie']![0]!.split(';')[0]!
    expect((await ask(theme.replace('theme=', 'tenant='))).text).toBe('globex')
  } finally {
    await served.close()
  }
})
