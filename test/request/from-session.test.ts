import express from 'express'
import { ConfigError, TenantUnresolvedError } from '../../src/errors'
import { expressMiddleware } from '../../src/request/express'
import { fromSession } from '../../src/request/from-session'
import type { PlainRequest } from '../../src/request/request-like'
import { createParts } from './parts'
import { serve } from './serve'

// Its types would add a session to the requests of all tests.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const session = require('express-session') as (options: object) => express.RequestHandler

const sayStatus: express.ErrorRequestHandler = (error, _req, res, _next) =>
  void res.status(error.status ?? 500).end()
const { resolve, trust, name } = fromSession('tenantId')
const tenantOf = (value: unknown) => resolve({ headers: {}, session: value } as PlainRequest)

test('the tenant is what the session has under the name; the server wrote it, so it is trusted', () => {
  expect([tenantOf({ tenantId: 'acme' }), tenantOf({ tenantId: 7 }), trust]).toEqual(['acme', 7, 'trusted'])
  expect(name).toBe(`session's "tenantId"`)
})

test.each([
  undefined,
  null,
  {},
  'acme',
  7,
  { tenantId: null },
  Object.create({ tenantId: 'acme' }),
  { other: 'acme' },
])('the session %p names no tenant', (value) => {
  expect(tenantOf(value)).toBeUndefined()
})

test.each(['constructor', '__proto__', 'toString'])(
  'the property %s of every object is none of the session',
  (property) => {
    expect(fromSession(property).resolve({ headers: {}, session: {} } as PlainRequest)).toBeUndefined()
  },
)

test.each([[['acme']], [{ id: 'acme' }], [true], [() => 'acme'], [Symbol('acme')]])(
  '%p is not one name',
  (value) => {
    expect(() => tenantOf({ tenantId: value })).toThrow(TenantUnresolvedError)
  },
)

test.each(['', undefined, null, 7])('%p can not be the name of a property', (property) => {
  expect(() => fromSession(property as string)).toThrow(ConfigError)
})

test('with express-session: nobody before the log-in, the own tenant after it, whatever else is sent', async () => {
  const parts = createParts()
  const app = express()
  app.use(session({ secret: 'of this test', resave: false, saveUninitialized: false }), express.json())
  app.post('/login/:tenant', (req, res) => {
    Object.assign((req as { session?: object }).session!, { tenantId: req.params.tenant })
    res.end()
  })
  app.all('/', expressMiddleware({ resolve: fromSession('tenantId') }, parts), (_req, res) => {
    res.end(parts.context.current()?.id)
  })
  app.use(sayStatus)
  const served = await serve(app)
  const cookieOf = async (tenant: string) =>
    (await served.fetch(`/login/${tenant}`, { body: {} })).headers['set-cookie']![0]!.split(';')[0]!
  try {
    const [acme, globex] = [await cookieOf('acme'), await cookieOf('globex')]
    const ask = async (cookie: string) =>
      served.fetch('/', { headers: { cookie }, body: { tenantId: 'globex' } })
    expect((await ask(acme)).text).toBe('acme')
    expect((await ask(globex)).text).toBe('globex')
    expect((await ask('')).status).toBe(400)
    expect((await ask(`${acme.slice(0, -3)}xyz`)).status).toBe(400)
  } finally {
    await served.close()
  }
})
