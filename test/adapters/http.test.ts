import { httpTenant } from '../../src/adapters/http'
import { ConfigError } from '../../src/errors'
import { createTenancy } from '../../src/tenancy'
import { serve } from '../request/serve'
import { describeAdapter } from './describe-adapter'
import { handle } from './http-app'
import { BY_HEADER, openShops } from './shop'

describeAdapter(
  'node:http',
  ({ tenancy }) =>
    async (shop, options, sockets) =>
      serve(httpTenant(tenancy, options).handler(handle(shop)), { sockets }),
)

describe('a handler of node:http', () => {
  const shops = openShops('http handler')
  const { tenancy } = shops
  beforeAll(shops.create)
  afterAll(shops.close)
  const failure = new Error('session store is down')
  const failing = { ...BY_HEADER, authorize: () => Promise.reject(failure) }
  const acme = { headers: { 'x-tenant': 'acme' } }

  test('finds the record on the request', async () => {
    const served = await serve(
      httpTenant(tenancy, BY_HEADER).handler((req, res) => res.end(JSON.stringify(req.tenant))),
    )
    try {
      const { text } = await served.fetch('/', acme)
      expect(JSON.parse(text)).toEqual({ id: 'acme', schema: tenancy.schemaName('acme') })
    } finally {
      await served.close()
    }
  })

  test("answers an error of the application's own functions with 500, and tells it to onError, or as a warning", async () => {
    const told: unknown[] = []
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const never = () => expect(true).toBe(false)
    for (const onError of [(error: unknown) => told.push(error), undefined]) {
      const options = { ...failing, ...(onError && { onError }) }
      const served = await serve(httpTenant(tenancy, options).handler(never))
      const { status, text } = await served.fetch('/', acme)
      expect([status, text]).toEqual([500, 'Internal Server Error'])
      await served.close()
    }
    expect(told).toEqual([failure])
    expect(warned.mock.calls).toEqual([[failure]])
    warned.mockRestore()
  })

  test('a refusal is no warning', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const served = await serve(httpTenant(tenancy, BY_HEADER).handler((_req, res) => res.end()))
    expect((await served.fetch('/', { headers: { 'x-tenant': 'gone' } })).status).toBe(404)
    await served.close()
    expect(warned).not.toHaveBeenCalled()
    warned.mockRestore()
  })

  test.each([{}, null, undefined, { current: () => undefined }, createTenancy])(
    '%p is no tenancy',
    (what) => {
      expect(() => httpTenant(what as typeof tenancy, BY_HEADER)).toThrow(ConfigError)
    },
  )
})
