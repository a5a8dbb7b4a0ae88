import { describeLibrary } from './support/describe-library'
import { mikroOrmOnPostgres, openMikroOrm, Widget } from './support/libraries/mikro-orm'

describeLibrary(mikroOrmOnPostgres, (town) => {
  test('the global entity manager leaks by its identity map, and is refused unless it is allowed', async () => {
    const { tenancy } = town()
    const orm = await openMikroOrm(tenancy.pool)
    await expect(tenancy.run('acme', async () => orm.em.findOne(Widget, { id: 1 }))).rejects.toThrow(/global/)

    const unsafe = await openMikroOrm(tenancy.pool, { allowGlobalContext: true })
    const first = () => unsafe.em.findOne(Widget, { id: 1 })
    expect(await tenancy.run('acme', first)).toMatchObject({ name: 'acme seed' })
    expect(await tenancy.run('globex', first)).toMatchObject({ name: 'acme seed' })
  })

  test('a result cache leaks, since its key is the query, unless the key names the tenant', async () => {
    const { tenancy } = town()
    const orm = await openMikroOrm(tenancy.pool)
    const first = (cache: number | [string, number]) => () => orm.em.fork().find(Widget, { id: 1 }, { cache })
    expect(await tenancy.run('acme', first(60_000))).toMatchObject([{ name: 'acme seed' }])
    expect(await tenancy.run('globex', first(60_000))).toMatchObject([{ name: 'acme seed' }])
    for (const id of ['acme', 'globex'])
      expect(await tenancy.run(id, first([`${id} widgets`, 60_000]))).toMatchObject([{ name: `${id} seed` }])
  })

  test('entities are written where they were asked for', async () => {
    const { tenancy, kept } = { tenancy: town().tenancy, kept: (id: string) => town().kept(id) }
    const orm = await openMikroOrm(tenancy.pool)
    await Promise.all(
      ['acme', 'globex'].map((id) =>
        tenancy.run(id, async () => {
          const em = orm.em.fork()
          const widget = await em.findOneOrFail(Widget, { id: 1 })
          em.create(Widget, { name: `${id} new` } as Widget)
          widget.name = `${id} changed`
          await em.flush()
        }),
      ),
    )
    expect([await kept('acme'), await kept('globex')]).toEqual([
      ['acme changed', 'acme new'],
      ['globex changed', 'globex new'],
    ])
  })
})
