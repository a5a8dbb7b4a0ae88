import fc from 'fast-check'
import type { Connection } from 'mysql2/promise'
import type { Books } from '../../src/engine'
import { digestOf, selectDigest } from '../../src/mysql/journal-state'
import { MigrationSession } from '../../src/mysql/migration-session'
import { booksOf, MysqlFleet } from './support/fleet'
import type { FleetWorker } from './support/fleet'

const FILES = {
  '20200101000000_a.sql': '-- Up Migration\ncreate table a (id int);\n-- Down Migration\ndrop table a;\n',
  '20200102000000_b.sql': '-- Up Migration\ncreate table b (id int);\n-- Down Migration\ndrop table b;\n',
}
const NAMES = ['20200101000000_a', '20200102000000_b']

let fleet: MysqlFleet
let worker: FleetWorker
afterEach(() => fleet.close())

async function open(title: string, tenants: readonly string[] = []): Promise<void> {
  fleet = await MysqlFleet.open(title, FILES)
  worker = await fleet.worker()
  for (const id of tenants) await fleet.town.tenancy.create(id)
}

/** Statements that the server was sent while `work` ran, other servers' tests apart. */
async function questionsOf(work: () => Promise<unknown>): Promise<number> {
  const connection = fleet.town.owner
  let seen = 0
  const { query } = Object.getPrototypeOf(connection) as { query: (...all: unknown[]) => unknown }
  const prototype = Object.getPrototypeOf(connection) as { query: unknown }
  prototype.query = function (this: unknown, ...all: unknown[]) {
    seen += 1
    return query.apply(this, all)
  }
  try {
    await work()
  } finally {
    prototype.query = query
  }
  return seen
}

/** As a server has it that is asked for many. */
async function digestIn(id: string): Promise<string> {
  const rows = await fleet.town.rows(id, selectDigest(fleet.schema(id), 'schema_migrations'))
  return rows.map((row) => String(Object.values(row)[0])).join()
}

describe('candidates', () => {
  test('are the databases of exactly this prefix, whatever is in them', async () => {
    await open('names', ['b', 'a', 'a-b'])
    const { owner } = fleet.town
    await owner.query('create database ??; create table ??.other (id int)', [
      fleet.schema('no'),
      fleet.schema('no'),
    ])
    await owner.query('create database ??; create view ??._rowhouse as select 1 as id', [
      fleet.schema('view'),
      fleet.schema('view'),
    ])
    expect(await worker.candidates(fleet.town.prefix)).toEqual(
      ['a', 'a-b', 'b', 'no', 'view'].map((id) => fleet.schema(id)),
    )
    // `_` is a letter here, not any letter.
    expect(await worker.candidates(fleet.town.prefix.replaceAll('_', 'x'))).toEqual([])
    expect(await worker.candidates(`${fleet.town.prefix}%`)).toEqual([])
    const odd = fleet.schema("a|b%'\\c")
    await owner.query('create database ??', [odd])
    expect(await worker.candidates(odd.slice(0, -1))).toEqual([odd])
    expect(await worker.candidates(odd.toUpperCase())).toEqual([])
    await owner.query('drop database ??', [odd])
  })
})

describe('a survey', () => {
  test('tells mark, applied migrations and checksums in the order of the question, each state read once', async () => {
    await open('marks', ['a', 'b', 'c'])
    await fleet.town.tenancy.suspend('b')
    await fleet.town.tenancy.rollback('c')
    const known = new Map()
    const found = await worker.survey(
      ['b', 'c', 'a'].map((id) => fleet.schema(id)),
      known,
    )
    expect(found.map(({ schema, exists, mark }) => ({ schema, exists, mark }))).toEqual([
      {
        schema: fleet.schema('b'),
        exists: true,
        mark: { tenancy: 'default', tenant: 'b', state: 'suspended' },
      },
      { schema: fleet.schema('c'), exists: true, mark: { tenancy: 'default', tenant: 'c', state: 'active' } },
      { schema: fleet.schema('a'), exists: true, mark: { tenancy: 'default', tenant: 'a', state: 'active' } },
    ])
    expect(found.map((one) => booksOf(one).applied)).toEqual([NAMES, NAMES.slice(0, 1), NAMES])
    expect(found[2]!.books).toBe(found[0]!.books)
    expect(new Set(known.values()).size).toBe(2)
    expect(booksOf(found[0]!).checksums).toEqual(
      await worker.checksums((await fleet.steps()).map(({ file }) => file)),
    )
  })

  test('of many tenants is a few questions', async () => {
    await open('few', ['a', 'b', 'c', 'd', 'e', 'f'])
    const schemas = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => fleet.schema(id))
    const known = new Map()
    await worker.survey(schemas, known)
    expect(await questionsOf(() => worker.survey(schemas, known))).toBe(1)
  })

  test('of journals without rows takes one question more, and tells them from those that have some', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    await open('empty', ids)
    for (const id of ['b', 'e']) await fleet.town.rows(id, 'delete from schema_migrations')
    await fleet.town.rows('c', 'delete from _rowhouse')
    const schemas = ids.map((id) => fleet.schema(id))
    const known = new Map()
    const found = await worker.survey(schemas, known)
    expect(found.map(({ mark }) => mark?.tenant)).toEqual(['a', 'b', undefined, 'd', 'e', 'f'])
    expect(found.map((one) => booksOf(one).applied)).toEqual([NAMES, [], [], NAMES, [], NAMES])
    const marked = schemas.filter((schema) => schema !== fleet.schema('c'))
    expect(await questionsOf(() => worker.survey(marked, known))).toBe(2)
  })

  test.each([2, 3])('a mark with %d rows makes no other journal of the one beside it', async (count) => {
    await open(`marks ${count}`, ['none', 'a'])
    await fleet.town.rows('none', 'delete from schema_migrations')
    await fleet.town.rows('a', 'create table mark like _rowhouse; insert into mark select * from _rowhouse')
    await fleet.town.rows(
      'a',
      `drop table _rowhouse; create view _rowhouse as select * from mark ${'union all select * from mark '.repeat(count - 1)}`,
    )
    const found = await worker.survey(
      ['none', 'a'].map((id) => fleet.schema(id)),
      new Map(),
    )
    expect(found.map(({ mark }) => mark?.tenant)).toEqual(['none', 'a'])
    expect(found.map((one) => booksOf(one).applied)).toEqual([[], NAMES])
  })

  test('of a mark with several rows, the first counts, whether there are rows in the journal or not', async () => {
    await open('first', ['a', 'b'])
    await fleet.town.rows('b', 'delete from schema_migrations; drop table a, b')
    for (const id of ['a', 'b']) {
      await fleet.town.rows(
        id,
        `create table mark like _rowhouse; insert into mark select * from _rowhouse; drop table _rowhouse;
         create view _rowhouse as select * from mark union all select tenancy, 'other', state, created_at, 1 from mark
           union all select tenancy, 'third', state, created_at, 1 from mark`,
      )
    }
    const schemas = ['a', 'b'].map((id) => fleet.schema(id))
    const found = await worker.survey(schemas, new Map())
    expect(found.map(({ mark }) => mark?.tenant)).toEqual(['a', 'b'])
    expect(
      await worker.advance(await fleet.tenant(worker, 'b'), await worker.prepare(await fleet.steps())),
    ).toBe(true)
  })

  test('reads a server whose queries may name no column beside a digest of rows', async () => {
    await open('full group', ['a', 'b'])
    const prototype = Object.getPrototypeOf(fleet.town.owner) as Connection
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the connection that it is asked of
    const { query } = prototype
    const spy = jest.spyOn(prototype, 'query').mockImplementation(async function (this: Connection, ...all) {
      const answer = (await query.apply(this, all as never)) as [{ mode?: string }[], never]
      const [row] = answer[0]
      if (row?.mode !== undefined) row.mode += ',ONLY_FULL_GROUP_BY'
      return answer as never
    })
    const strict = await fleet.worker().finally(() => spy.mockRestore())
    const found = await strict.survey([fleet.schema('a'), fleet.schema('b')], new Map())
    expect(found.map((one) => booksOf(one).applied)).toEqual([NAMES, NAMES])
  })

  test('tells books that differ in anything apart, and equal ones not', async () => {
    await open('states', ['a', 'b'])
    const states = new Set<string>()
    const known = new Map<string, Books>()
    const state = async (id: string): Promise<string> => {
      const { state: found } = booksOf(await fleet.survey(worker, id))
      // The same with all that is known of what it was before.
      expect(booksOf((await worker.survey([fleet.schema(id)], known))[0]!).state).toBe(found)
      return found
    }
    expect(await state('a')).toBe(await state('b'))
    states.add(await state('a'))
    const changes = [
      "update schema_migrations set checksum = repeat('0', 64) where name like '%_a'",
      "update schema_migrations set direction = 'down' where name like '%_a'",
      "update schema_migrations set name = '20200101000000_c' where name like '%_a'",
      'update schema_migrations set run_order = 9 where name like "%_c"',
      "update schema_migrations set state = 'failed', error = 'one' where name like '%_b'",
      "update schema_migrations set error = 'two' where name like '%_b'",
      "update schema_migrations set state = 'applying', error = null where name like '%_b'",
      "insert into schema_migrations (name, number, version, checksum, state, direction, kind) values ('20200102000000_b', 1, 1, '', 'applying', '', 'ddl')",
      'update schema_migrations set last_id = 7 where number = 1',
      "update schema_migrations set state = 'applied' where number = 1",
      'update schema_migrations set insert_id = 7 where number = 1',
      // Alike but for the number.
      'insert into schema_migrations (name, number, version, checksum, state, direction, kind) select name, number + place, version, checksum, state, direction, kind from schema_migrations join (select 1 as place union all select 2) as places where number = 1',
      'delete from schema_migrations',
    ]
    for (const [index, sql] of changes.entries()) {
      await fleet.town.rows('a', sql)
      states.add(await state('a'))
      expect([sql, states.size]).toEqual([sql, index + 2])
    }
    await fleet.town.rows('a', 'drop table schema_migrations')
    states.add(await state('a'))
    expect(states.size).toBe(changes.length + 2)
  })

  test('falls back to one by one for what can not be read with the others', async () => {
    await open('mixed', ['a', 'none', 'foreign', 'broken', 'gone', 'old', 'older', 'z'])
    const { rows, owner } = { rows: fleet.town.rows.bind(fleet.town), owner: fleet.town.owner }
    await rows('none', 'drop table schema_migrations')
    await rows(
      'foreign',
      'drop table schema_migrations; create table schema_migrations (version varchar(255))',
    )
    await rows(
      'broken',
      'drop table schema_migrations; create view schema_migrations as select * from a; drop table a',
    )
    await rows('old', 'alter table schema_migrations drop column digest')
    await rows('older', 'alter table schema_migrations drop column digest, drop column last_id')
    await owner.query('drop database ??', [fleet.schema('gone')])
    await owner.query('create database ??', [fleet.schema('unmarked')])
    const ids = ['a', 'none', 'foreign', 'broken', 'gone', 'old', 'older', 'unmarked', 'z']
    const found = await worker.survey(
      ids.map((id) => fleet.schema(id)),
      new Map(),
    )
    expect(found.map(({ schema }) => schema)).toEqual(ids.map((id) => fleet.schema(id)))
    const of = (id: string) => found[ids.indexOf(id)]!
    for (const id of ['a', 'z', 'old', 'older']) expect(booksOf(of(id)).applied).toEqual(NAMES)
    expect(of('z').books).toBe(of('a').books)
    for (const id of ['old', 'older']) expect(booksOf(of(id)).state).not.toBe(booksOf(of('a')).state)
    expect(booksOf(of('none')).applied).toEqual([])
    expect(of('foreign').books).toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
      message: expect.stringContaining(fleet.schema('foreign')),
    })
    expect(of('foreign').mark).toMatchObject({ tenant: 'foreign' })
    expect(of('broken').books).toBeInstanceOf(Error)
    expect(of('gone')).toMatchObject({ exists: false, mark: undefined })
    expect(of('unmarked')).toMatchObject({ exists: true, mark: undefined })
  })

  test('tells of an unfinished migration', async () => {
    await open('unfinished', ['a'])
    fleet.town.folder.write('20200103000000_c.sql', 'create table c (id int);\nselect * from nowhere;')
    await expect(fleet.town.tenancy.migrate('a')).rejects.toMatchObject({ statement: 2 })
    const books = booksOf(await fleet.survey(worker, 'a'))
    expect(books.applied).toEqual(NAMES)
    expect(books.unfinished).toEqual({
      name: '20200103000000_c',
      direction: 'up',
      statement: 2,
      error: expect.stringContaining('nowhere'),
    })
    expect((await fleet.town.tenancy.status('a')).unfinished).toEqual(books.unfinished)
  })

  test('what is known of one journal is taken for another only where they are the same, whatever is in them', async () => {
    await open('digests', ['a', 'b'])
    const schema = fleet.schema('a')
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom('7', 'up', ' ', '7 up', ''),
    )
    const row = fc.record({
      name: text,
      checksum: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
      direction: fc.constantFrom('up', 'down', ''),
      runOrder: fc.option(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(2 ** 32 - 1)), { freq: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(row, { selector: ({ name }) => name.replace(/ +$/, ''), maxLength: 8 }),
        async (rows) => {
          await fleet.town.rows('a', 'delete from schema_migrations')
          for (const { name, checksum, direction, runOrder } of rows)
            await fleet.town.owner.query(
              "insert into ??.schema_migrations (name, version, checksum, state, direction, run_order) values (?, 1, ?, 'applied', ?, ?)",
              [schema, name, checksum, direction, runOrder],
            )
          const known = new Map<string, Books>()
          await worker.survey([schema], known)
          const asked = await digestIn('a')
          expect(asked).toBe(digestOf(rows as never))
          expect([...known.keys()]).toContain(asked)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a journal that changes while it is read is not known by what it was', async () => {
    await open('meanwhile', ['a', 'b', 'c'])
    await fleet.town.tenancy.rollback('c')
    const known = new Map<string, Books>()
    const digest = await digestIn('c')
    // Between the question for all and the one for this journal, another process brings it to the head.
    const { prototype } = MigrationSession
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the session that it is asked of
    const { rows } = prototype
    let isDone = false
    const spy = jest.spyOn(prototype, 'rows').mockImplementation(async function (
      this: MigrationSession,
      ...args
    ) {
      const answer = await rows.apply(this, args)
      if (!isDone && args[0].includes('bit_xor')) {
        isDone = true
        await fleet.town.tenancy.migrate('c')
      }
      return answer
    })
    const [found] = await worker.survey([fleet.schema('c')], known).finally(() => spy.mockRestore())
    expect(isDone).toBe(true)
    expect(booksOf(found!).applied).toEqual(NAMES)
    expect(known.get(digest)).toBeUndefined()
    await fleet.town.tenancy.rollback('b')
    expect(booksOf((await worker.survey([fleet.schema('b')], known))[0]!).applied).toEqual(NAMES.slice(0, 1))
  })

  test('a stray with bytes for a mark, or in another collation, hides nobody', async () => {
    await open('strays', ['a', 'b', 'c', 'd'])
    const { owner } = fleet.town
    const stray = async (id: string, columns: string): Promise<void> => {
      const schema = fleet.schema(id)
      await owner.query(
        `create database ??; create table ??._rowhouse (${columns}); insert into ??._rowhouse values (1, 2, 3)`,
        [schema, schema, schema],
      )
      await owner.query('create table ??.schema_migrations like ??.schema_migrations', [
        schema,
        fleet.schema('a'),
      ])
    }
    await stray('bytes', 'tenancy varbinary(63), tenant blob, state blob')
    await stray(
      'latin',
      ['tenancy', 'tenant', 'state'].map((name) => `${name} char(9) charset latin1`).join(),
    )
    await stray(
      'swedish',
      ['tenancy', 'tenant', 'state']
        .map((name) => `${name} char(9) charset utf8mb4 collate utf8mb4_swedish_ci`)
        .join(),
    )
    await stray('numbers', 'tenancy int, tenant int, state int')
    await stray('half', 'tenancy char(9), tenant varbinary(63), state char(9)')
    await stray('other', 'tenancy char(9), tenant char(9), state blob')

    const ids = ['a', 'bytes', 'b', 'latin', 'c', 'swedish', 'numbers', 'half', 'other', 'd']
    const found = await worker.survey(
      ids.map((id) => fleet.schema(id)),
      new Map(),
    )

    expect(found.map(({ mark }) => mark?.tenant)).toEqual(['a', '2', 'b', '2', 'c', '2', '2', '2', '2', 'd'])
    expect(found.map(({ mark }) => mark?.state).filter((state) => state !== 'active')).toEqual(
      Array(6).fill('3'),
    )
    for (const [place, id] of ids.entries())
      expect([id, booksOf(found[place]!).applied]).toEqual([id, id.length === 1 ? NAMES : []])
  })
})
