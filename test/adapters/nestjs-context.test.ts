import 'reflect-metadata'
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants'
import type { ExecutionContext } from '@nestjs/common'
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host'
import { CurrentTenant, tenantInterceptor } from '../../src/adapters/nestjs'
import { ConfigError } from '../../src/errors'
import { fromRequest } from '../../src/request/from-request'
import { openShops } from './shop'

/*
 * In handlers of microservices, sockets and GraphQL the first argument is no request: it is what the caller sent, or the parent.
 */
const shops = openShops('nestjs context')
const { tenancy } = shops
beforeAll(shops.create)
afterAll(shops.close)

interface Caller {
  readonly user?: { readonly tenants: readonly string[] }
  readonly wants?: string
}
const interceptor = tenantInterceptor(tenancy, {
  resolve: fromRequest(({ wants }: Caller) => wants, { trust: 'spoofable' }),
  authorize: ({ user }: Caller, { id }) => user?.tenants.includes(id) ?? false,
})

function contextOf(type: string, argument: unknown): ExecutionContext {
  const context = new ExecutionContextHost([argument, {}])
  context.setType(type)
  return context
}

function decorated(context: ExecutionContext): unknown {
  class Handlers {
    handle(): void {}
  }
  CurrentTenant()(Handlers.prototype, 'handle', 0)
  const [{ factory }] = Object.values(
    Reflect.getMetadata(ROUTE_ARGS_METADATA, Handlers, 'handle') as object,
  ) as [{ factory: (data: unknown, context: ExecutionContext) => unknown }]
  return factory(undefined, context)
}

describe.each(['rpc', 'ws', 'graphql'])('a handler of %s', (type) => {
  const typed = { wants: 'acme', user: { tenants: ['acme'] }, tenant: { id: 'acme' } }

  test('is not admitted by what its caller typed', async () => {
    const seen: unknown[] = []
    const handle = () => seen.push(tenancy.current()?.id) as never
    const visit = async () => interceptor.intercept(contextOf(type, typed), { handle })
    await expect(visit()).rejects.toThrow(ConfigError)
    expect(seen).toEqual([])
  })

  test('is not given what its caller typed as the record', () => {
    expect(() => decorated(contextOf(type, typed))).toThrow(ConfigError)
    expect(() => decorated(contextOf(type, undefined))).toThrow(/tenancy\.require\(\)\.record/)
  })
})
