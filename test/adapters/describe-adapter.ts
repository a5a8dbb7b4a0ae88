import { ConfigError } from '../../src/errors'
import { fromHeader } from '../../src/request/from-header'
import { CHECKS } from './checks'
import { openShops } from './shop'
import type { StartApp } from './shop'

/** Runs the spec of all adapters on an application of one. */
export function describeAdapter(name: string, start: (shops: Shops) => StartApp, isAround = true): void {
  describe(name, () => {
    const shops = openShops(name)
    let logged: jest.SpyInstance[]
    beforeAll(shops.create)
    afterAll(shops.close)
    beforeEach(() => {
      logged = (['error', 'warn'] as const).map((way) =>
        jest.spyOn(console, way).mockImplementation(() => undefined),
      )
    })
    afterEach(() => {
      for (const spy of logged) spy.mockRestore()
      expect(shops.tenancy.scope()).toBeUndefined()
    })

    const app = { start: start(shops), shops, makeShop: shops.shop, isAround }
    test.each(Object.keys(CHECKS))('%s', (title) => CHECKS[title]!(app))

    test('a name that anyone can type, and nothing that authorises it, is an error before any request', async () => {
      const open = async () => app.start(shops.shop(), { resolve: fromHeader('x-tenant') }, 1)
      await expect(open()).rejects.toThrow(ConfigError)
    })
  })
}

/** What a test file's applications have. */
export type Shops = ReturnType<typeof openShops>
