import { makeCanary, numbered } from '../../src/testing/canary'
import { findLeaks } from '../../src/testing/find-leaks'
import { scanTables } from '../../src/testing/scan'
import type { AnyPool } from '../../src/testing/scan'
import { ENGINE_SERVERS } from '../support/engines'
import { correctApp } from './support/apps'
import { foundTown } from './support/town'
import type { Town } from './support/town'

const servers = ENGINE_SERVERS.filter(({ name }) => name !== 'PostgreSQL 15')

describe.each(servers)('tables on $name', (server) => {
  let town: Town
  const [own, other, third] = [makeCanary(), makeCanary(), makeCanary()]

  beforeEach(async () => {
    town = await foundTown(server, expect.getState().currentTestName!)
  })

  afterEach(() => town.end())

  const scan = (tenant: string) =>
    town.tenancy.run(tenant, () => scanTables(town.tenancy.pool as AnyPool, { own, others: [other, third] }))

  test('are searched in every column that can hold a text, whatever its type', async () => {
    const words = town.engine === 'postgres' ? [`x ${other}`] : `x ${other}`
    await town.tenancy.run('a', async () => {
      // A row for each: what is in one column must not show another one.
      await town.sql('insert into widgets (name) values (?)', numbered(other, 7))
      await town.sql(
        'insert into widgets (extra) values (?)',
        JSON.stringify({ deep: [{ text: `${third}!` }] }),
      )
      await town.sql('insert into widgets (raw) values (?)', Buffer.from(`\0${other}`))
      await town.sql('insert into widgets (words) values (?)', words)
      await town.sql('insert into logs (line) values (?)', other.toUpperCase())
      await town.sql('insert into logs (line) values (?)', `${own} ${makeCanary()}`)
    })
    const { strange, hasOwn } = await scan('a')
    expect(hasOwn).toBe(true)
    const at = (table: string, column: string, canary: string, request?: number) => ({
      table,
      column,
      canary,
      request,
    })
    expect([...strange].sort((one, next) => one.column.localeCompare(next.column))).toEqual([
      at('widgets', 'extra', third),
      at('logs', 'line', other),
      at('widgets', 'name', other, 7),
      at('widgets', 'raw', other),
      at('widgets', 'words', other),
    ])
    expect(await scan('b')).toEqual({ strange: [], hasOwn: false })
  })

  test('are searched whole, also where a column has the name that the search gives a row', async () => {
    await server.asOwner('create table odd (one int, name varchar(100))', town.tenancy.schemaName('a'))
    if (town.engine === 'postgres')
      await server.asOwner('grant select, insert on odd to public', town.tenancy.schemaName('a'))
    await town.tenancy.run('a', () => town.sql('insert into odd values (1, ?)', other))
    expect((await scan('a')).strange).toMatchObject([{ table: 'odd', column: 'name', canary: other }])
  })

  test('and a route may be a function of the tenant, for three tenants', async () => {
    await town.tenancy.create('c')
    const seen: unknown[] = []
    const { leaks, routes } = await findLeaks({
      tenancy: town.tenancy,
      ...{ app: correctApp(town), tenants: ['a', 'b', 'c'], rounds: 5 },
      request: async ({ id }) => ({ headers: { 'x-tenant': id } }),
      seed: ({ canary }) => town.sql('insert into widgets (name) values (?)', canary),
      routes: [
        async ({ id, canary }) => {
          seen.push([id, await town.sql('select name from widgets').then(([row]) => row.name === canary)])
          return { path: `/widgets?of=${id}`, name: 'list' }
        },
      ],
    })
    expect(leaks).toEqual([])
    const shown = { showsCanary: true, compared: true, differs: true }
    expect(routes).toEqual([{ route: 'list', requests: 3 * (2 + 2 * 5), ...shown }])
    expect(seen).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
    ])
  })
})
