import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

/** What an execution ends with once another process has dropped the tenant, on the connection that prepared it. */
async function lateExecution(town: MysqlTown, text: string): Promise<string | undefined> {
  const [elsewhere, here] = [town.sibling({}), town.sibling({}, { connectionLimit: 1 })]
  const execute = () => here.run('acme', () => here.pool.execute(text))
  try {
    await elsewhere.create('acme')
    await execute()
    await elsewhere.drop('acme')
    return await execute().then(
      () => 'no failure',
      (error: { code?: string }) => error.code,
    )
  } finally {
    await Promise.all([elsewhere.close(), here.close()])
  }
}

describe.each(MYSQL_SERVERS)('a tenant that another process has dropped, on $name', (server) => {
  test.failing.each(['select * from widgets', "insert into widgets (name) values ('late')"])(
    'is not found by a statement that is prepared already: %s',
    async (text) => {
      const town = await MysqlTown.open(server, text)
      try {
        expect(await lateExecution(town, text)).toBe('ROWHOUSE_TENANT_NOT_FOUND')
      } finally {
        await town.close()
      }
    },
  )
})
