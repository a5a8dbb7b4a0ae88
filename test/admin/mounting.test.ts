import http from 'node:http'
import express from 'express'
import { adminRouter } from 'rowhouse/admin'
import type { AdminOptions } from 'rowhouse/admin'
import { AdminTown, ADMIN_SERVERS, wordsOf } from './support/admin-town'
import type { AdminTownOptions } from './support/admin-town'

const server = ADMIN_SERVERS[0]!
/** Loaded by its name: it has no types of its own. */
const express4 = ['express4'].map((name) => jest.requireActual<typeof express>(name))[0]!
let admin: AdminTown
afterEach(() => admin.stop())

async function open(title: string, options?: AdminTownOptions): Promise<void> {
  admin = await new AdminTown(server, title, options).start()
  await admin.tenancy.create('acme')
}

const PATHS = [
  '/',
  '/tenant?id=acme',
  '/create',
  '/dropped',
  '/checks',
  '/run',
  '/run/events',
  '/assets/admin.css',
]

describe('who may use the page', () => {
  test('it is not mounted without `authorize`, nor with other mistakes', async () => {
    await open('options')
    const { tenancy } = admin
    const authorize = (): boolean => true
    const refusals = [
      [{ tenancy }, 'authorize'],
      [{ tenancy, authorize: true }, 'authorize'],
      [{ tenancy: {}, authorize }, 'tenancy'],
      [undefined, 'authorize'],
      [{ tenancy, authorize, readOnly: 'yes' }, 'readOnly'],
      [{ tenancy, authorize, secret: 'short' }, 'secret'],
      [{ tenancy, authorize, title: '' }, 'title'],
      [{ tenancy, authorize, onAction: 1 }, 'onAction'],
    ] as const
    for (const [options, word] of refusals) {
      const mount = (): unknown => adminRouter(options as unknown as AdminOptions)
      expect(mount).toThrow(expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }))
      expect(mount).toThrow(word)
    }
  })

  test('it asks for every request, files and events included, and tells who may not nothing', async () => {
    const asked: string[] = []
    let answer: unknown = false
    const authorize = async (req: http.IncomingMessage): Promise<boolean> => {
      asked.push(req.url!)
      return answer as boolean
    }
    await open('refused', { admin: { authorize } })
    // Only `true` is a yes: a forgotten `return`, or a record that is there, is none.
    for (answer of [false, undefined, 'yes', 1, {}]) {
      for (const path of PATHS) {
        const { status, text, headers } = await admin.get(path)
        expect([status, text]).toEqual([403, expect.stringContaining('<h1>Forbidden</h1>')])
        expect(text).not.toMatch(/acme|rowhouse/i)
        expect(headers.get('set-cookie')).toBeNull()
        expect(headers.get('cache-control')).toContain('no-store')
      }
      expect((await admin.post('/tenant/drop', { id: 'acme' })).status).toBe(403)
    }
    expect(asked.slice(0, PATHS.length)).toEqual(PATHS)
    answer = true
    expect((await admin.get('/tenant?id=acme')).status).toBe(200)
    expect(await admin.tenancy.exists('acme')).toBe(true)
  })

  test.each([
    [
      'throws',
      (): boolean => {
        throw new Error('the session store is away')
      },
    ],
    ['rejects', async (): Promise<boolean> => Promise.reject(new Error('the session store is away'))],
  ])('where it %s, the application’s error handling answers', async (name, authorize) => {
    const handled: unknown[] = []
    await open(`authorize ${name}`, {
      admin: { authorize },
      app: (router) =>
        express()
          .use('/admin', router)
          .use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
            handled.push(error.message)
            res.status(503).send('later')
          }),
    })
    expect(await admin.get('/')).toMatchObject({ status: 503, text: 'later' })
    expect(handled).toEqual(['the session store is away'])
  })

  test.each([undefined, null, 'route', 'router'])(
    'where it rejects with %j, the request goes no further',
    async (thrown) => {
      // To Express these are no errors but `next()`: on to whatever stands behind the page.
      const reached = jest.fn()
      await open(`authorize rejects with ${thrown}`, {
        admin: { authorize: () => Promise.reject(thrown) },
        app: (router) =>
          express()
            .set('env', 'test')
            .use('/admin', router)
            .use((_req, res) => {
              reached()
              res.send('behind')
            }),
      })
      expect((await admin.get('/')).status).toBe(500)
      expect(reached).not.toHaveBeenCalled()
    },
  )

  test('read-only it shows everything, has no way to change anything, and refuses every change', async () => {
    await open('read only', { admin: { readOnly: true, title: 'Production <1>' } })
    for (const path of ['/', '/tenant?id=acme', '/dropped', '/run']) {
      const page = await admin.get(path)
      expect(page.status).toBe(200)
      expect(page.text).not.toMatch(/method="post"|class="button/)
      expect(wordsOf(page)).toContain('read-only')
      expect(wordsOf(page)).toContain('Production <1>')
    }
    const names = ['migrate', 'rollback', 'suspend', 'unsuspend', 'drop'].map((name) => `/tenant/${name}`)
    for (const path of [...names, '/create', '/undrop', '/migrate', '/run/cancel']) {
      expect((await admin.get(`${path}?id=acme`)).status).toBe(403)
      const { status, text } = await admin.post(path, { id: 'acme', confirm: 'acme', keep: 'none' })
      expect([status, text]).toEqual([403, expect.stringContaining('read-only')])
    }
    expect(await admin.tenancy.status('acme')).toMatchObject({ state: 'active' })
  })

  test('what is done is reported; what the report throws is the application’s', async () => {
    const onAction = (): never => {
      throw new Error('the audit log is away')
    }
    await open('reports', {
      admin: { onAction },
      app: (router) => express().set('env', 'test').use('/admin', router),
    })
    expect((await admin.submit('/tenant/suspend?id=acme')).status).toBe(500)
  })
})

test('every answer has strict headers, over what the application has set', async () => {
  await open('headers', {
    app: (router) =>
      express()
        .use((_req, res, next) => {
          res.set({ 'Cache-Control': 'public', 'Content-Security-Policy': 'default-src *' })
          res.cookie('own', '1')
          next()
        })
        .use('/admin', router),
  })
  const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'"
  for (const path of [...PATHS, '/nowhere', '/assets/none']) {
    const { headers } = await admin.get(path)
    expect(headers.get('content-security-policy')).toBe(policy)
    expect(headers.get('cache-control')).toBe('no-store, no-transform')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  }
  expect((await admin.fetch('/create', { headers: { cookie: '' } })).headers.getSetCookie()).toEqual([
    'own=1; Path=/',
    expect.stringMatching(/^rowhouse_admin=/),
  ])
  // What the policy would refuse is not there.
  const { text } = await admin.get('/tenant?id=acme')
  expect(text).not.toMatch(/\sstyle="|<style|\son\w+="|<script(?! src="\/admin\/assets\/admin.js" defer>)/)
  expect(
    [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)].every(([, to]) => /^(\/admin|#)/.test(to!)),
  ).toBe(true)
})

test('files are what they are, and HEAD is GET without a body', async () => {
  await open('files')
  const types = {
    'admin.css': 'text/css; charset=utf-8',
    'admin.js': 'text/javascript; charset=utf-8',
    'icon.svg': 'image/svg+xml',
  }
  for (const [name, type] of Object.entries(types)) {
    const { status, headers, text } = await admin.get(`/assets/${name}`)
    expect([status, headers.get('content-type')]).toEqual([200, type])
    expect(Number(headers.get('content-length'))).toBe(Buffer.byteLength(text))
  }
  const head = await admin.fetch('/tenant?id=acme', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect((await admin.fetch('/run/events', { method: 'HEAD' })).status).toBe(204)
})

/** A request as the tests send it, whatever the application is made of. */
async function expectWhole(): Promise<void> {
  const fleet = await admin.get('/')
  expect(fleet.text).toContain(`href="${admin.mount}/tenant?id=acme"`)
  expect((await admin.get('/assets/admin.css')).status).toBe(200)
  const answer = await admin.submit('/tenant/suspend?id=acme')
  expect([answer.status, answer.headers.get('location')]).toEqual([303, `${admin.mount}/tenant?id=acme`])
  expect(wordsOf(await admin.follow(answer))).toContain('The tenant is suspended')
}

describe('it is mounted', () => {
  const parsers = [express.json(), express.urlencoded({ extended: true }), express.text(), express.raw()]
  const apps: Readonly<Record<string, AdminTownOptions>> = {
    'in Express 5': {},
    'in Express 4': { app: (router) => express4().use('/admin', router) },
    'at another path': { mount: '/ops/tenants-2', app: (router) => express().use('/ops/tenants-2', router) },
    'in a router in a router': {
      mount: '/a/b',
      app: (router) => express().use('/a', express.Router().use('/b', router)),
    },
    'with a parameter in its path': {
      mount: '/eu/admin',
      app: (router) => express().use('/:region/admin', router),
    },
    'at the root': { mount: '', app: (router) => express().use(router) },
    'behind parsers of bodies': { app: (router) => express().use(parsers).use('/admin', router) },
    'behind a parser that makes texts': {
      app: (router) =>
        express()
          .use(express.text({ type: '*/*' }))
          .use('/admin', router),
    },
    'behind the parsers of Express 4': {
      app: (router) =>
        express4()
          .use(express4.json(), express4.urlencoded({ extended: false }))
          .use('/admin', router),
    },
    'behind a parser of Express 4 for another type': {
      app: (router) => express4().use(express4.json()).use('/admin', router),
    },
    'in node:http alone': {
      mount: '',
      app: (router) => (req, res) => router(req, res, () => res.writeHead(500).end()),
    },
  }
  test.each(Object.entries(apps))('%s', async (name, options) => {
    await open(`mounted ${name}`, options)
    await expectWhole()
  })

  test('where requests have a tenant: what it does is for none', async () => {
    await open('in a tenant', {
      app: (router) => {
        const app = express()
        app.use((_req, _res, next) => admin.tenancy.run('acme', () => next()))
        return app.use('/admin', router)
      },
      hooks: {
        afterMigrate: () => {
          seen.push(admin.tenancy.current()?.id)
        },
      },
    })
    const seen: (string | undefined)[] = []
    await admin.tenancy.create('other')
    await admin.submit('/tenant/rollback?id=other', { to: '20200102000000' })
    // The hook runs as the tenant that was migrated, and the one of the request is untouched.
    expect(seen).toEqual(['other'])
    expect(await admin.tenancy.status('acme')).toMatchObject({ versions: [20200101000000, 20200102000000] })
  })

  test('a mount path that could lead elsewhere is not taken into links and cookies', async () => {
    await open('odd path', { app: (router) => express().use('/:any', router), mount: '/x' })
    for (const path of ['/a;b=1', '/%0d%0aSet-Cookie:x', '/"><script>']) {
      const response = await fetch(`${admin.origin}${path}/create`)
      const cookie = response.headers.getSetCookie()[0] ?? ''
      expect(cookie).toMatch(/; Path=(\/[\w%:-]*); HttpOnly/)
      expect(await response.text()).not.toContain('<script>')
    }
    const double = await fetch(`${admin.origin}//evil.example/?fresh=1`, { redirect: 'manual' })
    expect(double.headers.get('location') ?? '/').not.toMatch(/^\/\//)
  })
})
