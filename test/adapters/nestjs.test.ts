import 'reflect-metadata'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import {
  Body,
  Catch,
  Controller,
  Get,
  HttpCode,
  HttpException,
  Inject,
  Module,
  Post,
  Req,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import type {
  ArgumentsHost,
  CanActivate,
  ExecutionContext,
  INestApplication,
  MiddlewareConsumer,
  Type,
} from '@nestjs/common'
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import {
  CurrentTenant,
  TENANCY,
  TenancyModule,
  tenantInterceptor,
  tenantMiddleware,
} from '../../src/adapters/nestjs'
import { fromPath } from '../../src/request/from-path'
import type { RequestLike } from '../../src/request/request-like'
import { bindToContext } from '../../src/tenant/context'
import { talkTo } from '../request/serve'
import type { Served } from '../request/serve'
import { describeAdapter } from './describe-adapter'
import { BY_HEADER, openShops, pieces } from './shop'
import type { Shop } from './shop'

/** The decorators of Nest, called by hand: the tests are compiled without them. */
function decorate(
  target: Type,
  members: Record<string, (MethodDecorator | [number, ParameterDecorator])[]>,
): void {
  for (const [name, decorators] of Object.entries(members))
    for (const decorator of decorators) {
      if (Array.isArray(decorator)) decorator[1](target.prototype as object, name, decorator[0])
      else
        decorator(target.prototype as object, name, Object.getOwnPropertyDescriptor(target.prototype, name)!)
    }
}

function controllerOf(shop: Shop): Type {
  class WidgetsController {
    read() {
      return shop.read()
    }
    sell({ name }: { name: string }) {
      return shop.sell(name)
    }
    stream() {
      const rows = pieces(shop)
      // Nest reads it outside of every interceptor.
      // eslint-disable-next-line @typescript-eslint/unbound-method
      rows.next = bindToContext(rows.next)
      return new StreamableFile(Readable.from(rows))
    }
    async fail(req: RequestLike) {
      await sleep(2)
      throw new Error(`failed for ${String(req.headers['x-tenant'])}`)
    }
  }
  decorate(WidgetsController, {
    read: [Get('widgets')],
    sell: [Post('widgets'), HttpCode(200), [0, Body()]],
    stream: [Get('stream')],
    fail: [Get('fail'), [0, Req()]],
  })
  Controller()(WidgetsController)
  return WidgetsController
}

const PLATFORMS = {
  express: () => new ExpressAdapter(),
  fastify: () => new FastifyAdapter(),
} as const
type Platform = keyof typeof PLATFORMS

async function open(platform: Platform, metadata: Parameters<typeof Module>[0]): Promise<INestApplication> {
  class AppModule {}
  Module(metadata)(AppModule)
  const adapter: ExpressAdapter | FastifyAdapter = PLATFORMS[platform]()
  return NestFactory.create<NestFastifyApplication>(AppModule, adapter as FastifyAdapter, {
    logger: false,
    abortOnError: false,
  })
}

async function listen(app: INestApplication, sockets = 2): Promise<Served> {
  await app.listen(0, '127.0.0.1')
  const { port } = app.getHttpServer().address() as { port: number }
  return talkTo(port, () => app.close(), { sockets })
}

/** The framework's own error handler: a filter of all exceptions. */
function filterOf(shop: Shop) {
  class EverythingFilter {
    catch(error: Error & { code?: string }, host: ArgumentsHost) {
      const res = host
        .switchToHttp()
        .getResponse<{ status(code: number): { send(body: unknown): unknown } }>()
      if (error instanceof HttpException) return res.status(error.getStatus()).send(error.getResponse())
      shop.failed.push(`${error.code ?? error.message} in ${shop.currentId() ?? 'none'}`)
      res.status(418).send('')
    }
  }
  Catch()(EverythingFilter)
  return new EverythingFilter()
}

function watch(shop: Shop) {
  return (req: RequestLike, res: { on(event: 'finish', hear: () => void): void }, next: () => void) => {
    res.on('finish', () =>
      shop.finished.push(`${String(req.headers['x-tenant'])}=${shop.currentId() ?? 'none'}`),
    )
    next()
  }
}

for (const platform of Object.keys(PLATFORMS) as Platform[]) {
  describeAdapter(`nestjs middleware on ${platform}`, ({ tenancy }) => async (shop, options, sockets) => {
    const app = await open(platform, {
      imports: [TenancyModule.forRoot(tenancy, options)],
      controllers: [controllerOf(shop)],
    })
    app.useGlobalFilters(filterOf(shop))
    app.use(watch(shop))
    return listen(app, sockets)
  })

  describeAdapter(
    `nestjs interceptor on ${platform}`,
    ({ tenancy }) =>
      async (shop, options, sockets) => {
        const app = await open(platform, { controllers: [controllerOf(shop)] })
        app.useGlobalFilters(filterOf(shop))
        app.useGlobalInterceptors(tenantInterceptor(tenancy, options))
        app.use(watch(shop))
        return listen(app, sockets)
      },
    false,
  )
}

describe.each(Object.keys(PLATFORMS) as Platform[])('nestjs on %s', (platform) => {
  const shops = openShops(`nestjs ${platform}`)
  const { tenancy } = shops
  let served: Served | undefined
  beforeAll(shops.create)
  afterAll(shops.close)
  afterEach(async () => {
    await served?.close()
    served = undefined
  })

  /** A controller that answers who the tenant is, and what a guard saw. */
  function whoController(path: string, guarded: string[] = []): Type {
    class WhoController {
      constructor(readonly injected: unknown) {}
      who(record: unknown) {
        return { record, current: tenancy.current()?.id, injected: this.injected === tenancy, guarded }
      }
    }
    decorate(WhoController, { who: [Get('who'), [0, CurrentTenant()]] })
    Controller(path)(WhoController)
    Inject(TENANCY)(WhoController, undefined, 0)
    return WhoController
  }
  /** Logs in, as guards do, and notes which tenant they have. */
  function loginGuard(guarded: string[]): CanActivate {
    return {
      canActivate(context: ExecutionContext) {
        const req = context.switchToHttp().getRequest<RequestLike & { user?: string }>()
        req.user = `of ${String(req.headers['x-user'])}`
        guarded.push(tenancy.current()?.id ?? 'none')
        return true
      },
    }
  }
  const record = { id: 'acme', schema: tenancy.schemaName('acme') }
  const user = (tenant: string) => ({ headers: { 'x-tenant': 'acme', 'x-user': tenant } })

  test('the module admits, provides the tenancy, and the decorator gives the record; guards have the tenant', async () => {
    const guarded: string[] = []
    const app = await open(platform, {
      imports: [TenancyModule.forRoot(tenancy, { ...BY_HEADER, exclude: ['open/who'] })],
      controllers: [whoController('shop', guarded), whoController('open')],
    })
    app.useGlobalGuards(loginGuard(guarded))
    served = await listen(app)
    const { text } = await served.fetch('/shop/who', user('acme'))
    expect(JSON.parse(text)).toEqual({ record, current: 'acme', injected: true, guarded: ['acme'] })
    expect(JSON.parse((await served.fetch('/open/who')).text)).toEqual({ injected: true, guarded: [] })
    expect((await served.fetch('/shop/who')).status).toBe(400)
  })

  test('the interceptor comes behind the guards: authorize sees whom they found', async () => {
    const guarded: string[] = []
    const byPath = tenantInterceptor(tenancy, {
      resolve: fromPath('tenantId'),
      authorize: (req: RequestLike & { user?: string }, tenant) => req.user === `of ${tenant.id}`,
    })
    const Who = whoController('tenants/:tenantId', guarded)
    UseGuards(loginGuard(guarded))(Who)
    UseInterceptors(byPath)(Who)
    const app = await open(platform, {
      controllers: [Who],
      providers: [{ provide: TENANCY, useValue: tenancy }],
    })
    served = await listen(app)
    const { text } = await served.fetch('/tenants/acme/who', user('acme'))
    expect(JSON.parse(text)).toEqual({ record, current: 'acme', injected: true, guarded: ['none'] })
    const foreign = await served.fetch('/tenants/acme/who', user('globex'))
    expect([foreign.status, JSON.parse(foreign.text)]).toEqual([
      404,
      { statusCode: 404, message: 'Not Found' },
    ])
  })

  test("a refusal is an HttpException that Nest's default filter answers; its cause says more", async () => {
    const suspended = { ...BY_HEADER, suspended: 503 } as const
    for (const metadata of [
      { imports: [TenancyModule.forRoot(tenancy, suspended)] },
      { providers: [{ provide: APP_INTERCEPTOR, useValue: tenantInterceptor(tenancy, suspended) }] },
    ]) {
      const provided = [
        ...('providers' in metadata ? metadata.providers : []),
        { provide: TENANCY, useValue: tenancy },
      ]
      const app = await open(platform, {
        ...metadata,
        providers: provided,
        controllers: [whoController('shop')],
      })
      served = await listen(app)
      const { status, headers, text } = await served.fetch('/shop/who', { headers: { 'x-tenant': 'sus' } })
      expect([status, headers['retry-after'], JSON.parse(text)]).toEqual([
        503,
        '60',
        { statusCode: 503, message: 'Service Unavailable' },
      ])
      await served.close()
      served = undefined
    }
  })
})

test('with a path in routes, the middleware reads its parameter on Express, by the module or applied by hand', async () => {
  const shops = openShops('nestjs path')
  try {
    await shops.create()
    class WhoController {
      who() {
        return shops.tenancy.require().id
      }
    }
    decorate(WhoController, { who: [Get('tenants/:tenantId/who')] })
    Controller()(WhoController)
    const options = { resolve: fromPath('tenantId'), trustResolution: true } as const
    class OwnModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(tenantMiddleware(shops.tenancy, options)).forRoutes(WhoController)
      }
    }
    Module({})(OwnModule)
    for (const one of [
      TenancyModule.forRoot(shops.tenancy, { ...options, routes: [WhoController] }),
      OwnModule,
    ]) {
      const served = await listen(await open('express', { imports: [one], controllers: [WhoController] }))
      try {
        expect((await served.fetch('/tenants/acme/who')).text).toBe('acme')
        expect((await served.fetch('/tenants/gone/who')).status).toBe(404)
      } finally {
        await served.close()
      }
    }
  } finally {
    await shops.close()
  }
})
