import { findInstalled } from '../../scripts/embedded-mysql/installed'
import { startMysql } from '../../scripts/embedded-mysql/start'
import type { StartedMysqlServer } from '../../scripts/embedded-mysql/start'
import { prepareUnpacked } from '../../scripts/embedded-mysql/unpacked'
import { mysql } from '../../src/mysql/mysql'
import { createTenancy } from '../../src/tenancy'
import { MigrationFolder } from '../support/migrations'

/* A server that does not tell Acme from acme, as on Windows, macOS and some hosted ones. */
let server: StartedMysqlServer
beforeAll(async () => {
  server = await startMysql(findInstalled() ?? prepareUnpacked(), {
    settings: ['--lower-case-table-names=1'],
  })
}, 60_000)
afterAll(() => server.stop())

test('where names are folded, two ids never get one database', async () => {
  const folder = new MigrationFolder({
    '20200101000000_a.sql':
      'create table Mixed (id int);\nalter table mixed add n int;\n-- Down Migration\ndrop table MIXED;',
  })
  const tenancy = createTenancy({
    engine: mysql({ uri: server.appUrl, migrationUrl: server.ownerUrl }),
    migrations: folder.path,
    validate: /^\w+$/,
  })
  try {
    expect(await tenancy.create('acme')).toMatchObject({ created: true, versions: [20200101000000] })
    for (const call of [
      () => tenancy.create('Acme'),
      () => tenancy.drop('ACME'),
      () => tenancy.migrate('aCme'),
    ])
      await expect(call()).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_ID_INVALID',
        message: expect.stringContaining('lower_case_table_names'),
      })
    expect(await tenancy.exists('Acme')).toBe(false)
    expect((await tenancy.list()).map(({ prefix }) => prefix)).toEqual(['tenant_acme'])
    expect((await tenancy.rollback('acme')).versions).toEqual([20200101000000])
    await tenancy.drop('acme')
    expect(await tenancy.list()).toEqual([])
  } finally {
    await tenancy.close()
    folder.remove()
  }
})
