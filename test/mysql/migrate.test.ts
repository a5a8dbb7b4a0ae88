import { createConnection } from 'mysql2/promise'
import { lockNameOf } from '../../src/mysql/migration-lock'
import { MYSQL_SERVERS } from '../support/servers'
import { MysqlTown } from './support/town'

const MANY = Object.fromEntries(
  [1, 2, 3, 4].map((day) => [
    `2020010${day}000000_t${day}.sql`,
    `-- Up Migration\ncreate table t${day} (id int);\n-- Down Migration\ndrop table t${day};\n`,
  ]),
)
const V = [1, 2, 3, 4].map((day) => Number(`2020010${day}000000`))

describe.each(MYSQL_SERVERS)('migrate on $name', (server) => {
  let town: MysqlTown
  afterEach(() => town.close())

  test('goes down to a version and including it, and up again to one', async () => {
    town = await MysqlTown.open(server, 'down', MANY)
    await town.tenancy.create('acme')
    expect(await town.tenancy.rollback('acme', { to: V[2]! })).toEqual({
      status: 'ok',
      tenant: 'acme',
      prefix: town.schema('acme'),
      direction: 'down',
      versions: [V[3], V[2]],
    })
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations', 't1', 't2'])
    expect(await town.tenancy.migrate('acme', { to: String(V[2]) })).toMatchObject({
      direction: 'up',
      versions: [V[2]],
    })
    expect(await town.tenancy.status('acme')).toEqual({
      tenant: 'acme',
      prefix: town.schema('acme'),
      state: 'active',
      versions: V.slice(0, 3),
      pending: ['20200104000000_t4'],
      missing: [],
      renamed: [],
    })
  })

  test('one step is the default of a rollback, all must be said', async () => {
    town = await MysqlTown.open(server, 'steps', MANY)
    await town.tenancy.create('acme')
    expect((await town.tenancy.rollback('acme')).versions).toEqual([V[3]])
    expect((await town.tenancy.rollback('acme', { steps: 2 })).versions).toEqual([V[2], V[1]])
    expect((await town.tenancy.rollback('acme', { all: true })).versions).toEqual([V[0]])
    expect((await town.tenancy.rollback('acme')).versions).toEqual([])
  })

  test('an unknown target, and a late file, change nothing', async () => {
    town = await MysqlTown.open(server, 'unknown', MANY)
    await town.tenancy.create('acme')
    await expect(town.tenancy.rollback('acme', { to: 20200102000001 })).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
    })
    town.folder.write('20200102120000_late.sql', 'create table late (id int)')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_TARGET' })
    expect((await town.tenancy.migrate('acme', { allowOutOfOrder: true })).versions).toEqual([20200102120000])
    expect((await town.tenancy.status('acme')).versions).toEqual([...V, 20200102120000])
  })

  test('an unknown tenant is told, and no database is made', async () => {
    town = await MysqlTown.open(server, 'nobody', MANY)
    for (const call of [
      town.tenancy.migrate('nobody'),
      town.tenancy.rollback('nobody'),
      town.tenancy.drop('nobody'),
      town.tenancy.status('nobody'),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'nobody' })
    }
    expect(await town.schemas()).toEqual([])
  })

  test('a failure keeps what is done, names where, and a second run goes on from there with a mended file', async () => {
    town = await MysqlTown.open(server, 'goes on', MANY)
    await town.tenancy.create('acme')
    const text = (statement: string): string =>
      `create table a (id int primary key);\n\ninsert into a values (1);\n${statement};\ncreate table b (id int);\n`
    town.folder.write('20200105000000_five.sql', 'create table five (id int)')
    town.folder.write('20200106000000_six.sql', text('insert into a values (1)'))
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      tenant: 'acme',
      migration: '20200106000000_six',
      statement: 3,
      line: 4,
      versions: [20200105000000],
      cause: expect.objectContaining({ code: 'ER_DUP_ENTRY' }),
    })
    expect(await town.tenancy.status('acme')).toMatchObject({
      versions: [...V, 20200105000000],
      pending: ['20200106000000_six'],
      unfinished: {
        name: '20200106000000_six',
        direction: 'up',
        statement: 3,
        error: expect.stringContaining('Duplicate entry'),
      },
    })
    await expect(town.tenancy.rollback('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
      message: expect.stringContaining('migrate'),
    })
    await expect(town.tenancy.migrate('acme', { to: 20200105000000 })).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write('20200106000000_six.sql', text('insert into a values (2)'))
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200106000000])
    expect(await town.rows('acme', 'select id from a')).toEqual([{ id: 1 }, { id: 2 }])
    expect((await town.tenancy.status('acme')).unfinished).toBeUndefined()
    expect(await town.rows('acme', 'select count(*) as n from schema_migrations where number > 0')).toEqual([
      { n: 0 },
    ])
  })

  test('a part of a file that is done can not change under a run that goes on', async () => {
    town = await MysqlTown.open(server, 'prefix', {
      '20200101000000_a.sql': 'create table a (id int);\nselect * from nowhere;',
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ statement: 2 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write('20200101000000_a.sql', 'create table a (id bigint);\nselect 1;')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
      statement: 1,
      migration: '20200101000000_a',
      tenant: 'acme',
      message: expect.stringMatching(/create table a \(id int\).*repair <tenant> --mark/),
    })
    expect(await town.tenancy.repair('acme', { mark: 'reverted' })).toMatchObject({
      migration: '20200101000000_a',
    })
    await town.rows('acme', 'drop table a')
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200101000000])
    await expect(town.tenancy.repair('acme', { retry: true })).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
    })
  })

  test('a failed way down is gone on with, and counts as the one step', async () => {
    town = await MysqlTown.open(server, 'way down', {
      ...MANY,
      '20200105000000_five.sql':
        '-- Up Migration\ncreate table a (id int); create table b (id int);\n-- Down Migration\ndrop table b;\ndrop table missing;\ndrop table a;',
    })
    await town.tenancy.create('acme')
    await expect(town.tenancy.rollback('acme')).rejects.toMatchObject({ statement: 2, line: 5 })
    expect(await town.tables('acme')).toContain('a')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
    })
    await town.rows('acme', 'create table missing (id int)')
    expect((await town.tenancy.rollback('acme')).versions).toEqual([20200105000000])
    expect((await town.tenancy.status('acme')).versions).toEqual(V)
    expect(await town.tables('acme')).not.toContain('a')
  })

  test('a changed file of an applied migration is refused, or taken by name', async () => {
    town = await MysqlTown.open(server, 'changed', MANY)
    await town.tenancy.create('acme')
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write('20200105000000_five.sql', 'create table five (id int)')
    town.folder.write('20200101000000_t1.sql', `${MANY['20200101000000_t1.sql']!.replaceAll('\n', '\r\n')}`)
    // Line ends are no change: git writes others on another system.
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200105000000])
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write('20200101000000_t1.sql', 'create table t1 (id bigint)')
    town.folder.write('20200106000000_six.sql', 'create table six (id int)')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_CHANGED',
      migration: '20200101000000_t1',
    })
    expect(await town.tables('acme')).not.toContain('six')
    expect((await town.tenancy.migrate('acme', { allowChanged: true })).versions).toEqual([20200106000000])
    expect((await town.tenancy.migrate('acme')).versions).toEqual([])
  })

  test('procedures, triggers, functions and events, with and without delimiters', async () => {
    town = await MysqlTown.open(server, 'routines', {
      '20200101000000_a.sql': `
        create table a (id int primary key, doubled int);
        create table log (n int);
        create trigger a_insert before insert on a for each row begin
          set new.doubled = new.id * 2;
          if new.id > 10 then insert into log values (new.id); end if;
        end;
        DELIMITER //
        create procedure fill(in upto int)
        begin
          declare i int default 0;
          while i < upto do set i = i + 1; insert into a (id) values (i); end while;
        end //
        DELIMITER ;
        create function total() returns int reads sql data return (select sum(doubled) from a);
        call fill(12);
        create view totals as select total() as t;
        create event tidy on schedule every 1 year do begin delete from log; delete from log; end;
        -- Down Migration
        drop event tidy; drop view totals; drop function total; drop procedure fill; drop table log; drop table a;`,
    })
    await town.tenancy.create('acme')
    expect(
      await town.rows(
        'acme',
        'select cast(t as double) as t, (select count(*) from log) as logged from totals',
      ),
    ).toEqual([{ t: 156, logged: 2 }])
    expect((await town.tenancy.rollback('acme')).versions).toEqual([20200101000000])
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations'])
  })

  test('a program asks, decides, and gets rows and counts as of mysql2', async () => {
    town = await MysqlTown.open(server, 'program', {
      '20200101000000_a.ts': `
        import type { MigrationDb } from 'rowhouse/mysql'
        export async function up(db: MigrationDb): Promise<void> {
          await db.query('create table a (id int auto_increment primary key, name varchar(80))')
          const [header] = await db.query<{ affectedRows: number; insertId: number }>('insert into a (name) values (?), (?)', [db.tenant, db.schema])
          const [rows] = await db.query<{ name: string }[]>('select name from a order by id')
          await db.query('insert into a (name) values (?)', [JSON.stringify([header.affectedRows, header.insertId, rows])])
        }
        export async function down(db: MigrationDb): Promise<void> { await db.query('drop table a') }`,
    })
    await town.tenancy.create('acme')
    const [, , last] = await town.rows('acme', 'select name from a order by id')
    expect(JSON.parse(last!.name as string)).toEqual([
      2,
      1,
      [{ name: 'acme' }, { name: town.schema('acme') }],
    ])
    expect((await town.tenancy.rollback('acme')).versions).toEqual([20200101000000])
  })

  test('a program goes on behind what is done: statements are answered from the journal', async () => {
    const program = (last: string): string => `exports.up = async (db) => {
      await db.query('create table a (id int auto_increment primary key, name varchar(80))')
      const [{ insertId }] = await db.query("insert into a (name) values ('first')")
      await db.query('create table b (a_id int)')
      await db.query('insert into b values (?)', [insertId])
      ${last}
    }; exports.down = false`
    town = await MysqlTown.open(server, 'replay', {
      '20200101000000_a.js': program("await db.query('select * from nowhere'); throw new Error('not here')"),
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      migration: '20200101000000_a',
      cause: expect.objectContaining({ code: 'ER_NO_SUCH_TABLE' }),
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write('20200101000000_a.js', program("await db.query('insert into b values (7)')"))
    expect((await town.tenancy.migrate('acme')).versions).toEqual([20200101000000])
    expect(await town.rows('acme', 'select a_id from b order by 1')).toEqual([{ a_id: 1 }, { a_id: 7 }])
    expect(await town.rows('acme', 'select count(*) as n from a')).toEqual([{ n: 1 }])
  })

  test.each([
    ['other texts', "await db.query('create table other (id int)'); await db.query('select 1 from nowhere')"],
    ['fewer statements', ''],
  ])('a program that sends %s than before is refused', async (_what, body) => {
    town = await MysqlTown.open(server, 'other text', {
      '20200101000000_a.js':
        "exports.up = async (db) => { await db.query('create table a (id int)'); await db.query('do (select 1 from nowhere)') }; exports.down = false",
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ statement: 2 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    town.folder.write('20200101000000_a.js', `exports.up = async (db) => { ${body} }; exports.down = false`)
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_UNFINISHED',
      statement: 1,
    })
    expect(await town.tables('acme')).not.toContain('other')
  })

  test('an error ends a program, caught or not, awaited or not', async () => {
    town = await MysqlTown.open(server, 'caught', {
      '20200101000000_a.js': `exports.up = async (db) => {
        await db.query('select * from nowhere').catch(() => {})
        void db.query('create table never (id int)')
      }; exports.down = false`,
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FAILED' })
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations'])
  })

  test('statements of a program that does not wait run in order, and before its end', async () => {
    town = await MysqlTown.open(server, 'unawaited', {
      '20200101000000_a.js': `exports.up = (db) => { for (const n of [1, 2, 3]) void db.query('create table t' + n + ' (id int)') }; exports.down = false`,
    })
    await town.tenancy.create('acme')
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations', 't1', 't2', 't3'])
  })

  test.each([
    ['another database', 'use mysql'],
    ['a transaction', 'commit'],
    ['another database, made', 'create database elsewhere'],
    ['a name with another database', 'create table mysql.escaped (id int)'],
    ['a grant', "grant all on *.* to 'rowhouse_app'@'%'"],
    ['several in one DROP', 'drop table a, b'],
    ['a variable', 'set @a = 1'],
  ])('refused before anything runs: %s', async (_what, sql) => {
    town = await MysqlTown.open(server, 'refused', {
      '20200101000000_a.sql': 'create table first (id int)',
      '20200102000000_b.sql': `\n${sql}`,
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      migration: '20200102000000_b',
      message: expect.stringContaining('line 2'),
    })
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations'])
  })

  test('a program is refused where it would leave its tenant', async () => {
    town = await MysqlTown.open(server, 'refused program', {
      '20200101000000_a.js':
        "exports.up = async (db) => { await db.query('create table a (id int)'); await db.query('USE mysql') }; exports.down = false",
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      message: expect.stringContaining('statement 2'),
    })
    await expect(town.tenancy.create('beta')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_REFUSED' })
    expect(await town.schemas()).toEqual([town.schema('acme')])
  })

  test('a USE that hides in a procedure is noticed, and nothing lands elsewhere', async () => {
    town = await MysqlTown.open(server, 'hidden', {
      '20200101000000_a.sql':
        "create procedure leave_it() execute immediate 'use information_schema';\ncall leave_it();\ncreate table escaped (id int);",
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_REFUSED',
      message: expect.stringContaining('in database information_schema instead of'),
    })
    expect(await town.tables('acme')).toEqual(['_rowhouse', 'schema_migrations'])
  })

  test('a function that writes is no read that a program may repeat', async () => {
    town = await MysqlTown.open(server, 'function', {
      '20200101000000_a.js': `exports.up = async (db) => {
        await db.query('create table a (id int)')
        await db.query('create function f() returns int modifies sql data begin insert into a values (1); return 1; end')
        await db.query('select f()')
      }; exports.down = false`,
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      cause: expect.objectContaining({ code: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION' }),
    })
    expect(await town.rows('acme', 'select * from a')).toEqual([])
  })

  test('a setting of the session holds for the rest of a file, also when a run goes on, and not for the next', async () => {
    town = await MysqlTown.open(server, 'settings', {
      '20200101000000_a.sql': `create table a (id int primary key); create table b (a_id int, foreign key (a_id) references a (id));
        set foreign_key_checks = 0; insert into b values (1); select * from nowhere; insert into b values (2);`,
      '20200102000000_b.sql': 'insert into b values (3)',
    })
    await town.tenancy.create('acme', { migrate: false })
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ statement: 5 })
    await town.rows('acme', 'create table nowhere (id int)')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      migration: '20200102000000_b',
      versions: [20200101000000],
      cause: expect.objectContaining({ code: 'ER_NO_REFERENCED_ROW_2' }),
    })
    expect(await town.rows('acme', 'select a_id from b order by 1')).toEqual([{ a_id: 1 }, { a_id: 2 }])
  })

  test('a tenant that is being migrated elsewhere is waited for, and given up in the end', async () => {
    town = await MysqlTown.open(server, 'locked', MANY, { lockTimeoutMs: 150 })
    await town.tenancy.create('acme', { migrate: false })
    const other = await createConnection(server.ownerUrl)
    await other.query('do get_lock(?, 0)', [lockNameOf(town.schema('acme'))])
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_LOCKED',
      tenant: 'acme',
    })
    // The server frees a lock when its session ends, however it ends.
    other.destroy()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await town.tenancy.migrate('acme')).versions).toEqual(V)
  })

  test('files beside the migrations are passed over, old formats are refused', async () => {
    town = await MysqlTown.open(server, 'beside', { ...MANY, 'README.md': '# hello', 'helper.d.ts': '' })
    expect((await town.tenancy.create('acme')).versions).toEqual(V)
    town.folder.write('1735689600000_old.sql', 'select 1')
    await expect(town.tenancy.migrate('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FOLDER' })
  })

  test.each(['js', 'sql', 'ts'] as const)(
    'a new .%s migration of the template runs both ways',
    async (kind) => {
      town = await MysqlTown.open(server, 'template', {})
      await town.tenancy.newMigration('first', { kind })
      expect((await town.tenancy.create('acme')).versions).toHaveLength(1)
      expect((await town.tenancy.rollback('acme')).versions).toHaveLength(1)
    },
  )
})
