import { Town } from '../lifecycle/support'
import { SERVERS } from '../support/servers'

describe.each(SERVERS)('how tenants of $name are built, whatever they and their owner are like', (server) => {
  let town: Town
  afterEach(() => town.close())

  test.each(['', '-c standard_conforming_strings=off'])(
    'names are taken out, with settings "%s"',
    async (settings) => {
      town = await Town.open(server, 'names')
      const url = new URL(town.migrationUrl)
      if (settings !== '') url.searchParams.set('options', settings)
      const tenancy = town.sibling({ validate: /^[^]+$/ }, { migrationUrl: url.href })
      try {
        for (const id of ['acme', 'beta', "o'x", 'b\\c', 'a"b', "'\\'"]) await tenancy.create(id)
        const { versions } = await tenancy.drift()
        expect(versions).toMatchObject([{ tenants: 6, alike: 6, outliers: [] }])
        await town.owner.query(`alter table "${town.prefix}o'x".widgets add column more int`)
        const outliers = (await tenancy.drift()).versions.flatMap((version) => version.outliers)
        expect(outliers).toEqual([{ tenants: ["o'x"], lacking: [], extra: ['column widgets.more integer'] }])
      } finally {
        await tenancy.close()
      }
    },
  )
})
