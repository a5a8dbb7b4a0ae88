import { createConnection } from 'mysql2/promise'
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
  test.each(['select * from widgets', "insert into widgets (name) values ('late')"])(
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

  test('an error of a tenant that is there stays what it is, and its connection goes on', async () => {
    const town = await MysqlTown.open(server, 'error')
    const tenancy = town.sibling({}, { connectionLimit: 1 })
    const owner = await createConnection(server.ownerUrl)
    const rename = (from: string, to: string) => {
      const schema = owner.escapeId(tenancy.schemaName('acme'))
      return owner.query(`rename table ${schema}.${from} to ${schema}.${to}`)
    }
    try {
      await tenancy.create('acme')
      await tenancy.run('acme', async () => {
        const { pool } = tenancy
        await pool.execute('select * from widgets')
        const [before] = await pool.query('select connection_id() as id')
        await rename('widgets', 'gadgets')
        await expect(pool.execute('select * from widgets')).rejects.toMatchObject({
          code: 'ER_NO_SUCH_TABLE',
        })
        await rename('gadgets', 'widgets')
        const connection = await pool.getConnection()
        await connection.beginTransaction()
        await connection.execute("insert into widgets (name) values ('kept')")
        await expect(connection.execute('select * from widgets where nope = 1')).rejects.toMatchObject({
          code: 'ER_BAD_FIELD_ERROR',
        })
        await connection.commit()
        connection.release()
        expect((await pool.execute('select name from widgets'))[0]).toEqual([{ name: 'kept' }])
        expect((await pool.query('select connection_id() as id'))[0]).toEqual(before)
      })
    } finally {
      await owner.end()
      await tenancy.close()
      await town.close()
    }
  })
})
