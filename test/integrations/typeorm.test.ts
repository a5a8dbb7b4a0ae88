import * as pg from 'pg'
import { DataSource } from 'typeorm'
import { describeLibrary } from './support/describe-library'
import { typeormOnMysql, typeormOnPostgres, Widget } from './support/libraries/typeorm'
import { MemoryCache } from './support/typeorm-cache'

describeLibrary(typeormOnMysql)
describeLibrary(typeormOnPostgres, (town) => {
  const source = (cache?: MemoryCache) =>
    new DataSource({
      type: 'postgres',
      driver: { ...pg, Pool: function () { return town().tenancy.pool } }, // prettier-ignore
      entities: [Widget],
      ...(cache === undefined ? {} : { cache: { provider: () => cache } }),
    })

  test('initialize() without saying withoutTenant is refused', async () => {
    await expect(source().initialize()).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
  })

  test('a query cache leaks, since its key is the SQL, unless the id names the tenant', async () => {
    const { tenancy } = town()
    const cached = source(new MemoryCache())
    await tenancy.withoutTenant(() => cached.initialize())
    const widget = (cache: number | { id: string; milliseconds: number }) =>
      cached.manager.findOne(Widget, { where: { id: 1 }, cache })
    const byText = 60_000
    const byTenant = () => ({ id: `${tenancy.require().id} widget 1`, milliseconds: 60_000 })

    expect(await tenancy.run('acme', () => widget(byText))).toMatchObject({ name: 'acme seed' })
    expect(await tenancy.run('globex', () => widget(byText))).toMatchObject({ name: 'acme seed' })
    expect(await tenancy.run('acme', () => widget(byTenant()))).toMatchObject({ name: 'acme seed' })
    expect(await tenancy.run('globex', () => widget(byTenant()))).toMatchObject({ name: 'globex seed' })
  })
})
