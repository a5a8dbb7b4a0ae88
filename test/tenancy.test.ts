import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import express from 'express'
import type { Express } from 'express'
import { fromHeader, fromPath } from '../src/index'
import { postgres } from '../src/postgres/postgres'
import { createTenancy } from '../src/tenancy'
import { MigrationFolder, WIDGETS } from './support/migrations'
import { dropPrefix, SERVERS, uniquePrefix } from './support/servers'

async function serve<T>(
  app: Express,
  use: (get: (path: string, init?: RequestInit) => Promise<Response>) => Promise<T>,
): Promise<T> {
  const server = createServer(app).listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    return await use((path, init) => fetch(`http://127.0.0.1:${port}${path}`, init))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe.each(SERVERS)('a tenancy on $name', (server) => {
  const prefix = uniquePrefix(`tenancy ${server.version}`)
  const migrations = new MigrationFolder(WIDGETS)
  const options = { connectionString: server.appUrl, migrationUrl: server.ownerUrl, max: 3 }
  const tenancy = createTenancy({ engine: postgres(options), prefix, migrations: migrations.path })

  const app = express()
  app.use(
    '/tenants/:tenantId/widgets',
    tenancy.middleware({ resolve: fromPath('tenantId'), trustResolution: true, suspended: 503 }),
  )
  app.post('/tenants/:tenantId/widgets/:name', async (req, res) => {
    await tenancy.pool.query('insert into widgets (name) values ($1)', [req.params.name])
    res.status(201).end()
  })
  app.get('/tenants/:tenantId/widgets', async (_req, res) => {
    const { rows } = await tenancy.pool.query<{ name: string }>('select name from widgets order by id')
    res.json({ tenant: tenancy.require().id, rows: rows.map(({ name }) => name) })
  })
  app.get('/nowhere', async (_req, res) => {
    res.json((await tenancy.pool.query('select 1')).rows)
  })
  app.use(((error: { status?: number; code?: string }, _req, res, _next) => {
    res.status(error.status ?? 500).json({ code: error.code })
  }) as express.ErrorRequestHandler)

  beforeAll(async () => {
    await tenancy.create('acme')
    await tenancy.create(7)
  })

  afterAll(async () => {
    await tenancy.close()
    migrations.remove()
    await dropPrefix(server, prefix)
  })

  test('handlers name no tenant, and each tenant sees its own', async () => {
    await serve(app, async (get) => {
      await get('/tenants/acme/widgets/bolt', { method: 'POST' })
      await get('/tenants/7/widgets/nut', { method: 'POST' })
      expect(await (await get('/tenants/acme/widgets')).json()).toEqual({ tenant: 'acme', rows: ['bolt'] })
      expect(await (await get('/tenants/7/widgets')).json()).toEqual({ tenant: '7', rows: ['nut'] })
    })
  })

  test.each(['unknown', 'ACME', 'public', 'pg_catalog', "a'b", '..%2f', '%00', 'x'.repeat(70), 'а'])(
    'the tenant %j of a request is unknown, and no 500',
    async (id) => {
      await serve(app, async (get) => {
        const response = await get(`/tenants/${id.includes('%') ? id : encodeURIComponent(id)}/widgets`)
        expect([response.status, await response.json()]).toEqual([404, { code: 'ROWHOUSE_TENANT_NOT_FOUND' }])
      })
    },
  )

  test('a route without the middleware can not query', async () => {
    await serve(app, async (get) => {
      const response = await get('/nowhere')
      expect([response.status, await response.json()]).toEqual([500, { code: 'ROWHOUSE_TENANT_REQUIRED' }])
    })
  })

  test('suspended, served again, dropped and made again: each shows at once in this process', async () => {
    await tenancy.create('temp')
    await serve(app, async (get) => {
      const status = async (): Promise<number> => (await get('/tenants/temp/widgets')).status
      expect(await status()).toBe(200)
      await tenancy.suspend('temp')
      expect(await status()).toBe(503)
      await tenancy.unsuspend('temp')
      expect(await status()).toBe(200)
      await tenancy.drop('temp')
      expect(await status()).toBe(404)
      await tenancy.create('temp')
      expect(await status()).toBe(200)
    })
  })

  test("a directory of the application's own gives its record to the handlers", async () => {
    const records = new Map([['acme', { id: 'acme', plan: 'gold' }]])
    const own = createTenancy({
      engine: postgres(options),
      name: 'default',
      prefix,
      directory: (id) => records.get(id),
    })
    const other = express()
    other.use(
      own.middleware({
        resolve: fromHeader('x-tenant'),
        authorize: (_req, tenant) => tenant.record.plan === 'gold',
      }),
    )
    other.get('/', async (req, res) => {
      const { rows } = await own.pool.query('select current_schema() as schema')
      res.json({
        record: (req as unknown as { tenant: unknown }).tenant,
        plan: own.current()?.record?.plan,
        rows,
      })
    })
    try {
      await serve(other, async (get) => {
        expect(await (await get('/', { headers: { 'x-tenant': 'acme' } })).json()).toEqual({
          record: { id: 'acme', plan: 'gold' },
          plan: 'gold',
          rows: [{ schema: `${prefix}acme` }],
        })
        expect((await get('/', { headers: { 'x-tenant': '7' } })).status).toBe(404)
        expect((await get('/')).status).toBe(400)
      })
    } finally {
      await own.close()
    }
  })

  test("two tenancies of a process do not see each other's tenant", async () => {
    const billing = createTenancy({
      engine: postgres(options),
      name: 'billing',
      prefix: `${prefix}billing_`,
      migrations: migrations.path,
    })
    try {
      await billing.create('acme')
      await tenancy.run('acme', () =>
        billing.run('acme', async () => {
          const [mine, theirs] = await Promise.all([
            tenancy.pool.query('select current_schema() as s'),
            billing.pool.query('select current_schema() as s'),
          ])
          expect([mine.rows[0].s, theirs.rows[0].s]).toEqual([`${prefix}acme`, `${prefix}billing_acme`])
        }),
      )
      await tenancy.run('acme', () =>
        expect(billing.pool.query('select 1')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' }),
      )
    } finally {
      await billing.close()
    }
  })

  test("two tenancies that were both left without a name do not take each other's tenant for theirs", async () => {
    const other = createTenancy({
      engine: postgres(options),
      prefix: `${prefix}other_`,
      migrations: migrations.path,
    })
    try {
      await tenancy.run('acme', async () => {
        expect(other.current()).toBeUndefined()
        const both = other.run('globex', () => [tenancy.current()?.id, other.current()?.id])
        expect(both).toEqual(['acme', 'globex'])
        expect(other.withoutTenant(() => tenancy.current()?.id)).toBe('acme')
        await expect(other.pool.query('select 1')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
      })
    } finally {
      await other.close()
    }
  })

  test('admin and withoutTenant are on the default path, also on a connection that served a tenant', async () => {
    await tenancy.run('acme', () => tenancy.pool.query('select * from widgets'))
    for (const query of [
      () => tenancy.admin.query('show search_path'),
      () => tenancy.withoutTenant(() => tenancy.pool.query('show search_path')),
    ]) {
      expect((await tenancy.run('acme', query)).rows).toEqual([{ search_path: '"$user", public' }])
    }
  })

  test("a callback of the admin pool has the caller's tenant, and not the one of whoever opened its connection", async () => {
    const seen = await Promise.all(
      ['acme', '7'].map((id) =>
        tenancy.run(
          id,
          () =>
            new Promise((resolve) => tenancy.admin.query('select 1', () => resolve(tenancy.current()?.id))),
        ),
      ),
    )
    expect(seen).toEqual(['acme', '7'])
  })

  test('jobs and scripts run in a tenant by name', async () => {
    expect(tenancy.schemaName({ id: 7 })).toBe(`${prefix}7`)
    expect(tenancy.run({ id: 7 }, () => tenancy.current())).toMatchObject({ id: '7', schema: `${prefix}7` })
    expect(tenancy.current()).toBeUndefined()
    expect(() => tenancy.require()).toThrow(expect.objectContaining({ code: 'ROWHOUSE_TENANT_REQUIRED' }))
    const bound = tenancy.run('acme', () => tenancy.bind(() => tenancy.current()?.id))
    expect(tenancy.run(7, bound)).toBe('acme')
  })
})
