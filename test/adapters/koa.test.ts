import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import Koa from 'koa'
import type { Context } from 'koa'
import { koaTenant } from '../../src/adapters/koa'
import type { HttpRefusal } from '../../src/adapters/koa'
import type { TenantRecord } from '../../src/request/parts-of'
import { fromSubdomain } from '../../src/request/from-subdomain'
import { serve } from '../request/serve'
import type { Served } from '../request/serve'
import { describeAdapter } from './describe-adapter'
import { BY_HEADER, openShops, pieces } from './shop'

const asked = (ctx: Context): string => String(ctx.get('x-tenant'))

const listenerOf = (app: { callback(): RequestListener }): RequestListener => app.callback()

async function readJson(ctx: Context): Promise<{ name: string }> {
  let body = ''
  for await (const chunk of ctx.req) body += String(chunk)
  return JSON.parse(body) as { name: string }
}

// Koa answers, errors too, where the request began, outside of every middleware.
describeAdapter(
  'koa',
  ({ tenancy }) =>
    async (shop, options, sockets) => {
      const app = new Koa()
      app.on('error', (error: Error & { status?: number; code?: string }) => {
        if (error.status === 418)
          shop.failed.push(`${error.code ?? error.message} in ${shop.currentId() ?? 'none'}`)
      })
      app.use(async (ctx, next) => {
        ctx.res.on('finish', () => shop.finished.push(`${asked(ctx)}=${shop.currentId() ?? 'none'}`))
        await next()
      })
      app.use(koaTenant(tenancy, options))
      app.use(async (ctx) => {
        try {
          if (ctx.path === '/stream') {
            const rows = pieces(shop)
            // Koa reads a body outside of every middleware.
            // eslint-disable-next-line @typescript-eslint/unbound-method
            rows.next = tenancy.bind(rows.next)
            ctx.body = Readable.from(rows)
          } else if (ctx.path === '/fail') {
            await sleep(2)
            throw new Error(`failed for ${asked(ctx)}`)
          } else {
            ctx.body = ctx.method === 'POST' ? await shop.sell((await readJson(ctx)).name) : await shop.read()
          }
        } catch (error) {
          throw Object.assign(error as Error, { status: 418 })
        }
      })
      return serve(listenerOf(app), { sockets })
    },
  false,
)

describe('a middleware of koa', () => {
  const shops = openShops('koa middleware')
  const { tenancy } = shops
  let served: Served | undefined
  beforeAll(shops.create)
  afterAll(shops.close)
  afterEach(() => served?.close())

  test('puts the record on ctx.state, and takes the host that koa believes', async () => {
    const app = new Koa<{ tenant: TenantRecord<typeof tenancy> }>({ proxy: true })
    const subdomain = { resolve: fromSubdomain({ root: 'example.com' }), trustResolution: true } as const
    app.use(koaTenant(tenancy, subdomain)).use((ctx) => {
      const { id, schema } = ctx.state.tenant
      ctx.body = { id, schema }
    })
    served = await serve(listenerOf(app))
    const headers = { host: 'acme.example.com', 'x-forwarded-host': 'globex.example.com' }
    expect(JSON.parse((await served.fetch('/', { headers })).text)).toEqual({
      id: 'globex',
      schema: tenancy.schemaName('globex'),
    })
  })

  test('throws a refusal that a middleware before it can answer; the header is there already', async () => {
    const seen: unknown[] = []
    const app = new Koa()
    app.use(async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        seen.push((error as HttpRefusal).cause)
        ctx.status = 503
        ctx.body = 'mine'
      }
    })
    app.use(koaTenant(tenancy, { ...BY_HEADER, suspended: 503 }))
    served = await serve(listenerOf(app))
    const { headers, text } = await served.fetch('/', { headers: { 'x-tenant': 'sus' } })
    expect([headers['retry-after'], text]).toEqual(['60', 'mine'])
    expect(seen).toEqual([expect.objectContaining({ code: 'ROWHOUSE_TENANT_SUSPENDED', tenant: 'sus' })])
  })

  test('without bind, a generator as a body is refused, not misdirected', async () => {
    const app = new Koa()
    const seen: unknown[] = []
    app.on('error', (error: { code?: string }) => seen.push(error.code))
    app.use(koaTenant(tenancy, BY_HEADER)).use((ctx) => {
      ctx.body = Readable.from(pieces(shops.shop()))
    })
    served = await serve(listenerOf(app))
    await served.fetch('/', { headers: { 'x-tenant': 'acme' } }).catch(() => undefined)
    expect(seen).toContain('ROWHOUSE_TENANT_REQUIRED')
  })
})
