import { format } from 'mysql2'
import type { SqlValue } from 'mysql2'
import type { Connection } from 'mysql2/promise'
import { MigrationSession } from '../../src/mysql/migration-session'
import { eventually } from '../lifecycle/support'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

const START = {
  '20200101000000_start.sql':
    'create table widgets (name text);\ninsert into widgets values (database());\ncreate table copies (name text);',
}

describe.each(MYSQL_SERVERS)('a run over many tenants on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  async function copiesAfter(title: string, sql: string): Promise<unknown[]> {
    town = await MysqlTown.open(server, title, START)
    for (const id of ['a', 'b']) await town.tenancy.create(id)
    for (const id of ['a', 'b']) {
      await town.owner.query(
        `create procedure ${town.schema(id)}.remember()
         begin set @seen = coalesce(@seen, database()); insert into copies values (@seen); end`,
      )
    }
    town.folder.write('20200102000000_next.sql', sql)
    const { results } = await town.tenancy.migrateAll({ concurrency: 1 }).report()
    expect(results.filter(({ status }) => status !== 'ok')).toEqual([])
    const copies: unknown[] = []
    for (const id of ['a', 'b']) copies.push(await town.rows(id, 'select name from copies'))
    return copies
  }

  test("carries no tenant's lock to the next", async () => {
    const copies = await copiesAfter(
      'lock',
      "insert into copies values (is_free_lock('mine'));\ndo get_lock('mine', 0);",
    )
    expect(copies).toEqual([[{ name: '1' }], [{ name: '1' }]])
  })

  test("carries no tenant's session to the next, where a routine has written to it", async () => {
    const copies = await copiesAfter('routine', 'call remember();')
    expect(copies).toEqual([[{ name: town.schema('a') }], [{ name: town.schema('b') }]])
  })

  test('writes values as the application would, where it has a way of its own', async () => {
    town = await MysqlTown.open(server, 'query format', START)
    town.folder.write(
      '20200103000000_own.js',
      "exports.up = (db) => db.query('create table own as select ? as one', ['as given'])",
    )
    const queryFormat = (sql: string, values: SqlValue[]): string =>
      format(sql, JSON.parse(JSON.stringify(values).replaceAll('as given', 'as written')) as SqlValue[])
    const options = { uri: server.ownerUrl, migrationUrl: undefined, queryFormat }
    const tenancy = town.sibling({}, options)
    await tenancy.create('a')
    await tenancy.close()
    expect(await town.rows('a', 'select one from own')).toEqual([{ one: 'as written' }])
  })

  test('leaves no connection behind where the server answers nothing, as to a password that has expired', async () => {
    town = await MysqlTown.open(server, 'expired', START)
    const user = `gone_${Date.now()}`
    await town.owner.query('create user ?@? identified by ? password expire', [user, '%', 'secret'])
    const url = new URL(server.ownerUrl)
    url.username = user
    url.password = 'secret'
    const open = (): Promise<MigrationSession> => MigrationSession.open({ uri: url.href })
    const connections = async (): Promise<number> => {
      const [rows] = await town.owner.query('select id from information_schema.processlist where user = ?', [
        user,
      ])
      return (rows as unknown[]).length
    }
    try {
      await expect(open()).rejects.toMatchObject({
        code: expect.stringMatching(/^ER_MUST_CHANGE_PASSWORD/) as string,
      })
      // The server needs a moment to notice.
      await eventually(async () => (await connections()) === 0 || undefined)
    } finally {
      await town.owner.query('drop user ?@?', [user, '%'])
    }
  })

  test('keeps what it writes on a server whose sessions commit nothing by themselves', async () => {
    town = await MysqlTown.open(server, 'autocommit', START)
    await town.tenancy.create('a')
    const prototype = Object.getPrototypeOf(town.owner) as Connection
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the connection that it is asked of
    const { query } = prototype
    // As `set global autocommit = 0` has it, which other tests on this server would notice.
    const spy = jest.spyOn(prototype, 'query').mockImplementation(async function (this: Connection, ...all) {
      const sql = all[0] as unknown
      if (typeof sql === 'string' && sql.startsWith('select version()'))
        await query.apply(this, ['set autocommit = 0'] as never)
      return await query.apply(this, all as never)
    })
    const tenancy = town.sibling({})
    try {
      await tenancy.suspend('a')
    } finally {
      await tenancy.close()
      spy.mockRestore()
    }
    expect(await town.rows('a', 'select state from _rowhouse')).toEqual([{ state: 'suspended' }])
  })
})
