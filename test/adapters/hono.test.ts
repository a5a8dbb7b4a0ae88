import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { stream } from 'hono/streaming'
import { honoTenant } from '../../src/adapters/hono'
import type { HttpRefusal } from '../../src/adapters/hono'
import type { TenantRecord } from '../../src/request/parts-of'
import { fromPath } from '../../src/request/from-path'
import { fromSubdomain } from '../../src/request/from-subdomain'
import { serve } from '../request/serve'
import { describeAdapter } from './describe-adapter'
import { BY_HEADER, openShops, pieces } from './shop'

const asked = (c: Context): string => String(c.req.header('x-tenant'))

describeAdapter('hono', ({ tenancy }) => async (shop, options, sockets) => {
  const app = new Hono()
  app.onError((error: Error & { code?: string }, c) => {
    if ('getResponse' in error) return (error as HttpRefusal).getResponse()
    shop.failed.push(`${error.code ?? error.message} in ${shop.currentId() ?? 'none'}`)
    return c.body(null, 418)
  })
  app.use(honoTenant(tenancy, options))
  // The nearest to a hook behind the response that hono has.
  app.use(async (c, next) => {
    await next()
    shop.finished.push(`${asked(c)}=${shop.currentId() ?? 'none'}`)
  })
  app.get('/widgets', async (c) => c.json(await shop.read()))
  app.post('/widgets', async (c) => c.json(await shop.sell((await c.req.json<{ name: string }>()).name)))
  app.get('/stream', (c) =>
    stream(c, async (out) => {
      for await (const piece of pieces(shop)) await out.write(piece)
    }),
  )
  app.get('/fail', async (c) => {
    await sleep(2)
    throw new Error(`failed for ${asked(c)}`)
  })
  // eslint-disable-next-line @typescript-eslint/no-misused-promises
  return serve(getRequestListener(app.fetch), { sockets })
})

describe('a middleware of hono', () => {
  const shops = openShops('hono middleware')
  const { tenancy } = shops
  beforeAll(shops.create)
  afterAll(shops.close)

  interface Env {
    Variables: { tenant: TenantRecord<typeof tenancy>; user: string }
  }
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    c.set('user', c.req.header('x-user') ?? '')
    await next()
  })
  app.use(
    '/tenants/:tenantId/*',
    honoTenant(tenancy, {
      resolve: fromPath('tenantId'),
      authorize: ({ context }: { context: Context<Env> }, { id }) => context.get('user') === `of ${id}`,
    }),
  )
  app.get('/tenants/:tenantId/who', (c) => c.json({ id: c.get('tenant').id, current: tenancy.current()?.id }))
  app.use(
    '/host',
    honoTenant(tenancy, { resolve: fromSubdomain({ root: 'example.com' }), trustResolution: true }),
  )
  app.get('/host', (c) => c.json(tenancy.require().id))
  app.get('/', (c) => c.json(tenancy.current() ?? null))

  test('reads the path, puts the record into the context, and lets authorize see what others put there', async () => {
    const as = (user: string) => app.request('/tenants/acme/who', { headers: { 'x-user': user } })
    expect(await (await as('of acme')).json()).toEqual({ id: 'acme', current: 'acme' })
    expect((await as('of globex')).status).toBe(404)
    expect(await (await app.request('/')).json()).toBeNull()
  })

  test("has hono's own handler answer a refusal, with the words of the status and the time", async () => {
    const plain = new Hono().use(honoTenant(tenancy, { ...BY_HEADER, suspended: 503 }))
    const suspended = await plain.request('/', { headers: { 'x-tenant': 'sus' } })
    expect([suspended.status, suspended.headers.get('retry-after'), await suspended.text()]).toEqual([
      503,
      '60',
      'Service Unavailable',
    ])
  })

  test('finds the host of a request that has it in its URL alone', async () => {
    expect(await (await app.request('http://acme.example.com/host')).json()).toBe('acme')
    expect((await app.request('http://example.com/host')).status).toBe(400)
  })
})
