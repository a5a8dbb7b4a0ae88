import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type express from 'express'
import { ConfigError, TenantRequiredError } from '../../src/errors'
import type { AdmitOptions } from '../../src/request/admit'
import { expressMiddleware, resumeTenant } from '../../src/request/express'
import { fromHeader } from '../../src/request/from-header'
import { fromPath } from '../../src/request/from-path'
import { fromRequest } from '../../src/request/from-request'
import { fromSubdomain } from '../../src/request/from-subdomain'
import type { RequestLike } from '../../src/request/request-like'
import { bindToContext } from '../../src/tenant/context'
import type { TestRecord } from './parts'
import { createParts } from './parts'
import type { Answer, FetchOptions, Served } from './serve'
import { serve } from './serve'

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** The tenants a caller of these tests may use. */
      mayUse?: string[]
      tenant?: TestRecord
    }
  }
}

const parts = createParts()
const currentId = () => parts.context.current()?.id
const answerTenant: express.RequestHandler = (req, res) => {
  res.json({ tenant: currentId() ?? null, record: req.tenant ?? null, body: (req.body as unknown) ?? null })
}
const tenants = Array.from({ length: 40 }, (_, n) => `t${n}`)

function middleware(options: Partial<AdmitOptions<RequestLike, TestRecord>> = {}) {
  return expressMiddleware({ resolve: fromPath('tenantId'), trustResolution: true, ...options }, parts)
}

let served: Served | undefined
let logged: jest.SpyInstance

beforeEach(() => {
  logged = jest.spyOn(console, 'error').mockImplementation(() => undefined)
})

afterEach(async () => {
  logged.mockRestore()
  await served?.close()
  served = undefined
  expect(parts.context.scope()).toBeUndefined()
})

// Both lines of Express that applications run. The names are resolved by npm, see package.json.
describe.each(['express', 'express4'])('%s', (packageName) => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const createApp = require(packageName) as typeof express

  /** Serves an application in production mode, which is what strangers see. */
  async function start(build: (app: express.Express) => void, mode = 'production'): Promise<Served['fetch']> {
    const app = createApp()
    app.set('env', mode)
    build(app)
    served = await serve(app)
    return served.fetch
  }

  const tenantOf = (answer: Answer): unknown => (JSON.parse(answer.text) as { tenant: unknown }).tenant

  test('a handler runs in the tenant of its path and finds the record on the request', async () => {
    const fetch = await start((app) => app.get('/tenants/:tenantId/widgets', middleware(), answerTenant))
    const { status, text } = await fetch('/tenants/acme/widgets')
    expect(status).toBe(200)
    expect(JSON.parse(text)).toEqual({ tenant: 'acme', record: { name: 'ACME' }, body: null })
  })

  test('one app.use serves every route below its path', async () => {
    const fetch = await start((app) => {
      app.use('/tenants/:tenantId/widgets', middleware())
      app.get('/tenants/:tenantId/widgets', answerTenant)
      app.post('/tenants/:tenantId/widgets/:id', createApp.json(), answerTenant)
      app.get('/', answerTenant)
    })
    expect(tenantOf(await fetch('/tenants/acme/widgets'))).toBe('acme')
    expect(
      JSON.parse((await fetch('/tenants/globex/widgets/7', { body: { name: 'x' } })).text),
    ).toMatchObject({
      tenant: 'globex',
      body: { name: 'x' },
    })
    expect(tenantOf(await fetch('/'))).toBeNull()
  })

  test('a router below the path sees the parameter with mergeParams', async () => {
    const fetch = await start((app) => {
      app.use(
        '/tenants/:tenantId',
        createApp.Router({ mergeParams: true }).use(middleware()).get('/widgets', answerTenant),
      )
      app.use('/lost/:tenantId', createApp.Router().use(middleware()).get('/widgets', answerTenant))
    })
    expect(tenantOf(await fetch('/tenants/acme/widgets'))).toBe('acme')
    expect((await fetch('/lost/acme/widgets')).status).toBe(400)
  })

  test('a tenant comes from the subdomain, and from X-Forwarded-Host only behind a trusted proxy', async () => {
    const subdomain = middleware({ resolve: fromSubdomain({ root: 'example.com' }) })
    const headers = { host: 'Acme.example.com:8080', 'x-forwarded-host': 'globex.example.com' }
    const direct = await start((app) => app.get('/', subdomain, answerTenant))
    expect(tenantOf(await direct('/', { headers }))).toBe('acme')
    expect((await direct('/', { headers: { host: '127.0.0.1' } })).status).toBe(400)
    await served!.close()
    const proxied = await start((app) => app.set('trust proxy', true).get('/', subdomain, answerTenant))
    expect(tenantOf(await proxied('/', { headers }))).toBe('globex')
  })

  test('a header that is sent twice gets 400', async () => {
    const fetch = await start((app) =>
      app.get('/', middleware({ resolve: fromHeader('x-tenant-id') }), answerTenant),
    )
    expect(tenantOf(await fetch('/', { headers: { 'X-Tenant-ID': 'acme' } }))).toBe('acme')
    expect((await fetch('/', { headers: { 'X-Tenant-ID': ['acme', 'globex'] } })).status).toBe(400)
    expect((await fetch('/', { headers: { 'X-Tenant-ID': 'acme, globex' } })).status).toBe(400)
  })

  test('who a caller is decides which tenants he may use', async () => {
    const login: express.RequestHandler = (req, _res, next) => {
      req.mayUse = String(req.headers.authorization).split(' ')
      next()
    }
    const fetch = await start((app) => {
      app.use(login)
      // Both ways to write it have their types: as it is, and with the request type of Express.
      const guard = expressMiddleware(
        {
          resolve: fromPath('tenantId'),
          authorize: (req, tenant) => req.mayUse?.includes(tenant.id) === true,
        },
        parts,
      )
      const typed = expressMiddleware(
        {
          resolve: fromRequest((req: express.Request) => req.get('x-tenant-id'), { trust: 'spoofable' }),
          authorize: async (req: express.Request, tenant) =>
            req.mayUse?.includes(tenant.id) === true && tenant.record.name !== '',
        },
        parts,
      )
      app.get('/typed', typed, answerTenant)
      app.get('/:tenantId', guard, answerTenant)
    })
    const as = (callers: string): FetchOptions => ({
      headers: { authorization: callers, 'x-tenant-id': 'acme' },
    })
    expect(tenantOf(await fetch('/acme', as('acme globex')))).toBe('acme')
    expect(tenantOf(await fetch('/typed', as('acme globex')))).toBe('acme')
    expect((await fetch('/acme', as('globex'))).status).toBe(404)
    expect((await fetch('/typed', as('globex'))).status).toBe(404)
  })

  const refusals: [string, Partial<AdmitOptions<RequestLike, TestRecord>>, number][] = [
    ['gone', {}, 404],
    ['acme', { trustResolution: undefined, authorize: () => false }, 404],
    ['acme', { authorize: () => false, notAuthorized: 403 }, 403],
    ['sus', {}, 403],
    ['sus', { suspended: 503, retryAfterSeconds: 120 }, 503],
    ['sus', { suspended: 503, authorize: async () => false }, 404],
  ]

  test.each(refusals)('the tenant %s with the options %j gets %i', async (tenant, options, expected) => {
    const fetch = await start((app) => app.get('/:tenantId', middleware(options), answerTenant))
    const { status, headers, text } = await fetch(`/${tenant}`)
    expect(status).toBe(expected)
    expect(headers['retry-after']).toBe(expected === 503 ? '120' : undefined)
    expect(text).not.toMatch(/express\.ts|admit\.ts|node_modules|acme|ROWHOUSE/)
  })

  test.each([
    'public',
    'pg_catalog',
    'Acme',
    '..%2Fpublic',
    'a%22%3Bdrop%20schema%20public%3B--',
    'acme%00',
    '%D0%B0cme',
    '%2561cme',
    'a%0Ab',
    "a'b",
    'a'.repeat(8000),
    '%F0%9F%98%80',
    '__proto__',
  ])('the hostile path /%s gets the very answer of an unknown tenant, in production', async (path) => {
    const fetch = await start((app) => app.get('/:tenantId', middleware(), answerTenant))
    const hostile = await fetch(`/${path}`)
    const unknown = await fetch('/gone')
    expect([hostile.status, hostile.text]).toEqual([404, unknown.text])
    const names = Object.keys(unknown.headers)
    expect(Object.keys(hostile.headers)).toEqual(names)
  })

  test('one may not tell a foreign tenant from an unknown one, in production', async () => {
    const fetch = await start((app) =>
      app.get('/:tenantId', middleware({ authorize: () => false }), answerTenant),
    )
    const [foreign, unknown, suspended] = [await fetch('/acme'), await fetch('/gone'), await fetch('/sus')]
    const visible = ({ status, text, headers }: Answer) => ({
      status,
      text,
      headers: { ...headers, date: '' },
    })
    expect(visible(foreign)).toEqual(visible(unknown))
    expect(visible(suspended)).toEqual(visible(unknown))
  })

  test.each(['%', '%zz', '%ff', 'acme%e0%a4'])(
    'the malformed path /%s gets 400 from Express itself',
    async (path) => {
      const fetch = await start((app) => app.get('/:tenantId', middleware(), answerTenant))
      expect((await fetch(`/${path}`)).status).toBe(400)
    },
  )

  test("an error of the application's own functions is its own: 500, and to its error handler as it is", async () => {
    const failure = new Error('session store is down')
    const seen: unknown[] = []
    const catchError: express.ErrorRequestHandler = (error, _req, _res, next) => {
      seen.push(error)
      next(error)
    }
    const fetch = await start((app) => {
      app.get(
        '/throws/:tenantId',
        middleware({
          authorize: () => {
            throw failure
          },
        }),
        answerTenant,
      )
      app.get('/rejects/:tenantId', middleware({ authorize: () => Promise.reject(failure) }), answerTenant)
      app.use(catchError)
    })
    expect((await fetch('/throws/acme')).status).toBe(500)
    expect((await fetch('/rejects/acme')).status).toBe(500)
    expect(seen).toEqual([failure, failure])
    expect(seen[0]).toBe(failure)
  })

  test('what a handler throws reaches the error handler once, in the tenant of the request', async () => {
    const seen: unknown[] = []
    const catchError: express.ErrorRequestHandler = (error, _req, res, _next) => {
      seen.push([(error as Error).message, currentId()])
      res.status(418).end()
    }
    const fetch = await start((app) => {
      app.get('/:tenantId', middleware(), () => {
        throw new Error('from the handler')
      })
      app.use(catchError)
    })
    expect((await fetch('/acme')).status).toBe(418)
    expect(seen).toEqual([['from the handler', 'acme']])
  })

  test('where no tenant is required a request without one has none, and keeps it after others on its connection', async () => {
    const optional = middleware({ resolve: fromHeader('x-tenant-id'), required: false })
    const fetch = await start((app) => app.get('/', optional, resumeTenant(parts), answerTenant))
    const answers = await Promise.all(
      tenants.flatMap((tenant) => [fetch('/', { headers: { 'x-tenant-id': tenant } }), fetch('/')]),
    )
    expect(answers.map(tenantOf)).toEqual(tenants.flatMap((tenant) => [tenant, null]))
    expect((await fetch('/', { headers: { 'x-tenant-id': 'gone' } })).status).toBe(404)
  })

  test('pipelined requests of one connection do not inherit a tenant', async () => {
    await start((app) => {
      const optional = middleware({ resolve: fromHeader('x-tenant-id'), required: false })
      app.get('/', optional, async (_req, res) => {
        await sleep(1)
        res.end(`<${currentId() ?? 'none'}>`)
      })
    })
    const request = (header: string) => `GET / HTTP/1.1\r\nHost: x\r\n${header}\r\n`
    const last = 'Connection: close\r\n'
    const wire =
      tenants.map((tenant) => request(`x-tenant-id: ${tenant}\r\n`) + request('')).join('') + request(last)
    const text = await new Promise<string>((resolve, reject) => {
      let received = ''
      const socket = net.connect(served!.port, '127.0.0.1', () => socket.write(wire))
      socket.setEncoding('utf8').on('data', (chunk) => (received += String(chunk)))
      socket.on('close', () => resolve(received)).on('error', reject)
    })
    expect(text.match(/<\w+>/g)).toEqual([
      ...tenants.flatMap((tenant) => [`<${tenant}>`, '<none>']),
      '<none>',
    ])
  })

  test('forty requests at once over two connections keep their tenant through express.json', async () => {
    const fetch = await start((app) => {
      const hops: express.RequestHandler = async (req, res) => {
        const seen = [currentId()]
        for (let hop = 0; hop < 5; hop++) {
          await sleep(Math.random() * 4)
          seen.push(currentId())
        }
        res.on('finish', () => finished.push(`${req.tenant?.name.toLowerCase()}=${currentId()}`))
        res.json([...new Set(seen)])
      }
      app.use('/before/:tenantId', createApp.json({ limit: '1mb' }), middleware(), hops)
      app.use('/after/:tenantId', middleware(), createApp.json({ limit: '1mb' }), hops)
    })
    const finished: string[] = []
    const answers = await Promise.all(
      tenants.map((tenant, n) =>
        fetch(`/${n % 2 ? 'before' : 'after'}/${tenant}`, {
          body: { text: 'x'.repeat((n % 3) * 40_000) },
          slow: n % 4 < 2,
        }),
      ),
    )
    expect(answers.map(({ text }) => text)).toEqual(tenants.map((tenant) => `["${tenant}"]`))
    expect(finished.sort()).toEqual(tenants.map((tenant) => `${tenant}=${tenant}`).sort())
  })

  test("a listener on the request's end may lose the tenant but never has another's; resumeTenant and bind give it back", async () => {
    const lost: unknown[] = []
    const readBody: express.RequestHandler = (req, _res, next) => {
      const bound = bindToContext(() => currentId())
      req.resume().on('end', () => {
        lost.push([req.tenant?.name.toLowerCase(), currentId(), bound()])
        next()
      })
    }
    const fetch = await start((app) =>
      app.use('/:tenantId', middleware(), readBody, resumeTenant(parts), answerTenant),
    )
    const answers = await Promise.all(
      tenants.map((tenant) => fetch(`/${tenant}`, { body: { text: 'x'.repeat(1000) }, slow: true })),
    )
    expect(answers.map(tenantOf)).toEqual(tenants)
    for (const [own, inListener, whenBound] of lost as [string, string | undefined, string][]) {
      expect([own, undefined]).toContain(inListener)
      expect(whenBound).toBe(own)
    }
    expect(lost).toHaveLength(tenants.length)
  })

  test('a parser that calls next from outside loses the tenant, and resumeTenant gives it back', async () => {
    const outside = new EventEmitter()
    const timer = setInterval(() => outside.emit('flush'), 2)
    const loseContext: express.RequestHandler = (_req, _res, next) => void outside.once('flush', () => next())
    const fetch = await start((app) => {
      app.get('/lost/:tenantId', middleware(), loseContext, answerTenant)
      app.get('/kept/:tenantId', middleware(), loseContext, resumeTenant(parts), answerTenant)
    })
    const answers = await Promise.all(
      tenants.flatMap((tenant) => [fetch(`/lost/${tenant}`), fetch(`/kept/${tenant}`)]),
    )
    clearInterval(timer)
    expect(answers.map(tenantOf)).toEqual(tenants.flatMap((tenant) => [null, tenant]))
  })

  test('resumeTenant leaves a wrong tenant for that of the request', async () => {
    const other = createParts().parse('other')
    const wrong: express.RequestHandler = (_req, _res, next) => parts.context.run(other, () => next())
    const fetch = await start((app) =>
      app.get('/:tenantId', middleware(), wrong, resumeTenant(parts), answerTenant),
    )
    expect(tenantOf(await fetch('/acme'))).toBe('acme')
  })

  test('resumeTenant without the middleware is a mistake of the application: 500, and the error says what to mount', async () => {
    const seen: unknown[] = []
    const catchError: express.ErrorRequestHandler = (error, _req, _res, next) => {
      seen.push(error)
      next(error)
    }
    const fetch = await start((app) =>
      app.get('/:tenantId', resumeTenant(parts), answerTenant).use(catchError),
    )
    expect((await fetch('/acme')).status).toBe(500)
    expect(seen).toEqual([expect.any(TenantRequiredError)])
    expect(String(seen[0])).toMatch(/tenancy\.resumeTenant\(\) needs a tenant.*Mount tenancy\.middleware\(\)/)
  })

  test('two tenancies admit one request each to their own tenant', async () => {
    const billing = createParts({ name: 'billing' })
    const byHeader = expressMiddleware({ resolve: fromHeader('x-payer'), trustResolution: true }, billing)
    const fetch = await start((app) =>
      app.get(
        '/:tenantId',
        middleware(),
        byHeader,
        resumeTenant(parts),
        resumeTenant(billing),
        (_req, res) => {
          res.json([currentId(), billing.context.current()?.id])
        },
      ),
    )
    expect((await fetch('/acme', { headers: { 'x-payer': 'globex' } })).text).toBe('["acme","globex"]')
  })

  test('of two admissions the later one counts, and resumeTenant comes back to it', async () => {
    const byHeader = middleware({ resolve: fromHeader('x-tenant-id') })
    const fetch = await start((app) =>
      app.get('/:tenantId', middleware(), byHeader, resumeTenant(parts), answerTenant),
    )
    const { text } = await fetch('/acme', { headers: { 'x-tenant-id': 'globex' } })
    expect(JSON.parse(text)).toMatchObject({ tenant: 'globex', record: { name: 'GLOBEX' } })
  })
})

test('a spoofable tenant that nothing authorises is an error when the middleware is made, before any request', () => {
  expect(() => expressMiddleware({ resolve: fromPath('tenantId') }, parts)).toThrow(ConfigError)
})

test('what next throws is not caught: it is not taken for a refusal, and next is called once', async () => {
  // In a process of its own, because it dies of it.
  const script = `
    const { expressMiddleware } = require('./src/request/express')
    const { TenantContext } = require('./src/tenant/context')
    const admit = expressMiddleware(
      { resolve: { trust: 'trusted', name: 'test', resolve: () => 'acme' } },
      {
        name: 'default',
        context: new TenantContext('default'),
        parse: (id) => ({ id, schema: 'tenant_' + id }),
        directory: { find: async () => ({ state: 'active', record: {} }) },
      },
    )
    admit({ headers: {} }, {}, (error) => {
      console.log('next was called with', error)
      throw new Error('from next')
    })`
  const child = spawn(process.execPath, ['-r', 'esbuild-register', '-e', script], {
    cwd: join(__dirname, '../..'),
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)))
  const exitCode = await new Promise((resolve) => child.on('close', resolve))
  expect(output.stdout).toBe('next was called with undefined\n')
  expect(output.stderr).toContain('Error: from next')
  expect(exitCode).toBe(1)
})

test('the remembered tenant does not show when a request is logged', async () => {
  const req: RequestLike = { headers: {} }
  const admit = middleware({ resolve: fromRequest(() => 'acme', { trust: 'trusted' }) })
  await new Promise((resolve) => admit(req, { setHeader: () => undefined }, resolve))
  expect(Object.keys(req)).toEqual(['headers', 'tenant'])
})
