import { createTenancy } from '../../src/index'
import { postgres } from '../../src/postgres/postgres'
import { temporaryTenants } from '../../src/testing/temporary-tenants'
import { recordingEngine } from '../../src/testing/recording-engine'
import { ENGINE_SERVERS } from '../support/engines'
import { MigrationFolder } from '../support/migrations'
import { dropPrefix, SERVERS, uniquePrefix, withOwner } from '../support/servers'
import { foundTown } from './support/town'

const servers = ENGINE_SERVERS.filter(({ name }) => name !== 'PostgreSQL 15')

describe.each(servers)('temporary tenants on $name', (server) => {
  test('have the migrations, ids of their own, and are gone at the end', async () => {
    const town = await foundTown(server, 'temporary')
    const { tenancy, sql, prefix } = town
    try {
      const before = await server.schemas(prefix)
      {
        await using tenants = temporaryTenants(tenancy)
        const [one, other] = await tenants.create(2)
        const [third] = await tenants.create()
        expect(new Set([one, other, third]).size).toBe(3)
        await tenancy.run(one, () => sql('insert into widgets (name) values (?)', 'bolt'))
        expect(await tenancy.run(other, () => sql('select name from widgets'))).toEqual([])
        expect(await server.schemas(prefix)).toHaveLength(before.length + 3)
      }
      expect(await server.schemas(prefix)).toEqual(before)
    } finally {
      await town.end()
    }
  })

  test('are what they were after a reset: same ids, no rows, ids of rows from the start', async () => {
    const town = await foundTown(server, 'reset')
    const { tenancy, sql, engine } = town
    const filled: string[] = []
    const tenants = temporaryTenants(tenancy, {
      onCreate: (id) => {
        filled.push(id)
        return tenancy.run(id, () => sql('insert into logs (line) values (?)', 'first'))
      },
    })
    try {
      const [one, other] = await tenants.create(2)
      const look = (id: string) =>
        tenancy.run(id, async () => [
          await sql('select id, name from widgets'),
          await sql('select line from logs'),
        ])
      for (const name of ['bolt', 'nut'])
        await tenancy.run(one, () => sql('insert into widgets (name) values (?)', name))
      const result = await tenants.reset()
      expect(result).toEqual(engine === 'postgres' ? { emptied: 2, remade: 0 } : { emptied: 0, remade: 2 })
      expect(filled.sort()).toEqual([one, other, one, other].sort())
      for (const id of [one, other]) expect(await look(id)).toEqual([[], [{ line: 'first' }]])
      await tenancy.run(one, () => sql('insert into widgets (name) values (?)', 'again'))
      expect(await look(one)).toEqual([[{ id: 1, name: 'again' }], [{ line: 'first' }]])
    } finally {
      await tenants.drop()
      await town.end()
    }
  })

  test('one that fails keeps nobody, and a dropped one is no mistake', async () => {
    const town = await foundTown(server, 'failing')
    const before = await server.schemas(town.prefix)
    let calls = 0
    const tenants = temporaryTenants(town.tenancy, {
      onCreate: () => {
        if (++calls === 2) throw new Error('no seed')
      },
    })
    try {
      await expect(tenants.create(3)).rejects.toThrow('no seed')
      expect(await server.schemas(town.prefix)).toHaveLength(before.length + 3)
      const [gone] = await tenants.create()
      await town.tenancy.drop(gone)
      await tenants.drop()
      await tenants.drop()
      expect(await server.schemas(town.prefix)).toEqual(before)
    } finally {
      await tenants.drop()
      await town.end()
    }
  })
})

describe('emptying on PostgreSQL', () => {
  const server = SERVERS[0]!
  const asOwner = (sql: string) => withOwner(server, (client) => client.query(sql))

  /** A tenant of these migrations, and what changes it; tells whether it was emptied, and leaves nothing. */
  async function outcome(
    title: string,
    migration: string,
    change: (schema: string) => string = () => 'select 1',
  ): Promise<{ readonly result: object; readonly rows: unknown[]; readonly next: unknown }> {
    const prefix = uniquePrefix(title)
    const folder = new MigrationFolder({ '20200101000000_a.sql': migration })
    const tenancy = createTenancy({
      engine: postgres({ connectionString: server.appUrl, migrationUrl: server.ownerUrl }),
      ...{ prefix, migrations: folder.path },
    })
    const tenants = temporaryTenants(tenancy)
    try {
      const [id] = await tenants.create()
      const schema = tenancy.schemaName(id)
      await asOwner(`set search_path to "${schema}"; ${change(schema)}`)
      const result = await tenants.reset()
      const read = await withOwner(server, async (client) => {
        await client.query(`set search_path to "${schema}"`)
        const { rows } = await client.query('select * from parent')
        const { rows: next } = await client.query(`insert into parent default values returning id`)
        return { rows, next: next[0].id }
      })
      await tenants.drop()
      return { result, ...read }
    } finally {
      await tenancy.close()
      folder.remove()
    }
  }

  const PARENT = 'create table parent (id serial primary key); '
  const EMPTIED = { emptied: 1, remade: 0 }
  const REMADE = { emptied: 0, remade: 1 }

  test('rows go, of tables that refer to each other, and sequences are where they were', async () => {
    const tables = `${PARENT} create table child (parent int not null references parent, self int); create sequence free;
      select setval('free', 100, false); select setval('parent_id_seq', 40);`
    const filling =
      "insert into parent default values; insert into parent default values; insert into child select id from parent; select nextval('free')"
    const { result, rows, next } = await outcome('rows', tables, () => filling)
    expect([result, rows, next]).toEqual([EMPTIED, [], 41])
  })

  test.each([
    ['a table that is new', () => 'create table more ()'],
    ['a column', () => 'alter table parent add name text'],
    ['a default', () => 'alter table parent alter id set default 7'],
    ['a trigger switched off', () => 'alter table parent disable trigger watcher'],
    [
      'a function',
      () => "create or replace function watch() returns trigger language plpgsql as 'begin return null; end'",
    ],
    ['a constraint', () => 'alter table parent add check (id > 0)'],
    ['a privilege', () => 'grant truncate on parent to public'],
    ['a privilege of the schema', (schema: string) => `grant create on schema "${schema}" to public`],
    ['the books', (schema: string) => `delete from "${schema}".schema_migrations`],
    ['the mark', (schema: string) => `update "${schema}"._rowhouse set state = 'suspended'`],
  ])('a tenant is made anew after a change of what is built: %s', async (what, change) => {
    const watcher =
      "create function watch() returns trigger language plpgsql as 'begin return new; end'; create trigger watcher before insert on parent for each row execute function watch();"
    const { result, rows, next } = await outcome(what, PARENT + watcher, change)
    expect([result, rows, next]).toEqual([REMADE, [], 1])
  })

  test.each([
    ['rows that a migration put there', 'insert into parent default values;', [{ id: 1 }], 2],
    ['a materialized view', 'create materialized view seen as select * from parent;', [], 1],
    [
      'a trigger of TRUNCATE',
      "create function stop() returns trigger language plpgsql as 'begin raise; end'; create trigger stopper before truncate on parent execute function stop();",
      [],
      1,
    ],
    [
      'rows that a policy hides from the owner, too',
      'create table hidden (id int); alter table hidden enable row level security, force row level security;',
      [],
      1,
    ],
  ])('so it is with %s', async (what, more, expected, first) => {
    const { result, rows, next } = await outcome(
      what,
      PARENT + more,
      () => 'insert into parent default values',
    )
    expect([result, rows, next]).toEqual([REMADE, expected, first])
  })

  test('partitions are emptied, and what refers to them', async () => {
    const tables = `${PARENT} create table parted (id int primary key) partition by range (id);
      create table first_part partition of parted for values from (0) to (10);
      create table child (id int references parted)`
    const filling = 'insert into parted values (1); insert into child values (1)'
    const { result } = await outcome('parted', tables, () => filling)
    expect(result).toEqual(EMPTIED)
  })

  test.each([
    ['a table that inherits', 'parent', '() inherits'],
    ['a partition', 'parted', 'partition of'],
  ])('%s elsewhere keeps its rows', async (what, table, link) => {
    const other = `${uniquePrefix('heir')}x`
    await asOwner(`create schema "${other}"`)
    try {
      const target = (schema: string) => `"${schema}".${table}`
      const heir = (schema: string) =>
        link === 'partition of'
          ? `create table "${other}".heir partition of ${target(schema)} default`
          : `create table "${other}".heir () inherits (${target(schema)})`
      const tables = `${PARENT} create table parted (id int) partition by range (id);`
      const filling = (schema: string) => `${heir(schema)}; insert into "${other}".heir values (1)`
      await expect(outcome(what, tables, filling)).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_IN_USE' })
      expect((await asOwner(`select * from "${other}".heir`)).rows).toEqual([{ id: 1 }])
    } finally {
      await asOwner(`drop schema "${other}" cascade`)
      await dropPrefix(server, uniquePrefix(what))
    }
  })

  test('a table elsewhere that refers to the tenant keeps its rows', async () => {
    const other = `${uniquePrefix('elsewhere')}x`
    await asOwner(`create schema "${other}"`)
    try {
      const refer = (schema: string) =>
        `insert into parent default values; create table "${other}".ours (id int references "${schema}".parent); insert into "${other}".ours values (1)`
      await expect(outcome('outside', PARENT, refer)).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_IN_USE',
      })
      expect((await asOwner(`select * from "${other}".ours`)).rows).toEqual([{ id: 1 }])
    } finally {
      await asOwner(`drop schema "${other}" cascade`)
      await dropPrefix(server, uniquePrefix('outside'))
    }
  })
})

test('one that could not be dropped is dropped the next time', async () => {
  const tenancy = createTenancy({ engine: recordingEngine() })
  const locked = new Error('locked')
  const tenants = temporaryTenants({
    schemaName: (id) => tenancy.schemaName(id),
    create: (id, options) => tenancy.create(id, options),
    drop: jest.fn((id) => tenancy.drop(id)).mockRejectedValueOnce(locked),
  })
  await tenants.create(2)
  await expect(tenants.drop()).rejects.toBe(locked)
  expect(await tenancy.list()).toHaveLength(1)
  await tenants.drop()
  expect(await tenancy.list()).toEqual([])
})

test('they work on a recording engine, too', async () => {
  const tenancy = createTenancy({ engine: recordingEngine() })
  const tenants = temporaryTenants(tenancy, { id: (unique) => `t-${unique}` })
  const ids = await tenants.create(5)
  expect(ids.every((id) => /^t-[0-9a-f]{10}$/.test(id))).toBe(true)
  expect(await tenants.reset()).toEqual({ emptied: 0, remade: 5 })
  await tenants.drop()
  expect(await tenancy.list()).toEqual([])
})
