import { KnownTexts, takeFingerprint } from '../../src/mysql/journal-fingerprint'
import { MigrationSession } from '../../src/mysql/migration-session'
import { dropMysqlPrefix, MYSQL_SERVERS, uniquePrefix } from '../support/servers'

/** Each changes a definition, some from afar. */
const CHANGES = [
  'create table a (id int primary key, name varchar(20))',
  'create table b (id int primary key, a_id int, constraint b_a foreign key (a_id) references a (id))',
  'create index a_name on a (name)',
  'create trigger a_insert before insert on a for each row set new.name = upper(new.name)',
  'create view v as select * from a',
  'create view w as select * from v',
  'create procedure p() select 1',
  'create function f() returns int return 1',
  'create event e on schedule every 1 day do delete from b',
  'alter table a change id number int',
  'rename table a to c',
  'create table a (id int primary key)',
  'alter table b comment = "a"',
  'drop trigger a_insert',
  'drop view v',
  'drop table b',
  'drop procedure p',
  'alter table c add check (number > 0)',
  'create or replace view w as select 1',
  'create or replace table a (id bigint)',
  'drop function f',
  'drop event e',
]
/** Nothing that a migration defines. */
const NO_CHANGES = [
  'create table if not exists a (id int)',
  'drop table if exists missing',
  'insert into a values (1)',
  'create table counted (id int auto_increment primary key)',
]

describe.each(MYSQL_SERVERS)('the fingerprint of a tenant on $name', (server) => {
  const schema = `${uniquePrefix('fingerprint')}a`
  let session: MigrationSession
  beforeAll(async () => {
    session = await MigrationSession.open({ uri: server.ownerUrl })
    await session.query(`create database ${schema}`)
    await session.enter(schema)
  })
  afterAll(async () => {
    await session.close()
    await dropMysqlPrefix(server, schema)
  })

  const take = async (known: KnownTexts): Promise<string> => {
    const options = { schema, except: ['_rowhouse'], withEvents: true }
    return (await takeFingerprint(session, known, options)).digest
  }

  test('differs after each change, and what a run remembers is what a new one reads', async () => {
    const known = new KnownTexts()
    const seen = new Set([await take(known)])
    for (const [index, sql] of CHANGES.entries()) {
      known.forget(sql)
      await session.query(sql)
      const remembered = await take(known)
      expect([sql, remembered]).toEqual([sql, await take(new KnownTexts())])
      seen.add(remembered)
      expect([sql, seen.size]).toEqual([sql, index + 2])
    }
  })

  test('stays where nothing is defined: rows, their numbers, tables of ours, statements without effect', async () => {
    await session.query('create table _rowhouse (id int)')
    await session.query(NO_CHANGES.pop()!)
    const before = await take(new KnownTexts())
    for (const sql of [...NO_CHANGES, 'insert into counted values (), ()', 'alter table _rowhouse add n int'])
      await session.query(sql)
    expect(await take(new KnownTexts())).toBe(before)
  })
})
