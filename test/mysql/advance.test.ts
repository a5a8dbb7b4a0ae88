import { booksOf, MysqlFleet } from './support/fleet'
import type { FleetWorker } from './support/fleet'

const FILES = {
  '20200101000000_a.sql': '-- Up Migration\ncreate table a (id int);\n-- Down Migration\ndrop table a;\n',
  '20200102000000_b.sql':
    '-- Up Migration\ncreate table b (id int);\ninsert into b values (1);\n-- Down Migration\ndrop table b;\n',
  '20200103000000_c.js': `exports.up = async (db) => { await db.query('create table c (id int)') }
    exports.down = async (db) => { await db.query('drop table c') }`,
}
const NAMES = ['20200101000000_a', '20200102000000_b', '20200103000000_c']
const BARE = ['_rowhouse', 'schema_migrations']

let fleet: MysqlFleet
let worker: FleetWorker
afterEach(() => fleet.close())

async function open(title: string, tenants: readonly string[], files = FILES): Promise<void> {
  fleet = await MysqlFleet.open(title, files, tenants)
  worker = await fleet.worker()
}

test('runs what was prepared once for each tenant, up and down, and leaves the books of a single run', async () => {
  await open('once', ['a', 'b', 'single'])
  const up = await worker.prepare(await fleet.steps())
  for (const id of ['a', 'b']) expect(await worker.advance(await fleet.tenant(worker, id), up)).toBe(true)
  await fleet.town.tenancy.migrate('single')
  const books =
    'select name, number, version, checksum, state, direction, error, run_order from schema_migrations order by name'
  const expected = await fleet.town.rows('single', books)
  expect(expected).toHaveLength(3)
  for (const id of ['a', 'b']) {
    expect(await fleet.town.rows(id, books)).toEqual(expected)
    expect(await fleet.town.tables(id)).toEqual(['_rowhouse', 'a', 'b', 'c', 'schema_migrations'])
    expect(await fleet.town.rows(id, 'select id from b')).toEqual([{ id: 1 }])
  }
  const down = await worker.prepare(await fleet.steps('down'))
  expect(await worker.advance(await fleet.tenant(worker, 'a'), down)).toBe(true)
  expect(await fleet.town.tables('a')).toEqual(BARE)
  expect(booksOf(await fleet.survey(worker, 'a')).applied).toEqual([])
  expect(booksOf(await fleet.survey(worker, 'b')).applied).toEqual(NAMES)
})

test('a migration has the settings of the server for its plans, and not those of the survey before it', async () => {
  const names = ['use_stat_tables', 'optimizer_use_condition_selectivity', 'join_cache_level', 'sql_mode']
  const settings = `variables where variable_name in (${names.map((name) => `'${name}'`).join()})`
  await open('settings', ['a'], {
    ...FILES,
    '20200104000000_d.js': `exports.up = async (db) => {
      const [rows] = await db.query(${JSON.stringify(`show session ${settings}`)})
      await db.query('create table seen (name varchar(64), value varchar(400))')
      for (const { Variable_name, Value } of rows) await db.query('insert into seen values (?, ?)', [Variable_name, Value])
    }
    exports.down = async () => {}`,
  } as typeof FILES)
  const prepared = await worker.prepare(await fleet.steps())
  await worker.survey([fleet.schema('a')], new Map())
  expect(await worker.advance(await fleet.tenant(worker, 'a'), prepared)).toBe(true)
  const seen = await fleet.town.rows(
    'a',
    'select name as Variable_name, value as Value from seen order by name',
  )
  expect(seen).toEqual(await fleet.town.rows('a', `show global ${settings}`))
})

test.each([
  [
    'a migration more',
    "insert into schema_migrations (name, version, checksum, state, direction) values ('x', 1, '', 'applied', 'up')",
  ],
  ['no journal any more', 'drop table schema_migrations'],
  ['suspended', "update _rowhouse set state = 'suspended'"],
  ["another tenancy's", "update _rowhouse set tenancy = 'other'"],
  ['no mark', 'drop table _rowhouse'],
  ['dropped', 'drop database if exists SCHEMA'],
])('books or a mark that are others by now: false, and nothing is done: %s', async (title, sql) => {
  await open(title, ['a'])
  const prepared = await worker.prepare(await fleet.steps())
  const surveyed = await fleet.tenant(worker, 'a')
  await fleet.town.rows('a', sql.replace('SCHEMA', `\`${fleet.schema('a')}\``))
  const before = await fleet.town.tables('a')
  expect(await worker.advance(surveyed, prepared)).toBe(false)
  expect(await fleet.town.tables('a')).toEqual(before)
})

test('a tenant without a journal, and some with an old one, get theirs', async () => {
  const ids = ['none', 'old', 'older', 'new']
  await open('mended', ids)
  await fleet.town.rows('none', 'drop table schema_migrations')
  await fleet.town.rows('old', 'alter table schema_migrations drop column digest')
  await fleet.town.rows('older', 'alter table schema_migrations drop column digest, drop column last_id')
  const prepared = await worker.prepare(await fleet.steps())
  const states = new Set<string>()
  for (const id of ids) {
    expect(await worker.advance(await fleet.tenant(worker, id), prepared)).toBe(true)
    expect((await fleet.town.tenancy.status(id)).pending).toEqual([])
    states.add(booksOf(await fleet.survey(worker, id)).state)
  }
  expect(states.size).toBe(1)
})

test('two workers on one tenant: one runs it, the other finds other books', async () => {
  await open('two', ['a'])
  const other = await fleet.worker()
  const surveyed = await fleet.tenant(worker, 'a')
  const steps = await fleet.steps()
  const prepared = await worker.prepare(steps)
  const done = await Promise.all([worker, other].map((one) => one.advance(surveyed, prepared)))
  expect(done.sort()).toEqual([false, true])
  expect(await fleet.town.rows('a', 'select id from b')).toEqual([{ id: 1 }])
})

test('goes on with an unfinished migration, and not with one that has gone on meanwhile', async () => {
  await open('goes on', ['a', 'b'], {
    ...FILES,
    '20200104000000_d.sql':
      'create table d (id int);\ninsert into d values (1);\ninsert into nowhere values (1);',
  } as typeof FILES)
  const prepared = await worker.prepare(await fleet.steps())
  for (const id of ['a', 'b'])
    await expect(worker.advance(await fleet.tenant(worker, id), prepared)).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      tenant: id,
      migration: '20200104000000_d',
      statement: 3,
      versions: [20200101000000, 20200102000000, 20200103000000],
    })
  const surveyed = await fleet.tenant(worker, 'a')
  expect(surveyed.books).toMatchObject({ applied: NAMES, unfinished: { statement: 3 } })
  const again = await worker.prepare((await fleet.steps()).slice(3))
  for (const id of ['a', 'b']) await fleet.town.rows(id, 'create table nowhere (id int)')
  expect(await worker.advance(surveyed, again)).toBe(true)
  expect(await worker.advance(surveyed, again)).toBe(false)
  expect(await worker.advance(await fleet.tenant(worker, 'b'), again)).toBe(true)
  for (const id of ['a', 'b']) {
    expect(await fleet.town.rows(id, 'select id from d')).toEqual([{ id: 1 }])
    expect(await fleet.town.rows(id, 'select id from nowhere')).toEqual([{ id: 1 }])
  }
})

test('statements of an applied migration that a run left when it was cut off are not taken for those of its way down', async () => {
  await open('left', ['a'])
  await worker.advance(await fleet.tenant(worker, 'a'), await worker.prepare(await fleet.steps()))
  await fleet.town.rows(
    'a',
    `insert into schema_migrations (name, number, version, checksum, state, direction, kind)
     values ('20200102000000_b', 1, 1, sha2('drop table b', 256), 'applied', '', 'ddl')`,
  )
  await worker.advance(await fleet.tenant(worker, 'a'), await worker.prepare(await fleet.steps('down')))
  expect(await fleet.town.tables('a')).toEqual(BARE)
  expect(await fleet.town.rows('a', 'select * from schema_migrations')).toEqual([])
})

test('a file that holds nothing hands nothing of the file before it to the next', async () => {
  await open('empty', ['a'], {
    '20200101000000_a.sql':
      'create table a (id int auto_increment primary key);\ninsert into a values (null), (null);',
    '20200102000000_b.sql': '-- Nothing any more.\n',
    '20200103000000_c.sql': 'create table c (id bigint);\ninsert into c select last_insert_id();',
  } as never)
  await worker.advance(await fleet.tenant(worker, 'a'), await worker.prepare(await fleet.steps()))
  expect(await fleet.town.rows('a', 'select id from c')).toEqual([{ id: 0 }])
  expect(booksOf(await fleet.survey(worker, 'a')).applied).toEqual(NAMES)
})

describe('what depends on the tenant', () => {
  test("another tenant's database is refused for all but its own, before anything runs", async () => {
    await open('neighbour', ['a', 'b'])
    fleet.town.folder.write('20200104000000_d.sql', `create view d as select * from ${fleet.schema('b')}.b;`)
    const prepared = await worker.prepare(await fleet.steps())
    await expect(worker.advance(await fleet.tenant(worker, 'a'), prepared)).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      tenant: 'a',
      message: expect.stringContaining(`names "${fleet.schema('b')}", the database of another tenant`),
    })
    expect(await fleet.town.tables('a')).toEqual(BARE)
    expect(await worker.advance(await fleet.tenant(worker, 'b'), prepared)).toBe(true)
  })

  test('a write in a database is refused for all but its own', async () => {
    await open('write', ['a', 'b'])
    fleet.town.folder.write('20200104000000_d.sql', `insert into ${fleet.schema('b')}.b values (7);`)
    const prepared = await worker.prepare(await fleet.steps())
    await expect(worker.advance(await fleet.tenant(worker, 'a'), prepared)).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      tenant: 'a',
    })
    expect(await worker.advance(await fleet.tenant(worker, 'b'), prepared)).toBe(true)
    expect(await fleet.town.rows('b', 'select id from b order by id')).toEqual([{ id: 1 }, { id: 7 }])
  })

  test.each(['use other', 'create database other', 'commit', 'grant all on *.* to x', 'set @a = 1'])(
    'what no tenant may run is refused when it is prepared: %s',
    async (sql) => {
      await open('never', [])
      fleet.town.folder.write('20200104000000_d.sql', `select 1;\n${sql};`)
      await expect(fleet.steps().then((steps) => worker.prepare(steps))).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_REFUSED',
        migration: '20200104000000_d',
        message: expect.stringContaining('line 2'),
      })
    },
  )
})

describe('limits', () => {
  const ALTER = { '20200104000000_d.sql': 'create table d (id int);\nalter table busy add column more int;' }

  /** A reader's open transaction keeps the table from being changed. */
  async function openReader(id: string): Promise<() => Promise<void>> {
    const { owner } = fleet.town
    await fleet.town.rows(id, 'create table if not exists busy (id int)')
    await owner.query('start transaction')
    await owner.query('select * from ??.busy', [fleet.schema(id)])
    return async () => void (await owner.query('rollback'))
  }

  test('a table that a reader holds is waited for no longer than lockTimeoutMs, and a second try goes on', async () => {
    await open('reader', ['a'], ALTER as never)
    const impatient = await fleet.worker({ lockTimeoutMs: 300 })
    const prepared = await impatient.prepare(await fleet.steps())
    const surveyed = await fleet.tenant(impatient, 'a')
    const end = await openReader('a')
    const started = Date.now()
    await expect(impatient.advance(surveyed, prepared)).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_LOCKED',
      tenant: 'a',
      migration: '20200104000000_d',
      versions: [],
    })
    expect(Date.now() - started).toBeLessThan(5000)
    await end()
    const again = await fleet.tenant(impatient, 'a')
    expect(again.books.unfinished).toMatchObject({ statement: 2 })
    expect(await impatient.advance(again, prepared)).toBe(true)
    expect(await fleet.town.rows('a', "show columns from busy like 'more'")).toHaveLength(1)
  })

  test('rows that a writer holds are waited for no longer', async () => {
    await open('writer', ['a'], { '20200104000000_d.sql': 'update busy set id = 2;' } as never)
    await fleet.town.rows('a', 'create table busy (id int); insert into busy values (1)')
    const impatient = await fleet.worker({ lockTimeoutMs: 300 })
    const prepared = await impatient.prepare(await fleet.steps())
    await fleet.town.owner.query('start transaction')
    await fleet.town.rows('a', 'update busy set id = 1')
    await fleet.town.owner.query('select * from ??.busy for update', [fleet.schema('a')])
    await expect(impatient.advance(await fleet.tenant(impatient, 'a'), prepared)).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_LOCKED',
    })
    await fleet.town.owner.query('rollback')
    expect(await impatient.advance(await fleet.tenant(impatient, 'a'), prepared)).toBe(true)
    expect(await fleet.town.rows('a', 'select id from busy')).toEqual([{ id: 2 }])
  })

  test('a lock that another process holds', async () => {
    await open('held', ['a'])
    const impatient = await fleet.worker({ lockTimeoutMs: 100 })
    const surveyed = await fleet.tenant(worker, 'a')
    const prepared = await worker.prepare(await fleet.steps())
    await worker.withLock(fleet.schema('a'), 'a' as never, async () => {
      await expect(impatient.advance(surveyed, prepared)).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_LOCKED',
      })
    })
    expect(await fleet.town.tables('a')).toEqual(BARE)
  })

  test('a statement that takes longer than statementTimeoutMs is ended, and a second try goes on with it', async () => {
    const slow = 'alter table busy add column more int not null default 7, algorithm = copy'
    await open('slow', ['a'], { '20200104000000_d.sql': `create table d (id int);\n${slow};` } as never)
    await fleet.town.rows(
      'a',
      "create table busy (id int, text varchar(200)); insert into busy select seq, repeat('x', 200) from seq_1_to_300000",
    )
    const hasty = await fleet.worker({ statementTimeoutMs: 100 })
    const prepared = await hasty.prepare(await fleet.steps())
    await expect(hasty.advance(await fleet.tenant(hasty, 'a'), prepared)).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      statement: 2,
      cause: expect.objectContaining({ errno: 1969 }),
    })
    const again = await fleet.tenant(worker, 'a')
    expect(again.books.unfinished).toMatchObject({ statement: 2 })
    expect(await worker.advance(again, prepared)).toBe(true)
    expect(await fleet.town.rows('a', 'select count(*) as n from busy where more = 7')).toEqual([
      { n: 300_000 },
    ])
  })
})
