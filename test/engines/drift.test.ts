import { join } from 'node:path'
import { runProgram } from '../../src/cli/program'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

describe.each(ENGINE_SERVERS)('drift of tenants on $name', (server) => {
  let town: EngineTown
  const isPostgres = server.engine === 'postgres'
  afterEach(() => town.close())

  async function open(title: string, ids: readonly string[], options: object = {}): Promise<void> {
    town = new EngineTown(server, `drift ${title}`, options)
    for (const id of ids) await town.tenancy.create(id)
  }

  const RICH = isPostgres
    ? `create type mood as enum ('sad', 'glad');
       create domain short as varchar(9) check (value <> '');
       create table a (id serial primary key, m mood default 'sad', s short, n int check (n > 0));
       create table b (id bigint generated always as identity, a_id int references a on delete cascade, primary key (id));
       create index b_a on b (a_id) where a_id > 1;
       create view both_of as select a.id, b.a_id from a join b on b.a_id = a.id;
       create function count_all() returns bigint language sql set search_path from current as $$ select count(*) from a $$;
       create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
       create trigger touched before insert on a for each row execute function touch();`
    : `create table a (id int auto_increment primary key, n int default 3 check (n > 0));
       create table b (id bigint primary key, a_id int, foreign key (a_id) references a (id) on delete cascade);
       create index b_a on b (a_id, id);
       create view both_of as select a.id, b.a_id from a join b on b.a_id = a.id;
       create function one() returns int deterministic return 1;
       create trigger touched before insert on a for each row set new.n = 1;`

  test('tenants of the same migrations are alike, whatever their names and numbers', async () => {
    await open('alike', ['a', 'b', 'with-dash'], { files: { '20200101000000_rich.sql': RICH } })
    const drift = await town.tenancy.drift()
    expect(drift.versions.flatMap(({ outliers }) => outliers)).toEqual([])
    expect(drift).toEqual({
      tenants: 3,
      versions: [{ version: 20200101000000, tenants: 3, alike: 3, example: 'a', outliers: [] }],
      problems: [],
    })
  })

  test('whoever is not built as the others is told with what lacks and what is extra', async () => {
    await open('outlier', ['a', 'b', 'c', 'd', 'e'])
    await town.tenancy.rollback('e')
    await town.asOwner('alter table widgets add column colour int', 'b')
    await town.asOwner('alter table widgets add column colour int', 'c')
    const { tenants, versions } = await town.tenancy.drift()
    expect(tenants).toBe(5)
    expect(versions).toMatchObject([
      { version: 20200102000000, tenants: 4, alike: 2, example: 'a', outliers: [{ tenants: ['b', 'c'] }] },
      { version: 20200101000000, tenants: 1, alike: 1, outliers: [] },
    ])
    const [group] = versions[0]!.outliers
    expect(group!.lacking).toEqual([])
    expect(group!.extra).toEqual([expect.stringMatching(/^column widgets\.colour int/)])
    town.folder.write(
      'rowhouse.config.json',
      JSON.stringify({
        ...{ engine: server.engine, prefix: town.prefix, migrations: town.folder.path },
        ...{ [isPostgres ? 'connectionString' : 'uri']: server.appUrl, migrationUrl: server.ownerUrl },
      }),
    )
    let out = ''
    const code = await runProgram(['--config', join(town.folder.path, 'rowhouse.config.json'), 'drift'], {
      ...{ out: (text) => (out += text), err: (text) => (out += text), ask: undefined },
    })
    expect([code, out]).toEqual([
      4,
      expect.stringMatching(
        /^at 20200102000000: 2 of 4 alike\n {2}b, c, unlike a:\n {4}\+ column widgets\.colour int.*\nat 20200101000000: 1 of 1 alike\n$/,
      ),
    ])
  })

  const index = isPostgres ? 'drop index widgets_name_index' : 'drop index by_name on widgets'
  test.each([
    [
      'a column that is null',
      isPostgres
        ? 'alter table widgets alter name drop not null'
        : 'alter table widgets modify name varchar(255) null',
    ],
    ['a default', "alter table widgets alter column name set default 'x'"],
    ['a table more', 'create table more (id int)'],
    ['a view more', 'create view more as select name from widgets'],
    ['a check', "alter table widgets add constraint c check (name <> 'x')"],
    ['an index less', index],
    [
      'a function',
      isPostgres
        ? 'create function f() returns int language sql as $$ select 1 $$'
        : 'create function f() returns int deterministic return 1',
    ],
  ])('it sees %s', async (_what, sql) => {
    await open('sees', ['a', 'b', 'c'])
    if (!isPostgres)
      for (const id of ['a', 'b', 'c']) await town.asOwner('create index by_name on widgets (name)', id)
    expect((await town.tenancy.drift()).versions).toMatchObject([{ alike: 3 }])
    await town.asOwner(sql, 'b')
    const { versions } = await town.tenancy.drift({ tenants: ['a', 'b', 'c'], concurrency: 1 })
    expect(versions).toMatchObject([{ alike: 2, outliers: [{ tenants: ['b'] }] }])
    const [{ lacking, extra }] = versions[0]!.outliers as unknown as [{ lacking: string[]; extra: string[] }]
    expect(lacking.length + extra.length).toBeGreaterThan(0)
    expect([...lacking, ...extra].join('\n')).not.toContain(town.prefix)
  })
})
