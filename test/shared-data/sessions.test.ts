import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import { fromPath } from '../../src/request/from-path'
import { fromSession } from '../../src/request/from-session'
import { EngineTown } from '../engines/support/engine-town'
import { serve } from '../request/serve'
import type { Served } from '../request/serve'
import { ENGINE_SERVERS } from '../support/engines'
import { uniquePrefix } from '../support/servers'

/** What the tests keep in a session. */
interface Visitor {
  tenantId?: string
  visits?: number
}

// Their types would add a session to the requests of all other tests.
/* eslint-disable @typescript-eslint/no-require-imports */
const session = require('express-session') as (options: object) => express.RequestHandler
const PgStore = require('connect-pg-simple')(session) as new (options: object) => object
const MysqlStore = require('express-mysql-session')(session) as new (options: object, pool: unknown) => object
/* eslint-enable @typescript-eslint/no-require-imports */
const sessionOf = (req: object): Visitor => (req as { session: Visitor }).session

/** How sessions are kept on one engine: their table, made and granted by the owner, and the store on a pool. */
const STORES = {
  postgres: {
    name: 'connect-pg-simple',
    tables: (schema: string, app: string) => [
      `create schema ${schema}`,
      `create table ${schema}.session (sid varchar primary key, sess json not null, expire timestamp(6) not null)`,
      `grant usage on schema ${schema} to ${app}`,
      `grant select, insert, update, delete on ${schema}.session to ${app}`,
    ],
    open: (pool: unknown, schema: string): object =>
      new PgStore({ pool, schemaName: schema, pruneSessionInterval: false }),
    read: (schema: string) => `select sess::text as data from ${schema}.session`,
  },
  mysql: {
    name: 'express-mysql-session',
    tables: (schema: string, app: string) => [
      `create database ${schema}`,
      `create table ${schema}.sessions (session_id varchar(128) collate utf8mb4_bin primary key, expires int unsigned not null, data mediumtext)`,
      `grant select, insert, update, delete on ${schema}.sessions to ${app}`,
    ],
    open: (pool: unknown, schema: string): object =>
      new MysqlStore(
        {
          createDatabaseTable: false,
          clearExpired: false,
          endConnectionOnClose: false,
          schema: { tableName: `${schema}.sessions` },
        },
        pool,
      ),
    read: (schema: string) => `select data from ${schema}.sessions`,
  },
} as const

const options = { secret: 'not a secret', resave: false, saveUninitialized: false }

describe.each([ENGINE_SERVERS[0]!, ENGINE_SERVERS.find(({ engine }) => engine === 'mysql')!])(
  'on $name',
  (server) => {
    const { name, tables, open, read } = STORES[server.engine]
    let town: EngineTown
    let schema: string
    let served: Served
    beforeEach(async () => {
      const title = `sessions ${server.name}`
      town = new EngineTown(server, title)
      schema = `${uniquePrefix(`${title} shared`)}s`
      const { username } = new URL(server.appUrl)
      for (const sql of tables(schema, server.engine === 'mysql' ? `'${username}'@'%'` : username))
        await town.asOwner(sql)
      for (const id of ['acme', 'globex']) await town.tenancy.create(id)
    })
    afterEach(async () => {
      await served.close()
      await town.close()
      await server.dropPrefix(schema)
    })

    /** Logs in, writes and reads in between, in whatever tenant the session says. */
    function shop(store: object): express.Express {
      const app = express()
      app.use(session({ ...options, store }))
      app.post('/login/:tenant', (req, res) => {
        sessionOf(req).tenantId = req.params.tenant
        res.send('ok')
      })
      app.use(town.tenancy.middleware({ resolve: fromSession('tenantId') }))
      app.post('/widgets/:name', async (req, res) => {
        await town.insert(req.params.name)
        await sleep(Math.random() * 5)
        sessionOf(req).visits = (sessionOf(req).visits ?? 0) + 1
        res.json([sessionOf(req).tenantId, ...(await town.names())])
      })
      return app
    }

    async function logIn(tenant: string): Promise<string> {
      const { headers } = await served.fetch(`/login/${tenant}`, { method: 'POST' })
      return headers['set-cookie']![0]!.split(';')[0]!
    }

    test(`${name} on tenancy.admin keeps the sessions of two tenants in one table, and each stays its tenant's`, async () => {
      served = await serve(shop(open(town.tenancy.admin, schema)), { sockets: 6 })
      const users = await Promise.all(
        ['acme', 'globex', 'acme', 'globex'].map(async (tenant) => ({ tenant, cookie: await logIn(tenant) })),
      )
      const all = Array.from({ length: 40 }, (_, i) => ({
        ...users[i % 4]!,
        name: `${users[i % 4]!.tenant}-${i}`,
      }))
      await Promise.all(
        all.map(async ({ tenant, cookie, name }) => {
          const { status, text } = await served.fetch(`/widgets/${name}`, {
            method: 'POST',
            headers: { cookie },
          })
          const [seen, ...names] = JSON.parse(text) as string[]
          expect([status, seen, names.filter((one) => !one.startsWith(`${tenant}-`))]).toEqual([
            200,
            tenant,
            [],
          ])
        }),
      )
      for (const id of ['acme', 'globex'])
        expect((await town.kept(id)).sort()).toEqual(
          all
            .filter(({ tenant }) => tenant === id)
            .map(({ name }) => name)
            .sort(),
        )
      const kept = await town.asOwner(read(schema))
      const tenants = kept.map(({ data }) => (JSON.parse(data as string) as { tenantId: string }).tenantId)
      expect(tenants.sort()).toEqual(['acme', 'acme', 'globex', 'globex'])
    })

    test(`${name} on the scoped pool is refused where there is no tenant, and no session is kept`, async () => {
      const failures: { code?: string }[] = []
      const app = shop(open(town.tenancy.pool, schema))
      app.use(collect(failures))
      served = await serve(app)
      await served.fetch('/login/acme', { method: 'POST' })
      expect(failures).toMatchObject([{ code: 'ROWHOUSE_TENANT_REQUIRED' }])
      expect(await town.asOwner(read(schema))).toEqual([])
    })
  },
)

/** A session is saved when the answer is on its way, so that the error reaches nobody else. */
function collect(failures: object[]): express.ErrorRequestHandler {
  return (error: object, _req, res, _next) => {
    failures.push(error)
    if (!res.headersSent) res.sendStatus(500)
  }
}

test('createTableIfMissing on the scoped pool makes the table for the first tenant only', async () => {
  const server = ENGINE_SERVERS[0]!
  // The owner serves, so that making the table is not refused for its rights.
  const town = new EngineTown(server, 'missing table', { appUrl: server.ownerUrl })
  const app = express()
  app.use('/:tenant', town.tenancy.middleware({ resolve: fromPath('tenant'), trustResolution: true }))
  app.use(
    session({
      ...options,
      store: new PgStore({
        pool: town.tenancy.pool,
        createTableIfMissing: true,
        pruneSessionInterval: false,
      }),
    }),
  )
  app.post('/:tenant', (req, res) => {
    sessionOf(req).visits = 1
    res.send('ok')
  })
  const failures: { message?: string }[] = []
  app.use(collect(failures))
  const served = await serve(app)
  try {
    for (const id of ['acme', 'globex']) await town.tenancy.create(id)
    await served.fetch('/acme', { method: 'POST' })
    expect([failures, (await town.asOwner('select sid from session', 'acme')).length]).toEqual([[], 1])
    await served.fetch('/globex', { method: 'POST' })
    expect(failures).toMatchObject([{ message: 'relation "session" does not exist' }])
  } finally {
    await served.close()
    await town.close()
  }
})
