import type { Answer, FetchOptions, Served } from '../request/serve'
import { BY_HEADER } from './shop'
import type { openShops, Shop, ShopOptions, StartApp } from './shop'

/** What is known of an adapter, beside its application. */
export interface CheckedApp {
  readonly start: StartApp
  readonly shops: ReturnType<typeof openShops>
  readonly makeShop: () => Shop
  /** Whether the framework's error handler, and the hook behind a response, run within what the adapter calls; else they have no tenant. */
  readonly isAround: boolean
}

const TENANTS = ['acme', 'globex'] as const
const as = (tenant: string, more: FetchOptions = {}): FetchOptions => ({
  ...more,
  headers: { 'x-tenant': tenant, ...more.headers },
})
const own = Array.from({ length: 40 }, (_, n) => TENANTS[n % 2]!)

/** The one spec of all adapters: each check throws where a promise is broken. */
export const CHECKS: Readonly<Record<string, (app: CheckedApp) => Promise<void>>> = {
  async 'forty requests with split bodies over two connections read and write their own tenant'(app) {
    await using(app, BY_HEADER, 2, async (served, shop) => {
      const answers = await Promise.all(
        own.map((tenant, n) =>
          served.fetch('/widgets', as(tenant, { body: { name: `${tenant} ${n}` }, slow: n % 4 < 2 })),
        ),
      )
      for (const [n, answer] of answers.entries()) {
        const names = parse(answer)
        expect(names).toContain(`${own[n]} ${n}`)
        expect(names.filter((name) => !name.startsWith(own[n]!))).toEqual([])
      }
      for (const tenant of TENANTS)
        expect(await app.shops.stock(tenant)).toEqual(
          own.flatMap((one, n) => (one === tenant ? [`${tenant} ${n}`] : [])).sort(),
        )
      await settled(() => shop.finished.length === own.length)
      const seen = own.map((tenant) => `${tenant}=${app.isAround ? tenant : 'none'}`)
      expect([...shop.finished].sort()).toEqual(seen.sort())
    })
  },
  async 'nothing of a tenant is left for the next request of its connection'(app) {
    await using(app, { ...BY_HEADER, required: false }, 1, async (served, shop) => {
      for (const [n, tenant] of own.slice(0, 12).entries()) {
        const name = `${tenant} ${n}`
        expect(
          parse(await served.fetch('/widgets', as(tenant, { body: { name }, slow: n % 2 === 0 }))),
        ).toContain(name)
        const closed = await served.fetch('/widgets', { body: { name: `nobody ${n}` }, slow: n % 2 === 0 })
        expect([closed.status, closed.text]).toEqual([418, expect.not.stringContaining('acme')])
      }
      for (const tenant of TENANTS)
        expect((await app.shops.stock(tenant)).filter((name) => !name.startsWith(tenant))).toEqual([])
      expect(shop.failed.filter((seen) => seen !== 'ROWHOUSE_TENANT_REQUIRED in none')).toEqual([])
      expect(shop.failed).toHaveLength(12)
    })
  },
  async 'a streamed answer asks its own tenant to the end'(app) {
    await using(app, BY_HEADER, 6, async (served) => {
      for (const tenant of TENANTS) await served.fetch('/widgets', as(tenant, { body: { name: tenant } }))
      const answers = await Promise.all(own.map((tenant) => served.fetch('/stream', as(tenant))))
      expect(answers.map(({ text }) => text)).toEqual(own.map((tenant) => `${tenant};`.repeat(4)))
    })
  },
  async 'the error handler has the tenant of its request, or none'(app) {
    await using(app, BY_HEADER, 2, async (served, shop) => {
      const answers = await Promise.all(own.map((tenant) => served.fetch('/fail', as(tenant))))
      expect(answers.map(({ status }) => status)).toEqual(own.map(() => 418))
      const seen = own.map((tenant) => `failed for ${tenant} in ${app.isAround ? tenant : 'none'}`)
      expect([...shop.failed].sort()).toEqual(seen.sort())
    })
  },
  async 'who is not let in is told so, and no more'(app) {
    const refuse = async (options: Partial<ShopOptions>, fetchOptions: FetchOptions): Promise<Answer> => {
      let answer: Answer | undefined
      await using(app, { ...BY_HEADER, ...options }, 1, async (served) => {
        answer = await served.fetch('/widgets', fetchOptions)
      })
      expect(answer!.text).not.toMatch(/acme|ROWHOUSE|x-tenant|[jt]s:\d|node_modules|suspended/)
      return answer!
    }
    const nobody = { headers: { 'x-user': 'nobody' } }
    const told = ({ status, headers, text }: Answer) => [status, headers['retry-after'], text]
    const unknown = await refuse({}, as('gone'))
    expect(told(unknown)).toEqual([404, undefined, unknown.text])
    for (const hostile of ['public', 'Acme', '../x', `a'b`, 'x'.repeat(5000), '__proto__'])
      expect(told(await refuse({}, as(hostile)))).toEqual(told(unknown))
    expect(told(await refuse({}, as('acme', nobody)))).toEqual(told(unknown))
    expect(told(await refuse({}, as('sus', nobody)))).toEqual(told(unknown))
    expect((await refuse({ notAuthorized: 403 }, as('acme', nobody))).status).toBe(403)
    expect((await refuse({}, {})).status).toBe(400)
    expect((await refuse({}, { headers: { 'x-tenant': ['acme', 'globex'] } })).status).toBe(400)
    expect(told(await refuse({}, as('sus'))).slice(0, 2)).toEqual([403, undefined])
    const later = { suspended: 503, retryAfterSeconds: 120 } as const
    expect(told(await refuse(later, as('sus'))).slice(0, 2)).toEqual([503, '120'])
    expect(await app.shops.stock('sus')).toEqual([])
  },
}

async function using(
  app: CheckedApp,
  options: ShopOptions,
  sockets: number,
  work: (served: Served, shop: Shop) => Promise<void>,
): Promise<void> {
  await app.shops.clear()
  const shop = app.makeShop()
  const served = await app.start(shop, options, sockets)
  try {
    await work(served, shop)
  } finally {
    await served.close()
  }
}

function parse({ status, text }: Answer): string[] {
  expect([status, text]).toEqual([200, text])
  return JSON.parse(text) as string[]
}

/** The hooks behind a response may run when the caller has it already. */
async function settled(isDone: () => boolean): Promise<void> {
  for (let n = 0; n < 100 && !isDone(); n++) await new Promise((resolve) => setTimeout(resolve, 10))
}
