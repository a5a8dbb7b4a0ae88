import { SERVERS } from '../support/servers'
import { Town } from './support'

const FILES = {
  '20200101000000_all.sql': `
    create type color as enum ('red'); create function double(int) returns int language sql as 'select $1 * 2';
    create table widgets (id serial primary key, name text, c color default 'red', twice int default double(2));
    create view widget_names as select name from widgets;
    create function audit() returns trigger language plpgsql as 'begin return new; end';
    create trigger audit before insert on widgets for each row execute function audit();`,
}

/** Things of others that stand on tenant "a". */
const OUTSIDE: readonly (readonly [string, (a: string, b: string) => string, RegExp])[] = [
  [
    'a view over two tenants',
    (a, b) =>
      `create view ${b}.all_widgets as select id from ${a}.widgets union all select id from ${b}.widgets`,
    /view \S+b\.all_widgets/,
  ],
  [
    'a column of a type of the tenant',
    (a, b) => `alter table ${b}.widgets add column theirs ${a}.color default 'red'`,
    /column \S+b\.widgets\.theirs/,
  ],
  [
    'a foreign key',
    (a, b) => `create table ${b}.orders (widget int references ${a}.widgets)`,
    /orders_widget_fkey on \S+b\.orders/,
  ],
  [
    'a function',
    (a, b) => `create function ${b}.first(${a}.widgets) returns int language sql as 'select 1'`,
    /function \S+b\.first/,
  ],
  [
    'a default',
    (a, b) => `alter table ${b}.widgets add column d int default ${a}.double(1)`,
    /\S+b\.widgets\.d/,
  ],
  [
    'a trigger',
    (a, b) =>
      `create trigger theirs before insert on ${b}.widgets for each row execute function ${a}.audit()`,
    /theirs on \S+b\.widgets/,
  ],
  [
    'a table that inherits',
    (a, b) => `create table ${b}.child () inherits (${a}.widgets)`,
    /table \S+b\.child/,
  ],
]

describe.each(SERVERS)('drop on $name', (server) => {
  let town: Town
  afterEach(() => town.close())

  async function twoTenants(title: string, options = {}): Promise<readonly [string, string]> {
    town = await Town.open(server, title, FILES, options)
    await town.tenancy.create('a')
    await town.tenancy.create('b')
    await town.owner.query(`insert into ${town.prefix}b.widgets (name) values ('theirs')`)
    return [`${town.prefix}a`, `${town.prefix}b`]
  }

  test.each(OUTSIDE)('refuses while something outside stands on the tenant: %s', async (what, sql, named) => {
    const [a, b] = await twoTenants(what)
    await town.owner.query(sql(a, b))
    await expect(town.tenancy.drop('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_IN_USE',
      tenant: 'a',
      message: expect.stringMatching(named),
    })
    expect(await town.relations(a)).toContain('widgets')
    await town.tenancy.drop('a', { cascade: true })
    expect(await town.schemas()).toEqual([b])
    expect((await town.owner.query(`select name from ${b}.widgets`)).rows).toEqual([{ name: 'theirs' }])
  })

  test('what stands on itself is no hindrance', async () => {
    const [, b] = await twoTenants('itself')
    await town.tenancy.drop('a')
    // A name that must be quoted.
    await town.tenancy.create('a-1')
    await town.tenancy.drop('a-1')
    expect(await town.schemas()).toEqual([b])
  })

  test('refuses a schema that an extension lives in', async () => {
    const [a] = await twoTenants('extension')
    await town.owner.query(`create extension tcn schema ${a}`)
    await expect(town.tenancy.drop('a')).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_IN_USE',
      message: expect.stringContaining('extension tcn'),
    })
    await town.owner.query('drop extension tcn')
    await town.tenancy.drop('a')
  })

  test('a lock that somebody keeps is waited for no longer than lockTimeoutMs', async () => {
    const [a] = await twoTenants('idle', { lockTimeoutMs: 200 })
    town.folder.write('20200102000000_more.sql', 'alter table widgets add column more int')
    await town.owner.query(`begin; select from ${a}.widgets`)
    for (const call of [() => town.tenancy.drop('a'), () => town.tenancy.migrate('a')]) {
      await expect(call()).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_LOCKED',
        tenant: 'a',
        message: expect.stringContaining('lockTimeoutMs'),
      })
    }
    await town.owner.query('rollback')
    expect((await town.tenancy.migrate('a')).versions).toEqual([20200102000000])
    await town.tenancy.drop('a')
  })
})
