import { EventEmitter } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fastifyTenant } from '../../src/adapters/fastify'
import type { HttpRefusal } from '../../src/adapters/fastify'
import { TenantNotFoundError } from '../../src/errors'
import { fromPath } from '../../src/request/from-path'
import { talkTo } from '../request/serve'
import type { Served } from '../request/serve'
import { describeAdapter } from './describe-adapter'
import { BY_HEADER, openShops, pieces } from './shop'

async function listen(app: FastifyInstance, sockets?: number): Promise<Served> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return talkTo(port, () => app.close(), { ...(sockets !== undefined && { sockets }) })
}

const asked = (request: FastifyRequest): string => String(request.headers['x-tenant'])

describeAdapter('fastify', ({ tenancy }) => async (shop, options, sockets) => {
  const app = fastify()
  app.setErrorHandler(async (error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    if (error.statusCode !== undefined) throw error
    shop.failed.push(`${error.code ?? error.message} in ${shop.currentId() ?? 'none'}`)
    return reply.code(418).send()
  })
  await app.register(fastifyTenant(tenancy, options))
  app.addHook('onResponse', async (request) => {
    shop.finished.push(`${asked(request)}=${shop.currentId() ?? 'none'}`)
  })
  app.get('/widgets', async () => shop.read())
  app.post<{ Body: { name: string } }>('/widgets', async (request) => shop.sell(request.body.name))
  app.get('/stream', async (_request, reply) => reply.send(Readable.from(pieces(shop))))
  app.get('/fail', async (request) => {
    await sleep(2)
    throw new Error(`failed for ${asked(request)}`)
  })
  return listen(app, sockets)
})

describe('a plugin of fastify', () => {
  const shops = openShops('fastify plugin')
  const { tenancy } = shops
  let served: Served | undefined
  beforeAll(shops.create)
  afterAll(shops.close)
  afterEach(async () => {
    await served?.close()
    served = undefined
  })
  const trusted = { ...BY_HEADER, authorize: undefined, trustResolution: true } as const

  test('is for its scope and those below; a parameter of the path, and the record on the request', async () => {
    const app = fastify()
    await app.register(
      async (scope) => {
        await scope.register(fastifyTenant(tenancy, { ...trusted, resolve: fromPath('tenantId') }))
        scope.get('/who', async (request) => ({
          record: (request as { tenant?: unknown }).tenant,
          current: tenancy.current()?.id,
        }))
      },
      { prefix: '/tenants/:tenantId' },
    )
    app.get('/', async () => ({ current: tenancy.current()?.id ?? null }))
    served = await listen(app)
    const { text } = await served.fetch('/tenants/acme/who')
    expect(JSON.parse(text)).toEqual({
      record: { id: 'acme', schema: tenancy.schemaName('acme') },
      current: 'acme',
    })
    expect((await served.fetch('/tenants/gone/who')).status).toBe(404)
    expect((await served.fetch('/')).text).toBe('{"current":null}')
  })

  test('leaves a path without a route to fastify, who answers 404', async () => {
    const app = fastify()
    await app.register(fastifyTenant(tenancy, trusted))
    app.setNotFoundHandler(async (_request, reply) =>
      reply.code(404).send({ current: tenancy.current()?.id ?? null }),
    )
    served = await listen(app)
    expect((await served.fetch('/nowhere')).text).toBe('{"current":null}')
  })

  test('enters the tenant again behind parsers and hooks that lose it', async () => {
    const outside = new EventEmitter()
    const timer = setInterval(() => outside.emit('flush'), 2)
    const app = fastify()
    const seen: unknown[] = []
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', (_request, payload, done) => {
      payload.resume()
      outside.once('flush', () => done(null, {}))
    })
    await app.register(fastifyTenant(tenancy, trusted))
    app.addHook('preValidation', (_request, _reply, done) => {
      outside.once('flush', () => {
        seen.push(tenancy.current()?.id)
        done()
      })
    })
    app.post('/', async () => tenancy.require().id)
    served = await listen(app)
    const answers = await Promise.all(
      ['acme', 'globex', 'acme'].map((tenant) =>
        served!.fetch('/', { body: { x: 1 }, slow: true, headers: { 'x-tenant': tenant } }),
      ),
    )
    clearInterval(timer)
    expect(answers.map(({ text }) => text)).toEqual(['acme', 'globex', 'acme'])
    expect(seen).toEqual([undefined, undefined, undefined])
  })

  test('gives the error handler a refusal whose cause tells the application what happened', async () => {
    const app = fastify()
    const seen: HttpRefusal[] = []
    app.setErrorHandler(async (error: HttpRefusal, _request, reply) => {
      seen.push(error)
      return reply.code(error.statusCode).send('mine')
    })
    await app.register(fastifyTenant(tenancy, { ...trusted, suspended: 503, retryAfterSeconds: 9 }))
    app.get('/', async () => 'never')
    served = await listen(app)
    const unknown = await served.fetch('/', { headers: { 'x-tenant': 'gone' } })
    expect([unknown.status, unknown.text]).toEqual([404, 'mine'])
    expect(seen[0]).toMatchObject({
      message: 'Not Found',
      cause: { tenant: 'gone', code: 'ROWHOUSE_TENANT_NOT_FOUND' },
    })
    expect(seen[0]!.cause).toBeInstanceOf(TenantNotFoundError)
    const suspended = await served.fetch('/', { headers: { 'x-tenant': 'sus' } })
    expect([suspended.status, suspended.headers['retry-after']]).toEqual([503, '9'])
  })

  test("passes an error of the application's own authorize as it is", async () => {
    const failure = new Error('session store is down')
    const app = fastify()
    const seen: unknown[] = []
    app.setErrorHandler(async (error, _request, reply) => {
      seen.push(error)
      return reply.code(500).send()
    })
    await app.register(
      fastifyTenant(tenancy, {
        ...trusted,
        authorize: (_request: FastifyRequest) => Promise.reject(failure),
      }),
    )
    app.get('/', async () => 'never')
    served = await listen(app)
    expect((await served.fetch('/', { headers: { 'x-tenant': 'acme' } })).status).toBe(500)
    expect(seen[0]).toBe(failure)
  })

  test('of two tenancies admits a request to both', async () => {
    const others = openShops('fastify other')
    try {
      await others.create()
      const app = fastify()
      await app.register(fastifyTenant(tenancy, trusted))
      await app.register(fastifyTenant(others.tenancy, trusted))
      app.get('/', async () => [tenancy.require().schema, others.tenancy.require().schema])
      served = await listen(app)
      const { text } = await served.fetch('/', { headers: { 'x-tenant': 'acme' } })
      expect(JSON.parse(text)).toEqual([tenancy.schemaName('acme'), others.tenancy.schemaName('acme')])
    } finally {
      await others.close()
    }
  })
})
