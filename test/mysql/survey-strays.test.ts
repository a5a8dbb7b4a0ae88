import { MigrationSession } from '../../src/mysql/migration-session'
import type { SchemaName } from '../../src/tenant/schema-name'
import { booksOf, MysqlFleet } from './support/fleet'
import type { FleetWorker } from './support/fleet'

const FILES = { '20200101000000_a.sql': '-- Up Migration\ncreate table a (id int);\n' }

let fleet: MysqlFleet
let worker: FleetWorker
afterEach(() => fleet.close())

async function open(title: string, tenants: readonly string[]): Promise<void> {
  fleet = await MysqlFleet.open(title, FILES)
  worker = await fleet.worker()
  for (const id of tenants) await fleet.town.tenancy.create(id)
}

describe('a survey among databases of others', () => {
  test("a mark of a type that can not stand beside texts is nobody's, and neither are the databases of the server", async () => {
    await open('types', ['a', 'b'])
    const { owner } = fleet.town
    const schema = fleet.schema('place')
    await owner.query('create database ??', [schema])
    await owner.query('create table ??._rowhouse (tenancy geometry, tenant int, state int)', [schema])
    await owner.query('create table ??.schema_migrations like ??.schema_migrations', [
      schema,
      fleet.schema('a'),
    ])
    const asked = [fleet.schema('a'), schema, 'information_schema', 'performance_schema', fleet.schema('b')]
    const found = await worker.survey(asked as SchemaName[], new Map())
    expect(found.map(({ mark }) => mark?.tenant)).toEqual(['a', undefined, undefined, undefined, 'b'])
  })

  test('forty databases without a mark are known by a few questions, and hide nobody between them', async () => {
    await open('many', ['a', 'b', 'c'])
    const { owner } = fleet.town
    const strays = Array.from({ length: 40 }, (_, index) => fleet.schema(`stray${index}`))
    for (const stray of strays) await owner.query('create database ??', [stray])
    const view = fleet.schema('view')
    await owner.query('create database ??; create view ??._rowhouse as select 1 as tenancy', [view, view])
    const names = await worker.candidates(fleet.town.prefix)
    const gone = fleet.schema('gone')
    const known = new Map()
    await worker.survey(names, known)

    const sent = jest.spyOn(MigrationSession.prototype, 'query')
    const found = await worker.survey([...names, gone], known)
    const questions = sent.mock.calls.length
    sent.mockRestore()

    const tenants = found.flatMap(({ mark }) => (mark === undefined ? [] : [mark.tenant]))
    expect(tenants).toEqual(['a', 'b', 'c'])
    expect(found.filter(({ exists }) => !exists).map(({ schema }) => schema)).toEqual([gone])
    expect(found).toHaveLength(45)
    // Two chunks: what fails, the look-up, and what is left of it.
    expect(questions).toBeLessThanOrEqual(10)
  })

  test("a table that has nothing but a digest is another tool's, and no empty journal", async () => {
    await open('columns', ['a', 'b'])
    await fleet.town.rows(
      'a',
      'drop table schema_migrations; create table schema_migrations (digest bigint unsigned)',
    )
    const [found] = await worker.survey([fleet.schema('a')], new Map())
    expect(found!.books).toMatchObject({ code: 'ROWHOUSE_MIGRATION_TARGET' })
  })

  test('names that need quotes', async () => {
    await open('quotes', ['a-b'])
    const odd = `${fleet.town.prefix}a\`; drop database x; -- '`
    await fleet.town.owner.query('create database ??', [odd]).catch(() => {})
    const found = await worker.survey([fleet.schema('a-b'), odd as never], new Map())
    expect(booksOf(found[0]!).applied).toHaveLength(1)
    expect(found[1]!.mark).toBeUndefined()
  })

  test.each(['geometry', 'uuid', 'inet6'])(
    'a digest of the type %s, which can not be summed up, hides nobody',
    async (type) => {
      await open(type, ['a', 'b', 'c'])
      await fleet.town.rows(
        'b',
        `alter table schema_migrations drop column digest, add column digest ${type}`,
      )
      const found = await worker.survey(
        ['a', 'b', 'c'].map((id) => fleet.schema(id)),
        new Map(),
      )
      expect(found.map((one) => booksOf(one).applied.length)).toEqual([1, 1, 1])
    },
  )

  test('a digest in the mark is not taken for one of a journal that has none yet', async () => {
    await open('outer', ['none', 'old'])
    await fleet.town.rows('none', 'delete from schema_migrations')
    await fleet.town.rows(
      'old',
      'alter table schema_migrations drop column digest; alter table _rowhouse add column digest bigint unsigned default 0',
    )
    const found = await worker.survey(
      ['none', 'old'].map((id) => fleet.schema(id)),
      new Map(),
    )
    expect(found.map((one) => booksOf(one).applied.length)).toEqual([0, 1])
  })

  test('rows without a digest are no empty journal: of another tool, or in a copy whose column is a plain one', async () => {
    await open('plain', ['none', 'rows', 'nothing', 'copy'])
    await fleet.town.rows('none', 'delete from schema_migrations')
    await fleet.town.rows(
      'rows',
      `drop table schema_migrations; create table schema_migrations (version int, digest bigint);
       insert into schema_migrations values (1, null)`,
    )
    await fleet.town.rows(
      'nothing',
      'drop table schema_migrations; create table schema_migrations (version int, digest bigint)',
    )
    await fleet.town.rows('copy', 'alter table schema_migrations drop digest, add digest bigint unsigned')
    const found = await worker.survey(
      ['none', 'rows', 'nothing', 'copy'].map((id) => fleet.schema(id)),
      new Map(),
    )
    expect(
      found.map(({ books }) =>
        books instanceof Error ? (books as { code?: string }).code : books.applied.length,
      ),
    ).toEqual([0, 'ROWHOUSE_MIGRATION_TARGET', 'ROWHOUSE_MIGRATION_TARGET', 1])
  })

  test.each([
    ['has no file any more', 'alter table schema_migrations discard tablespace'],
    [
      'is a view that finds two rows for one',
      'rename table schema_migrations to j; create view schema_migrations as select * from j where (select 1 union all select 2) = 1',
    ],
    [
      'is a view whose function fails',
      `rename table schema_migrations to j;
       create function broken() returns int begin signal sqlstate '45000' set message_text = 'broken'; return 1; end;
       create view schema_migrations as select * from j where broken() = 1`,
    ],
    [
      'is merged of tables that are gone',
      `drop table schema_migrations;
       create table part (name int, number int, digest bigint) engine = MyISAM;
       create table schema_migrations (name int, number int, digest bigint) engine = MERGE union = (part);
       drop table part`,
    ],
  ])('a journal that %s is the trouble of one tenant', async (_what, sql) => {
    await open('broken', ['a', 'b', 'c', 'd'])
    await fleet.town.rows('c', sql)
    const found = await worker.survey(
      ['a', 'b', 'c', 'd'].map((id) => fleet.schema(id)),
      new Map(),
    )
    expect(found.map(({ books }) => (books instanceof Error ? books.message : books.applied.length))).toEqual(
      [
        1,
        1,
        expect.stringContaining(`"schema_migrations" of database "${fleet.schema('c')}" can't be read`),
        1,
      ],
    )
    expect(found.map(({ mark }) => mark?.tenant)).toEqual(['a', 'b', 'c', 'd'])
    const { results } = await fleet.town.tenancy.migrateAll().report()
    expect(results.map(({ tenant, status }) => [tenant, status]).sort()).toEqual([
      ['a', 'ok'],
      ['b', 'ok'],
      ['c', 'error'],
      ['d', 'ok'],
    ])
  })
})
