/* eslint-disable @typescript-eslint/no-unused-vars -- a value whose type alone is looked at */
/*
 * How the types of an application reach its code. Checked by the compiler, with all that `npm run typecheck` checks: a line
 * behind `@ts-expect-error` must be an error, and nothing here is run.
 */
import express from 'express'
import type { Request } from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import type { ColumnType, Generated } from 'kysely' with { 'resolution-mode': 'import' }
import type { Pool as MysqlPool } from 'mysql2/promise'
import type { Pool as CallbackPool } from 'mysql2'
import type { Pool as PgPool } from 'pg'
import { createTenancy, fromHeader, fromPath, listen, tenantMixin } from 'rowhouse'
import type { CreatedTenant, DefaultRecord, TenantId, TenantRecord } from 'rowhouse'
import { fastifyTenant } from 'rowhouse/fastify'
import { honoTenant } from 'rowhouse/hono'
import { koaTenant } from 'rowhouse/koa'
import { mysql } from 'rowhouse/mysql'
import { postgres } from 'rowhouse/postgres'

/** Both types are the same, and neither is `any`. */
type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false
const same = <One, Other>(_same: Same<One, Other>): void => undefined

interface Shop {
  readonly id: string
  readonly plan: 'free' | 'paid'
  readonly seats: number
}
declare const find: (id: string) => Promise<Shop | undefined>

const tenancy = createTenancy({ engine: postgres({}), directory: async (id) => find(id) })
const onMysql = createTenancy({
  engine: mysql({ uri: '' }),
  directory: { find, isSuspended: ({ seats }) => seats === 0 },
})
const plain = createTenancy({ engine: postgres({}) })

// Express 4 and 5: what `req.tenant` is says the application, once.
declare module 'express-serve-static-core' {
  interface Request {
    shop: TenantRecord<typeof tenancy>
  }
}

export function pools(): void {
  same<typeof tenancy.pool, PgPool>(true)
  same<typeof tenancy.admin, PgPool>(true)
  same<typeof onMysql.pool, MysqlPool>(true)
  same<typeof onMysql.callbackPool, CallbackPool>(true)
  // @ts-expect-error of pg
  void onMysql.pool.totalCount
}

export function records(): void {
  same<TenantRecord<typeof tenancy>, Shop>(true)
  same<TenantRecord<typeof onMysql>, Shop>(true)
  same<TenantRecord<typeof plain>, DefaultRecord>(true)
  const current = tenancy.current()
  same<NonNullable<typeof current>['record'], Shop | undefined>(true)
  // @ts-expect-error there may be no tenant
  void current.record
  const tenant = tenancy.require()
  same<typeof tenant.id, TenantId>(true)
  // @ts-expect-error a job has a tenant without a record
  void tenant.record.plan
  // @ts-expect-error not a property of the record
  void tenant.record?.price
  same<NonNullable<typeof tenant.record>['plan'], 'free' | 'paid'>(true)
  const scope = tenancy.scope()
  if (scope !== undefined && scope !== 'without-tenant') same<typeof scope.record, Shop | undefined>(true)
}

export function requests(): void {
  const app = express()
  app.use(
    '/:id',
    tenancy.middleware({
      resolve: fromPath('id'),
      authorize: (req, tenant) => {
        same<typeof tenant.record, Shop>(true)
        // @ts-expect-error of no plan
        if (tenant.record.plan === 'gold') return false
        return req.headers['x-key'] === tenant.id
      },
    }),
  )
  app.use(
    tenancy.middleware<Request>({
      resolve: fromHeader('x-tenant'),
      authorize: (req) => req.ip !== undefined,
    }),
  )
  // @ts-expect-error says neither yes nor no
  tenancy.middleware({ resolve: fromHeader('x-tenant'), authorize: () => 'yes' })
  app.get('/:id', (req, res) => {
    same<typeof req.shop, Shop>(true)
    // @ts-expect-error not a property of the record
    void req.shop.price
    res.json(req.shop.seats)
  })
}

export function adapters(): void {
  const resolve = fromHeader('x-tenant')
  const authorize = (_req: unknown, { record }: { readonly record: Shop }): boolean => record.plan === 'paid'
  const stranger = (_req: unknown, { record }: { readonly record: { price: number } }): boolean =>
    record.price > 1
  void Fastify().register(fastifyTenant(tenancy, { resolve, authorize }))
  // @ts-expect-error another record
  fastifyTenant(tenancy, { resolve, authorize: stranger })
  new Koa<{ tenant: TenantRecord<typeof tenancy> }>()
    .use(koaTenant(tenancy, { resolve, authorize }))
    .use((context) => {
      same<typeof context.state.tenant, Shop>(true)
    })
  // @ts-expect-error another record
  koaTenant(tenancy, { resolve, authorize: stranger })
  new Hono<{ Variables: { tenant: TenantRecord<typeof tenancy> } }>()
    .use(honoTenant(tenancy, { resolve, authorize }))
    .get('/', (context) => {
      const tenant = context.get('tenant')
      same<typeof tenant, Shop>(true)
      return context.text(tenant.plan)
    })
}

interface Tables {
  widgets: {
    id: Generated<number>
    name: string
    made: ColumnType<Date, string | undefined, never>
    note: string | null
  }
}

export async function tables(): Promise<void> {
  const acme = tenancy.for<Tables>('acme')
  const row = await acme.getOrFail('widgets', 1)
  same<typeof row.id, number>(true)
  same<typeof row.made, Date>(true)
  same<typeof row.note, string | null>(true)
  await acme.insert('widgets', { name: 'bolt' })
  await acme.insert('widgets', { name: 'bolt', made: '2026-01-01', note: null })
  // @ts-expect-error a name is needed
  await acme.insert('widgets', { note: 'x' })
  // @ts-expect-error no such column
  await acme.insert('widgets', { name: 'bolt', price: 1 })
  // @ts-expect-error no such table
  await acme.all('gadgets')
  // @ts-expect-error what is made stays so
  await acme.update('widgets', { id: 1 }, { made: '2026-01-01' })
  const { rows } = await acme.query<{ n: number }>('select 1 as n')
  same<typeof rows, { n: number }[]>(true)
  const answer = await acme.transaction(async () => 1 as const)
  same<typeof answer, 1>(true)
}

export function others(): void {
  createTenancy({
    engine: postgres({}),
    hooks: {
      afterCreate: (info) => same<typeof info, CreatedTenant>(true),
      // @ts-expect-error no such hook
      afterBirth: () => {},
    },
  })
  same<ReturnType<typeof tenancy.run<Promise<number>>>, Promise<number>>(true)
  const bound = tenancy.bind((a: number, b: string) => `${a}${b}`)
  same<typeof bound, (a: number, b: string) => string>(true)
  same<ReturnType<ReturnType<typeof tenantMixin>>['tenant'], string | undefined>(true)
  listen({
    checkout: ({ ms }) => same<typeof ms, number>(true),
    // @ts-expect-error no such channel
    departure: () => {},
  })
}
