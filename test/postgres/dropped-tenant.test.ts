import { postgres } from '../../src/postgres/postgres'
import { createTenancy } from '../../src/tenancy'
import { MigrationFolder, WIDGETS } from '../support/migrations'
import { dropPrefix, SERVERS, uniquePrefix } from '../support/servers'

const NAMED = { name: 'widgets', text: 'select name from widgets' }

describe.each(SERVERS)('a tenant that another process has dropped, on $name', (server) => {
  test('costs no other tenant its named statement', async () => {
    const [prefix, folder] = [uniquePrefix('named'), new MigrationFolder(WIDGETS)]
    const open = () =>
      createTenancy({
        engine: postgres({ connectionString: server.appUrl, migrationUrl: server.ownerUrl, max: 1 }),
        migrations: folder.path,
        prefix,
      })
    const [here, elsewhere] = [open(), open()]
    const read = (tenant: string) => here.run(tenant, () => here.pool.query(NAMED))
    try {
      for (const tenant of ['stays', 'goes']) await elsewhere.create(tenant)
      await read('goes')
      await read('stays')
      await elsewhere.drop('goes')
      await expect(read('goes')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
      await expect(read('stays')).resolves.toMatchObject({ rows: [] })
    } finally {
      await Promise.all([here.close(), elsewhere.close()])
      folder.remove()
      await dropPrefix(server, prefix)
    }
  })
})
