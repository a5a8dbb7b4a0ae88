import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import type { Express, RequestHandler } from 'express'
import { fromHeader } from '../../src/index'
import { findLeaks } from '../../src/testing/find-leaks'
import type { LeakTestOptions } from '../../src/testing/leak-options'
import { ENGINE_SERVERS } from '../support/engines'
import { foundTown } from './support/town'
import type { Town } from './support/town'

const LINES = { path: '/lines', body: { line: '{unique}' } }

const servers = ENGINE_SERVERS.filter(({ name }) => name !== 'PostgreSQL 15')

describe.each(servers)('what a leak test could overlook on $name', (server) => {
  let town: Town
  let app: Express

  beforeEach(async () => {
    town = await foundTown(server, expect.getState().currentTestName!)
    app = express()
    const admit: RequestHandler = town.tenancy.middleware({
      resolve: fromHeader('x-tenant'),
      trustResolution: true,
    })
    app.use(admit, express.json())
    app.get('/widgets', async (_req, res) => void res.json(await town.sql('select name from widgets')))
  })

  afterEach(() => town.end())

  const find = (routes: LeakTestOptions['routes'], more: Partial<LeakTestOptions> = {}) =>
    findLeaks({
      tenancy: town.tenancy,
      ...{ app, routes, tenants: ['a', 'b'], rounds: 6 },
      request: ({ id }) => ({ headers: { 'x-tenant': id } }),
      seed: ({ canary }) => town.sql('insert into widgets (name) values (?)', canary),
      ...more,
    })

  test('queries without a tenant that only a crowd sets going, from no request', async () => {
    let waiting = 0
    const timer = setInterval(() => {
      if (waiting > 2) town.sql('select 1').catch(() => {})
      waiting = 0
    }, 5)
    app.get('/counted', async (_req, res) => {
      waiting += 1
      res.json(await town.sql('select name from widgets'))
    })
    const { leaks } = await find(['GET /counted'], { rounds: 20 }).finally(() => clearInterval(timer))
    expect(leaks).toMatchObject([{ kind: 'lost-context', route: undefined, alone: false }])
    expect(leaks[0]!.message).toContain('from no request that is known')
  })

  test('an answer that has become another one, and stays it', async () => {
    const plans: Record<string, string> = { a: 'basic', b: 'gold' }
    const kept: Record<string, string> = {}
    let last = ''
    app.get('/plan', async (_req, res) => {
      const { id } = town.tenancy.current()!
      last = id
      await sleep(5)
      if (last !== id) kept[id] ??= plans[last]!
      res.json({ plan: kept[id] ?? plans[id] })
    })
    const { leaks } = await find(['GET /plan'])
    expect(kept).not.toEqual({})
    expect(leaks.map(({ kind }) => kind)).toContain('difference')
  })

  test('writes behind the answer, when there is time for them', async () => {
    let lines: string[] = []
    let timer: NodeJS.Timeout | undefined
    app.post('/lines', (req, res) => {
      lines.push(String(req.body.line))
      timer ??= setTimeout(() => {
        for (const line of lines) void town.sql('insert into logs (line) values (?)', line)
        ;[lines, timer] = [[], undefined]
      }, 150)
      res.status(202).end()
    })
    const { leaks } = await find([LINES], { settleMs: 400 })
    expect(leaks.map(({ kind, route }) => [kind, route])).toContainEqual(['wrong-write', 'POST /lines'])
  })

  test('a login that every request is sent to', async () => {
    app = express().use((_req, res) => res.redirect('/login'))
    const { leaks } = await find(['GET /widgets', LINES])
    const untested = { kind: 'untested', route: 'GET /widgets' }
    expect(leaks).toMatchObject([
      { ...untested, tenant: 'a' },
      { ...untested, tenant: 'b' },
      { kind: 'untested', route: undefined },
    ])
    expect(leaks[0]!.message).toContain('was answered 302')
    const { leaks: meant } = await find([{ path: '/widgets', status: 302 }])
    expect(meant).toMatchObject([{ kind: 'untested', route: undefined }])
  })

  test('where an answer without a body sends to', async () => {
    let last = ''
    app.get('/home', async (_req, res) => {
      last = town.tenancy.current()!.id
      await sleep(5)
      res.writeHead(302, { location: `/of/${last}` }).end()
    })
    const { leaks } = await find([{ path: '/home', status: 302 }])
    // Whose request came last is up to the network.
    expect(leaks.length).toBeGreaterThan(0)
    for (const leak of leaks)
      expect(leak).toMatchObject({
        kind: 'difference',
        route: 'GET /home',
        other: leak.tenant === 'a' ? 'b' : 'a',
      })
  })

  test("another one's data in a head alone", async () => {
    let name: string | undefined
    app.get('/head', async (_req, res) => {
      name ??= String((await town.sql('select name from widgets'))[0].name)
      res.set('x-widget', name).status(204).end()
    })
    const { leaks } = await find(['GET /head'])
    expect(leaks).toMatchObject([{ kind: 'crossing', tenant: 'b', other: 'a', alone: true }])
  })

  test('nothing in an answer that has changed for good', async () => {
    let requests = 0
    app.get('/version', (_req, res) => void res.json({ version: ++requests > 8 ? 2 : 1 }))
    const { leaks, routes } = await find(['GET /version', 'GET /widgets'])
    expect(leaks).toEqual([])
    expect(routes[0]).toMatchObject({ compared: false })
  })

  test('numbers that all tenants have alike, as the report tells', async () => {
    let count: unknown
    app.get('/count', async (_req, res) => {
      count ??= await town.sql('select count(*) as n from widgets')
      res.json(count)
    })
    const { routes } = await find(['GET /count', 'GET /widgets'])
    expect(routes).toMatchObject([
      { route: 'GET /count', compared: true, showsCanary: false, differs: false },
      { route: 'GET /widgets', compared: true, showsCanary: true, differs: true },
    ])
  })

  test('answers that never end, each waited for once', async () => {
    app.get('/events', (_req, res) => void res.write('data: 1\n\n'))
    const { leaks, routes } = await find(['GET /events', 'GET /widgets'], { timeoutMs: 1_000 })
    expect(leaks).toMatchObject([
      { kind: 'untested', tenant: 'a', count: 1 },
      { kind: 'untested', tenant: 'b', count: 1 },
    ])
    expect(leaks[0]!.message).toContain('no answer came to its end within 1000 ms')
    expect(routes.map(({ requests }) => requests)).toEqual([2, 28])
  })

  test('nothing in an application that calls itself', async () => {
    app.get('/self', async (req, res) => {
      const answer = await fetch(`http://${req.headers.host}/widgets`, {
        headers: { 'x-tenant': String(req.headers['x-tenant']) },
      })
      res.json(await answer.json())
    })
    const { leaks, routes } = await find(['GET /self'])
    expect(leaks).toEqual([])
    expect(routes).toMatchObject([{ showsCanary: true }])
  })
})
