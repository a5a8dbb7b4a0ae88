import { createParamDecorator, HttpException, Module } from '@nestjs/common'
import type {
  CallHandler,
  DynamicModule,
  ExecutionContext,
  MiddlewareConsumer,
  NestInterceptor,
} from '@nestjs/common'
import { ConfigError } from '../errors'
import type { TenancyLike } from '../request/parts-of'
import { refusalOf } from '../request/refusal'
import type { RequestLike } from '../request/request-like'
import { adapterGate } from './adapter-gate'
import type { AdapterOptions } from './adapter-gate'

interface ResponseLike {
  /** The application may have answered already; then a header throws. */
  readonly headersSent?: boolean | undefined
  setHeader?(name: string, value: string): unknown
  header?(name: string, value: string): unknown
}

/** The middleware of a platform: Express' own form, which Fastify's platform takes, too. */
export type NestMiddlewareFunction = (req: object, res: object, next: (error?: unknown) => void) => void

/** Which routes a module admits to their tenant, and how. */
export interface TenancyModuleOptions<Req, Record> extends AdapterOptions<Req, Record> {
  /** As of Nest's `forRoutes`: paths, or controllers. Default: all. `fromPath` needs paths or controllers with the parameter. */
  readonly routes?: Parameters<ReturnType<MiddlewareConsumer['apply']>['forRoutes']> | undefined
  /** As of Nest's `exclude`. */
  readonly exclude?: Parameters<ReturnType<MiddlewareConsumer['apply']>['exclude']> | undefined
}

/** The dependency-injection token of the tenancy: `@Inject(TENANCY) tenancy: typeof myTenancy`. */
export const TENANCY = Symbol.for('rowhouse.nestjs.tenancy')

/** The module of an application with tenants: `imports: [TenancyModule.forRoot(tenancy, { resolve: ... })]`. */
export class TenancyModule {
  /**
   * Provides the tenancy as {@link TENANCY}, everywhere, and admits requests by {@link tenantMiddleware}.
   *
   * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
   */
  static forRoot<Record, Req extends object = RequestLike>(
    tenancy: TenancyLike<Record>,
    { routes = ['{*path}'], exclude = [], ...options }: TenancyModuleOptions<Req, Record>,
  ): DynamicModule {
    const middleware = tenantMiddleware(tenancy, options)
    // A class for each call: Nest asks the class, and an application may have several tenancies.
    class ConfiguredTenancyModule extends TenancyModule {
      configure(consumer: MiddlewareConsumer): void {
        const applied = consumer.apply(middleware)
        ;(exclude.length === 0 ? applied : applied.exclude(...exclude)).forRoutes(...routes)
      }
    }
    Module({})(ConfiguredTenancyModule)
    return {
      module: ConfiguredTenancyModule,
      global: true,
      providers: [{ provide: TENANCY, useValue: tenancy }],
      exports: [TENANCY],
    }
  }
}

/**
 * Makes the functional middleware that admits requests to their tenant, in front of guards, interceptors, pipes, handlers and
 * exception filters: all of them run in the tenant's context. The record is `req.tenant`, and {@link CurrentTenant}.
 * Where a guard says who the caller is, use {@link tenantInterceptor} instead.
 *
 * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
 */
export function tenantMiddleware<Record, Req extends object = RequestLike>(
  tenancy: TenancyLike<Record>,
  options: AdapterOptions<Req, Record>,
): NestMiddlewareFunction {
  const admit = adapterGate(tenancy, options)
  return function rowhouseTenant(req, res, next) {
    admit(req as Req).then(
      ({ tenant, run }) => {
        if (tenant !== undefined) Object.assign(req, { tenant: tenant.record })
        run(() => next())
      },
      (error: unknown) => next(toHttpException(error, res)),
    )
  }
}

/**
 * Makes the interceptor that admits requests to their tenant after the guards: `authorize` sees the user whom they found.
 * Pipes, further interceptors and the handler run in the tenant's context; guards and exception filters do not.
 * `@UseInterceptors(tenantInterceptor(tenancy, { ... }))`, or `app.useGlobalInterceptors(...)`.
 *
 * A handler that is not of HTTP (microservices, gateways, resolvers of GraphQL) is refused with a ConfigError.
 *
 * @throws ConfigError for a spoofable name without `authorize`, and for other mistakes in the options
 */
export function tenantInterceptor<Record, Req extends object = RequestLike>(
  tenancy: TenancyLike<Record>,
  options: AdapterOptions<Req, Record>,
): NestInterceptor {
  const admit = adapterGate(tenancy, options)
  return {
    async intercept(context: ExecutionContext, next: CallHandler) {
      const http = httpOf(
        context,
        'tenantInterceptor()',
        'call tenancy.run() with a tenant that you have checked',
      )
      const req = http.getRequest<Req>()
      const { tenant, run } = await admit(req).catch((error: unknown) => {
        throw toHttpException(error, http.getResponse<object>())
      })
      if (tenant !== undefined) Object.assign(req, { tenant: tenant.record })
      // Nest keeps the context of this call for whatever the handler does.
      return run(() => next.handle())
    },
  }
}

/** The directory's record of the request's tenant, as a parameter: `list(@CurrentTenant() tenant: Acme)`. */
export const CurrentTenant = createParamDecorator((_data: unknown, context: ExecutionContext): unknown => {
  const http = httpOf(context, '@CurrentTenant()', 'take tenancy.require().record')
  const req = http.getRequest<{ tenant?: unknown; raw?: { tenant?: unknown } }>()
  // On Fastify the middleware has seen the raw request.
  return req.tenant ?? req.raw?.tenant
})

/** Elsewhere the first argument is what a caller sent, and would be asked who the caller is. */
function httpOf(
  context: ExecutionContext,
  what: string,
  instead: string,
): ReturnType<ExecutionContext['switchToHttp']> {
  const type = context.getType<string>()
  if (type === 'http') return context.switchToHttp()
  throw new ConfigError([
    `${what} reads HTTP requests, and this is a handler of "${type}". There ${instead}; requests of GraphQL are admitted by ` +
      'TenancyModule.forRoot() or tenantMiddleware().',
  ])
}

/** Nest answers HttpExceptions of its own; the error that says more is the `cause`. */
function toHttpException(error: unknown, res: ResponseLike): unknown {
  const refusal = refusalOf(error)
  if (refusal === undefined) return error
  const { status, text, retryAfter } = refusal
  if (retryAfter !== undefined && res.headersSent !== true)
    (res.setHeader ?? res.header)?.call(res, 'Retry-After', retryAfter)
  return new HttpException({ statusCode: status, message: text }, status, { cause: error })
}
