import { SERVERS } from '../support/servers'
import { Town } from './support'

const START = {
  '20200101000000_start.sql':
    'create table widgets (name text); insert into widgets values (current_schema()); create table copies (name text);',
}

describe.each(SERVERS)('a run over many tenants on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  async function migrateBoth(title: string, sql: string): Promise<void> {
    town = await Town.open(server, title, START)
    for (const id of ['a', 'b']) await town.tenancy.create(id)
    town.folder.write('20200102000000_next.sql', sql)
    expect(await town.tenancy.migrateAll({ concurrency: 1 }).report()).toMatchObject({ ok: 2, failed: 0 })
  }

  test("carries no tenant's temporary table to the next", async () => {
    await migrateBoth(
      'temp',
      `create temp table if not exists old_names as select name from widgets;
       insert into copies select name from old_names`,
    )
    for (const schema of await town.schemas()) {
      const { rows } = await town.owner.query(`select name from ${schema}.copies`)
      expect(rows).toEqual([{ name: schema }])
    }
  })

  test.each([
    ['a read-only session', 'set session characteristics as transaction read only'],
    ['a timeout', "insert into copies select pg_sleep(0.05)::text; set statement_timeout to '20ms'"],
    ['a prepared statement', 'prepare one as select 1'],
  ])("carries no tenant's session to the next: %s", async (title, sql) => {
    await migrateBoth(title, sql)
  })
})
