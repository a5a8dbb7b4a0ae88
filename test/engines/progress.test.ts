import express from 'express'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { fromHeader } from '../../src/request/from-header'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

const NEWEST = 20200102000000

describe.each(ENGINE_SERVERS)('how far migrations are, on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  /** Answers of an application, by tenant. */
  async function serve(
    options: object,
  ): Promise<{ get: (id: string) => Promise<Response>; close: () => void }> {
    const app = express()
    app.use(town.tenancy.middleware({ resolve: fromHeader('x-tenant'), trustResolution: true, ...options }))
    app.get('/', (_req, res) => void res.json(town.tenancy.current()))
    app.use(
      (error: { status?: number; code: string }, _req: unknown, res: express.Response, _next: unknown) => {
        res.status(error.status ?? 500).json({ code: error.code })
      },
    )
    const http = app.listen(0)
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    return {
      get: (id) => fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-tenant': id } }),
      close: () => void http.close(),
    }
  }

  test.each([false, true])('a handler finds the version of its tenant, with roles: %s', async (hasRoles) => {
    town = new EngineTown(server, `version ${hasRoles}`, { hasRoles })
    await town.tenancy.create('acme')
    await town.tenancy.create('empty', { migrate: false })
    const app = await serve({ schemaVersion: true })
    expect(await (await app.get('acme')).json()).toMatchObject({ id: 'acme', schemaVersion: NEWEST })
    expect(await (await app.get('empty')).json()).not.toHaveProperty('schemaVersion')
    app.close()
    const plain = await serve({})
    expect(await (await plain.get('acme')).json()).not.toHaveProperty('schemaVersion')
    plain.close()
  })

  test('a tenant is answered 503 while it is migrated, and the others are served', async () => {
    town = new EngineTown(server, 'busy')
    for (const id of ['acme', 'beta']) await town.tenancy.create(id)
    const app = await serve({ migrating: 503, retryAfterSeconds: 3 })
    const sleep = server.engine === 'postgres' ? 'select pg_sleep(2)' : 'select sleep(2)'
    town.folder.write('20200103000000_slow.sql', `-- Up Migration\n${sleep};\n`)
    const migration = town.tenancy.migrate('acme')
    // Not asked of this tenant before, so nothing is remembered.
    await new Promise((resolve) => setTimeout(resolve, 700))
    const busy = await app.get('acme')
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '3'])
    expect(await busy.json()).toEqual({ code: 'ROWHOUSE_TENANT_MIGRATING' })
    expect((await app.get('beta')).status).toBe(200)
    await migration
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect((await app.get('acme')).status).toBe(200)
    app.close()
  })
})
