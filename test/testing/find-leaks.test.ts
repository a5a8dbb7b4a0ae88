import http from 'node:http'
import { assertNoLeaks, findLeaks } from '../../src/testing/find-leaks'
import { LeakError } from '../../src/testing/leak-error'
import type { LeakTestOptions } from '../../src/testing/leak-options'
import { ENGINE_SERVERS } from '../support/engines'
import {
  batchingApp,
  bufferingApp,
  cachingApp,
  correctApp,
  EXPRESS,
  globalVariableApp,
  plainPoolApp,
  uploadApp,
  wrongResolverApp,
} from './support/apps'
import { foundTown } from './support/town'
import type { Town } from './support/town'

const WIDGETS = { method: 'POST', path: '/widgets', body: { name: '{unique}' } }

/** Newest of each engine: what differs between versions of a server is tested elsewhere. */
const servers = ENGINE_SERVERS.filter(({ name }) => name !== 'PostgreSQL 15')

describe.each(servers)('a leak test on $name', (server) => {
  let town: Town

  beforeEach(async () => {
    town = await foundTown(server, expect.getState().currentTestName!)
  })

  afterEach(() => town.end())

  const options = (app: LeakTestOptions['app'], routes: LeakTestOptions['routes']): LeakTestOptions => ({
    tenancy: town.tenancy,
    ...{ app, routes, tenants: ['a', 'b'], rounds: 10 },
    request: ({ id }) => ({ headers: { 'x-tenant': id } }),
    seed: ({ canary }) => town.sql('insert into widgets (name) values (?)', canary),
  })

  test.each(Object.entries(EXPRESS))('finds nothing in an app that is right (%s)', async (_name, express) => {
    const upload = { method: 'POST', path: '/widgets/upload', body: '{unique}' }
    const report = await findLeaks(
      options(correctApp(town, express), ['GET /widgets', 'GET /health', WIDGETS, upload]),
    )
    expect(report.leaks).toEqual([])
    expect(report.routes).toEqual([
      { route: 'GET /widgets', requests: 44, showsCanary: true, compared: true, differs: true },
      { route: 'GET /health', requests: 44, showsCanary: false, compared: true, differs: false },
      { route: 'POST /widgets', requests: 22, showsCanary: false, compared: false, differs: false },
      { route: 'POST /widgets/upload', requests: 22, showsCanary: false, compared: false, differs: false },
    ])
    const rows = await town.tenancy.run('a', () => town.sql('select name from widgets'))
    expect(rows).toHaveLength(1 + 2 * 11)
  })

  test.each(Object.entries(EXPRESS))(
    'names the middleware that loses the context (%s)',
    async (_name, express) => {
      const { leaks } = await findLeaks(
        options(uploadApp(town, express), [{ method: 'POST', path: '/upload', body: '{unique}' }]),
      )
      const lost = {
        kind: 'lost-context',
        route: 'POST /upload',
        blame: '"fileUpload"',
      }
      expect(leaks).toMatchObject([
        { ...lost, tenant: 'a' },
        { ...lost, tenant: 'b' },
      ])
      expect(leaks[0]!.count).toBeGreaterThan(5)
      expect(leaks[0]!.message).toContain('mount tenancy.resumeTenant() behind it')
      expect(leaks[0]!.where).toMatch(/test\/testing\/support\/\w+\.ts:\d+:\d+$/)
    },
  )

  test('names the handler in which the context is lost', async () => {
    const batching = batchingApp(town)
    const { leaks } = await findLeaks(options(batching.app, ['GET /widgets'])).finally(() => batching.stop())
    expect(leaks).toMatchObject([
      { kind: 'lost-context', route: 'GET /widgets', tenant: 'a', blame: '"listOnTick"' },
      { kind: 'lost-context', route: 'GET /widgets', tenant: 'b', blame: '"listOnTick"' },
      ...leaks.slice(2),
    ])
    expect(leaks[0]!.message).toContain('tenancy.bind(callback)')
    expect(leaks.slice(2).every(({ kind }) => kind === 'untested')).toBe(true)
  })

  test.each(Object.entries(EXPRESS))(
    'finds a tenant in a variable of the module (%s)',
    async (_name, express) => {
      const { leaks } = await findLeaks(options(globalVariableApp(town, express), ['GET /widgets']))
      expect(leaks).toContainEqual(
        expect.objectContaining({
          kind: 'crossing',
          route: 'GET /widgets',
          tenant: 'a',
          other: 'b',
          alone: false,
        }),
      )
      expect(leaks).toContainEqual(
        expect.objectContaining({
          kind: 'wrong-tenant',
          tenant: 'b',
          other: 'a',
          where: expect.stringContaining('town.ts'),
        }),
      )
    },
  )

  test('finds an answer of another tenant by what it is alone, without a canary in it', async () => {
    const { leaks } = await findLeaks({
      ...options(globalVariableApp(town), ['GET /count']),
      seed: async ({ id, canary }) => {
        for (let left = id === 'a' ? 2 : 3; left > 0; left -= 1)
          await town.sql('insert into widgets (name) values (?)', canary)
      },
      // Seen from within, the same is told as queries of a wrong tenant, which would hide it here.
      tenancy: { ...foreign(town), pool: town.tenancy.pool },
    })
    expect(leaks).toMatchObject([
      { kind: 'difference', route: 'GET /count', tenant: 'a', other: 'b', alone: false },
      { kind: 'difference', route: 'GET /count', tenant: 'b', other: 'a', alone: false },
    ])
  })

  test('finds an answer that is kept without the tenant in its key', async () => {
    const { leaks } = await findLeaks(options(cachingApp(town), ['GET /widgets']))
    expect(leaks).toMatchObject([
      { kind: 'crossing', route: 'GET /widgets', tenant: 'b', other: 'a', alone: true },
    ])
  })

  test('finds rows in a wrong tenant, and the route that wrote them', async () => {
    const { leaks } = await findLeaks(
      options(bufferingApp(town), [{ method: 'POST', path: '/logs', body: { line: '{unique}' } }]),
    )
    const wrong = { kind: 'wrong-write', route: 'POST /logs', count: expect.any(Number) as number }
    expect(leaks).toMatchObject([
      { ...wrong, tenant: 'a', other: 'b' },
      { ...wrong, tenant: 'b', other: 'a' },
    ])
    expect(leaks[0]!.message).toContain('Table "logs" of tenant "a" has data of tenant "b" in column "line"')
  })

  test('finds a plain pool that is switched by hand', async () => {
    const plain = plainPoolApp(town)
    const { leaks } = await findLeaks(options(plain.app, ['GET /widgets'])).finally(() => plain.end())
    expect(leaks.map(({ kind, tenant }) => `${kind} ${tenant}`)).toEqual(
      expect.arrayContaining(['crossing a', 'crossing b']),
    )
  })

  test('finds a request that is served as somebody else, and from where on', async () => {
    const { leaks } = await findLeaks(options(wrongResolverApp(town), ['GET /quiet']))
    expect(leaks).toMatchObject([
      { kind: 'wrong-tenant', tenant: 'b', other: 'a', alone: true, blame: '"tenantMiddleware"' },
    ])
  })

  test('throws one error that tells each finding', async () => {
    const error: unknown = await assertNoLeaks(
      options(cachingApp(town), ['GET /widgets', 'GET /nothing']),
    ).catch((thrown: unknown) => thrown)
    if (!(error instanceof LeakError)) throw new Error('It has not thrown a LeakError.')
    expect(error.code).toBe('ROWHOUSE_LEAK')
    expect(error.message).toContain(
      '\n  crossing: GET /widgets answered tenant "b" with data of tenant "a" (',
    )
    expect(error.message).toContain(
      '\n  untested: GET /nothing of tenant "a" was answered 404. Say { status } if that is right.',
    )
    expect(error.leaks).toHaveLength(3)
    const expected = { path: '/nothing', status: 404 }
    const { requests } = await assertNoLeaks(options(correctApp(town), ['GET /widgets', expected]))
    expect(requests).toBe(2 * 44)
  })

  test('leaves findings out that are meant to be', async () => {
    const seen: string[] = []
    const report = await assertNoLeaks({
      ...options(cachingApp(town), ['GET /widgets']),
      ignore: ({ kind }) => seen.push(kind) > 0,
    })
    expect(report.leaks).toEqual([])
    expect(seen).toEqual(['crossing'])
  })

  test('tells that nothing was seen, where nothing could be', async () => {
    const { leaks } = await findLeaks({ ...options(correctApp(town), ['GET /health']), seed: undefined })
    expect(leaks).toMatchObject([{ kind: 'untested', route: undefined }])
    expect(leaks[0]!.message).toContain('a leak would not have been seen')
  })

  test('takes any listener, and a server that does not listen', async () => {
    const listener: http.RequestListener = (request, response) => {
      const tenant = String(request.headers['x-tenant'])
      town.tenancy
        .run(tenant, () => town.sql('select name from widgets'))
        .then(
          (rows) => response.end(JSON.stringify(rows)),
          (error: Error) => response.writeHead(500).end(error.message),
        )
    }
    expect((await findLeaks(options(listener, ['GET /']))).leaks).toEqual([])
    const server = http.createServer(uploadApp(town))
    const { leaks } = await findLeaks(options(server, [{ method: 'POST', path: '/upload', body: 'x' }]))
    expect(leaks[0]).toMatchObject({ kind: 'lost-context', blame: '"fileUpload"' })
    expect(server.listening).toBe(false)
  })
})

/** The same tenancy as an object of its own, which no pool knows. */
function foreign({ tenancy }: Town): Pick<LeakTestOptions['tenancy'], 'run' | 'current'> {
  return { run: (tenant, work) => tenancy.run(tenant as string, work), current: () => tenancy.current() }
}
