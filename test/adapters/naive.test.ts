import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, RequestListener } from 'node:http'
import { serve } from '../request/serve'
import { CHECKS } from './checks'
import type { CheckedApp } from './checks'
import { handle } from './http-app'
import { openShops, shopOf } from './shop'
import type { Shop, StartApp } from './shop'

/*
 * What an adapter must not do. The spec has to notice each of them; otherwise it would prove nothing of ours.
 */
const shops = openShops('naive')
beforeAll(shops.create)
afterAll(shops.close)

interface Naive {
  /** Begins the tenant of a request, if it names one. */
  readonly begin: (tenant: string | undefined) => void
  readonly currentId: () => string | undefined
}

function appOf({ begin, currentId }: Naive): CheckedApp {
  const query: Parameters<typeof shopOf>[0] = (sql, values) => {
    const ask = () => shops.tenancy.pool.query(sql, values)
    const tenant = currentId()
    return tenant === undefined ? ask() : shops.tenancy.run(tenant, ask)
  }
  const listener =
    (shop: Shop): RequestListener =>
    (req: IncomingMessage, res) => {
      begin(req.headers['x-tenant'] as string | undefined)
      void handle(shop)(req, res)
    }
  const start: StartApp = async (shop, _options, sockets) => serve(listener(shop), { sockets })
  return { start, shops, makeShop: () => shopOf(query, currentId), isAround: true }
}

function inVariable(): Naive {
  let current: string | undefined
  return { begin: (tenant) => void (current = tenant), currentId: () => current }
}

function byEnterWith(): Naive {
  const storage = new AsyncLocalStorage<string>()
  return {
    begin(tenant) {
      if (tenant !== undefined) storage.enterWith(tenant)
    },
    currentId: () => storage.getStore(),
  }
}

const [interleaved, leftOver, streamed, failing, refused] = Object.keys(CHECKS) as [
  string,
  string,
  string,
  string,
  string,
]

test.each([interleaved, streamed, failing])('a variable of the module fails at: %s', async (title) => {
  await expect(CHECKS[title]!(appOf(inVariable()))).rejects.toThrow()
})

test('a variable of the module writes rows of one tenant into the other', async () => {
  await expect(CHECKS[interleaved]!(appOf(inVariable()))).rejects.toThrow()
  // Whose comes last is luck.
  const foreign = [
    ...(await shops.stock('acme')).filter((name) => name.startsWith('globex')),
    ...(await shops.stock('globex')).filter((name) => name.startsWith('acme')),
  ]
  expect(foreign).not.toEqual([])
})

// Node 24 keeps it apart; until then the next request of a keep-alive connection begins in the tenant of the one before.
const leaks = Number(process.versions.node.split('.')[0]) < 24
test.each(leaks ? [leftOver] : [])('enterWith fails at: %s', async (title) => {
  await expect(CHECKS[title]!(appOf(byEnterWith()))).rejects.toThrow()
})

test('what asks nobody lets everybody in, and the spec notices', async () => {
  await expect(CHECKS[refused]!(appOf(byEnterWith()))).rejects.toThrow()
})
