import express from 'express'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromHeader, fromPath } from '../../src/index'
import { ENGINE_SERVERS } from '../support/engines'
import { uniquePrefix } from '../support/servers'
import { EngineTown } from './support/engine-town'

const oneOf = (name: string) => ENGINE_SERVERS.find(({ engine }) => engine === name)!

// The second way is what one writes first: nobody names a tenancy who has one in each database.
describe.each([
  ['with names', { name: 'shops' }, { name: 'archives' }],
  ['without names, and with one prefix', {}, {}],
])('a tenancy on PostgreSQL and one on MySQL, %s, in one process', (title, shopOptions, archiveOptions) => {
  const prefix = uniquePrefix(title)
  const shops = new EngineTown(oneOf('postgres'), title, { prefix, ...shopOptions })
  const archives = new EngineTown(oneOf('mysql'), title, { prefix, ...archiveOptions })

  beforeAll(async () => {
    for (const town of [shops, archives])
      for (const id of ['acme', 'globex']) {
        await town.tenancy.create(id)
        await town.tenancy.run(id, () => town.insert(`${town === shops ? 'shop' : 'archive'} of ${id}`))
      }
  })
  afterAll(() => Promise.all([shops.close(), archives.close()]))

  test('each pool has the tenant of its own tenancy, and none of the other', async () => {
    const seen = await shops.tenancy.run('acme', async () => {
      await expect((async () => archives.names())()).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_REQUIRED',
      })
      const both = await archives.tenancy.run('globex', () => Promise.all([shops.names(), archives.names()]))
      return [both, await shops.names(), archives.tenancy.current()]
    })
    expect(seen).toEqual([[['shop of acme'], ['archive of globex']], ['shop of acme'], undefined])
  })

  test('withoutTenant of one is not withoutTenant of the other', async () => {
    const seen = await shops.tenancy.run('acme', () =>
      archives.tenancy.withoutTenant(async () => [await shops.names(), archives.tenancy.current()]),
    )
    expect(seen).toEqual([['shop of acme'], undefined])
  })

  test('a request has a tenant of each, also where it comes back by resumeTenant', async () => {
    const app = express()
    app.use('/:shop', shops.tenancy.middleware({ resolve: fromPath('shop'), trustResolution: true }))
    app.use(archives.tenancy.middleware({ resolve: fromHeader('archive'), trustResolution: true }))
    // A parser that goes on from outside of the request, where its context is lost.
    const waiting: (() => void)[] = []
    const parser = setInterval(() => waiting.splice(0).forEach((next) => next()), 5)
    app.use((_req, _res, next) => void waiting.push(next))
    app.use(shops.tenancy.resumeTenant(), archives.tenancy.resumeTenant())
    app.get('/:shop', async (_req, res) => {
      res.json(await Promise.all([shops.names(), archives.names()]))
    })
    const http = createServer(app).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => http.once('listening', resolve))
      const { port } = http.address() as AddressInfo
      const turns = Array.from({ length: 20 }, (_, n) => (n % 2 ? ['acme', 'globex'] : ['globex', 'acme']))
      const answers = await Promise.all(
        turns.map(async ([shop, archive]) =>
          (await fetch(`http://127.0.0.1:${port}/${shop}`, { headers: { archive: archive! } })).json(),
        ),
      )
      expect(answers).toEqual(
        turns.map(([shop, archive]) => [[`shop of ${shop}`], [`archive of ${archive}`]]),
      )
    } finally {
      clearInterval(parser)
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    }
  })
})
