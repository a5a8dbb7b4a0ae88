import type express from 'express'
import { makeCanary, numbered, sightings, unnumbered } from '../../src/testing/canary'
import { describeLayer, watchLayers } from '../../src/testing/express-layers'
import { LeakBook } from '../../src/testing/leak'
import { parseLeakOptions } from '../../src/testing/leak-options'
import { recordingEngine } from '../../src/testing/recording-engine'
import { seededRandom, shuffled } from '../../src/testing/random'
import { parseRoute, requestOf } from '../../src/testing/routes'
import { lossOf, placeIn } from '../../src/testing/trace'
import type { Trace } from '../../src/testing/trace'
import { createTenancy } from '../../src/index'
import { serve } from '../request/serve'
import { EXPRESS } from './support/apps'

describe('canaries', () => {
  test('are seen in any surroundings, in any case, with the number of their request', () => {
    const [one, other] = [makeCanary(), makeCanary()]
    expect(one).not.toBe(other)
    expect(one).toMatch(/^canary[a-z]{8}$/)
    const text = `{"a":"${numbered(one, 12)}"}&q=x${other.toUpperCase()}9`
    expect(sightings(text)).toEqual([
      { canary: one, request: 12 },
      { canary: other, request: undefined },
    ])
    expect(unnumbered(`<${numbered(one, 12)}>`)).toBe(`<${one}>`)
    expect(sightings('canary, canaryabc')).toEqual([])
  })
})

test('one seed mixes in one way, and loses nothing', () => {
  const items = Array.from({ length: 50 }, (_, index) => index)
  const [mixed, again, other] = [7, 7, 8].map((seed) => shuffled(items, seededRandom(seed)))
  expect(mixed).toEqual(again)
  expect(mixed).not.toEqual(other)
  expect(mixed).not.toEqual(items)
  expect([...mixed!].sort((a, b) => a - b)).toEqual(items)
})

describe('routes', () => {
  test('a text, or an object whose method follows from its body', () => {
    expect(parseRoute('get /a?b=1')).toMatchObject({
      method: 'GET',
      path: '/a?b=1',
      name: 'GET /a?b=1',
      isRead: true,
    })
    expect(parseRoute({ path: '/a', body: {} })).toMatchObject({ method: 'POST', isRead: false })
    expect(parseRoute({ path: '/a', method: 'delete', name: 'all' })).toMatchObject({
      method: 'DELETE',
      name: 'all',
    })
  })

  test.each(['/widgets', 'GET widgets', '', { path: 'widgets' }, {} as { path: string }])(
    '%j is none',
    (input) => {
      expect(() => parseRoute(input)).toThrow(/must be a text like 'GET \/widgets'/)
    },
  )

  const tenant = { id: 'acme', canary: 'canaryabcdefgh' }
  const made = (body: unknown) => requestOf(parseRoute({ path: '/', body }), tenant, 5, {})

  test('placeholders are filled in path, headers and every text of a body', async () => {
    const route = parseRoute({
      path: '/{tenant}?q={canary}',
      headers: { 'X-A': '{unique}' },
      body: { a: [{ b: '{tenant}' }, 1, null] },
    })
    const request = await requestOf(route, tenant, 5, { 'x-a': 'less', 'X-T': '{tenant}' })
    expect(request).toMatchObject({
      path: '/acme?q=canaryabcdefgh',
      headers: { 'content-type': 'application/json', 'x-a': 'canaryabcdefghn5e', 'x-t': 'acme' },
    })
    expect(String(request.body)).toBe('{"a":[{"b":"acme"},1,null]}')
  })

  test('bodies of each kind', async () => {
    const form = new FormData()
    form.append('name', '{canary}')
    form.append('file', new Blob(['x']), 'a.txt')
    const sent = async (body: unknown) => {
      const request = await made(body)
      return [request.headers['content-type']?.split(';')[0], String(request.body)]
    }
    expect(await sent('{canary}')).toEqual(['text/plain', tenant.canary])
    expect(await sent(new URLSearchParams({ a: '{canary}' }))).toEqual([
      'application/x-www-form-urlencoded',
      `a=${tenant.canary}`,
    ])
    expect(await sent(Buffer.from('{canary}'))).toEqual(['application/octet-stream', '{canary}'])
    expect(await sent(new Date(0))).toEqual(['application/json', '"1970-01-01T00:00:00.000Z"'])
    const [type, text] = await sent(form)
    expect(type).toBe('multipart/form-data')
    expect(text).toContain(tenant.canary)
    expect(text).toContain('filename="a.txt"')
    expect((await made(undefined)).body).toBeUndefined()
  })
})

test('options are checked at once', () => {
  const tenancy = createTenancy({ engine: recordingEngine() })
  const given = { tenancy, app: () => {}, tenants: ['a', 'b'], routes: ['GET /'] }
  expect(parseLeakOptions(given)).toMatchObject({
    rounds: 25,
    concurrency: 16,
    tenants: [{ id: 'a' }, { id: 'b' }],
  })
  const problems = (wrong: object): unknown => {
    try {
      return parseLeakOptions({ ...given, ...wrong })
    } catch (error) {
      return (error as { problems: unknown }).problems
    }
  }
  expect(problems({ tenants: ['a', { id: 'a' }], routes: [], rounds: 0, concurrency: 1.5 })).toHaveLength(5)
  const nothing = { tenancy: undefined, app: undefined, tenants: undefined, routes: undefined }
  expect(problems(nothing)).toEqual(
    Object.keys(nothing).map((name) => expect.stringContaining(`The option \`${name}\` must be`) as unknown),
  )
  expect(() => parseLeakOptions({ ...given, tenants: ['a', 'A'] })).toThrow(
    expect.objectContaining({ code: 'ROWHOUSE_TENANT_ID_INVALID' }),
  )
})

test('findings of one kind, route and pair are told once, with their number, the worst first', () => {
  const book = new LeakBook()
  const crossing = { kind: 'crossing', route: 'GET /', tenant: 'a', other: 'b', text: 'It crossed' } as const
  book.add({ kind: 'untested', alone: true, route: 'GET /', tenant: 'a', text: 'It was answered 404.' })
  book.add({ ...crossing, alone: false })
  book.add({ ...crossing, alone: true })
  book.add({ ...crossing, tenant: 'b', other: 'a', alone: false })
  book.add({ kind: 'wrong-write', alone: true, tenant: 'a', other: 'b', text: 'There is a row' })
  expect(book.list().map(({ message, count }) => [message, count])).toEqual([
    ['It crossed (2 requests, also while no other request ran)', 2],
    ['It crossed (one request)', 1],
    ['There is a row (one row)', 1],
    ['It was answered 404.', 1],
  ])
})

describe('whose fault it is', () => {
  const loss = (...tenants: (string | undefined)[]) => {
    const entries = tenants.map((tenant, index) => ({ layer: `"${index}"`, tenant }))
    return lossOf({ entries, tenant: { id: 'a' } } as unknown as Trace, {
      entries: tenants.length,
      where: undefined,
    })
  }

  test.each<[string, ReturnType<typeof loss>, string | undefined, RegExp]>([
    ['the last one with the tenant', loss(undefined, 'a', 'a', undefined, undefined), '"2"', /lost in "2"/],
    ['the handler itself', loss(undefined, 'a', 'a'), '"2"', /lost inside "2"/],
    [
      'the second one that loses it, where it was resumed between',
      loss('a', undefined, 'a', undefined),
      '"2"',
      /lost in "2"/,
    ],
    ['nobody, where it was never there', loss(undefined, undefined), undefined, /No middleware had admitted/],
    ['nobody that is known, where there are no layers', loss(), undefined, /Nothing shows/],
  ])('%s', (_name, { blame, text }, expected, words) => {
    expect(blame).toBe(expected)
    expect(text).toMatch(words)
  })

  test("the place is the first that is the application's own", () => {
    const own = '/app/widgets.ts:3:7'
    const trace = [
      'Error: x',
      `    at pool (${__dirname.replace('/test/', '/src/')}/../pool.js:1:1)`,
      '    at node:internal/x:1:1',
      '    at e (/app/node_modules/pg/a.js:1:1)',
      `    at list (${own})`,
    ]
    expect(placeIn(trace.join('\n'))).toBe(own)
    expect(placeIn(undefined)).toBeUndefined()
  })
})

describe.each(Object.entries(EXPRESS))('layers of %s', (_name, framework) => {
  test('are seen in applications and routers below, and left as they were', async () => {
    const below = framework()
    below.get('/:id', function show(_req, res) {
      res.json({})
    })
    const app = framework()
    app.use(function first(_req, _res, next) {
      next()
    })
    app.use('/below', framework.Router().use('/app', below))
    app.use(((_error, _req, res, _next) => res.sendStatus(500)) as express.ErrorRequestHandler)
    const { fetch, close } = await serve(app)
    const [seen, other]: [string[], string[]] = [[], []]
    try {
      const ends = [seen, other].map((list) =>
        watchLayers(app, (layer, _request, enter) => {
          list.push(describeLayer(layer))
          return enter()
        }),
      )
      await fetch('/below/app/1')
      expect(seen).toEqual(expect.arrayContaining(['"first"', '"router"', '"show"']))
      expect(other).toEqual(seen)
      ends[0]!()
      await fetch('/below/app/1')
      expect(other).toHaveLength(2 * seen.length)
      ends[1]!()
      await fetch('/below/app/1')
      expect(other).toHaveLength(2 * seen.length)
    } finally {
      await close()
    }
  })

  test('handlers of errors and callbacks of param() are seen where they are entered, and left as they were', async () => {
    const app = framework()
    const seen: string[] = []
    const known: express.RequestParamHandler = (_req, _res, next, id) => next(id === '0' ? 'no' : undefined)
    app.param('id', known)
    app.get('/:id', function show(_req, res) {
      res.json({})
    })
    app.use(function report(_error, _req, res, _next) {
      res.sendStatus(400)
    } as express.ErrorRequestHandler)
    const ends = [1, 2].map(() =>
      watchLayers(app, (layer, _request, enter) => {
        seen.push(describeLayer(layer))
        return enter()
      }),
    )
    const { fetch, close } = await serve(app)
    try {
      for (const id of ['0', '1']) await fetch(`/${id}`)
      const own = seen.filter((name) => ['"param id"', '"show"', '"report"'].includes(name))
      const twice = ['"param id"', '"report"', '"param id"', '"show"'].flatMap((name) => [name, name])
      expect(own).toEqual(twice)
      for (const end of ends) end()
      const { params } = ((app as any)._router ?? app.router) as { params: Record<string, unknown[]> }
      expect(params).toEqual({ id: [known] })
      expect((await fetch('/1')).status).toBe(200)
      expect(seen.filter((name) => name === '"show"')).toHaveLength(2)
    } finally {
      await close()
    }
  })
})

test('what is no Express is left alone, and a nameless layer is told by its text', () => {
  watchLayers(
    () => {},
    (_layer, _request, enter) => enter(),
  )()
  watchLayers(undefined, (_layer, _request, enter) => enter())()
  expect(describeLayer({ name: '<anonymous>', handle: 'x'.repeat(100) })).toBe(`\`${'x'.repeat(60)}...\``)
})
