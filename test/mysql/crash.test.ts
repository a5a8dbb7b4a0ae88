import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import type { Connection } from 'mysql2/promise'
import { findInstalled } from '../../scripts/embedded-mysql/installed'
import { startMysql } from '../../scripts/embedded-mysql/start'
import type { StartedMysqlServer } from '../../scripts/embedded-mysql/start'
import { prepareUnpacked } from '../../scripts/embedded-mysql/unpacked'
import { mysql } from '../../src/mysql/mysql'
import { createTenancy } from '../../src/tenancy'
import { MigrationFolder } from '../support/migrations'
import { hookConnections } from './support/crash-points'
import { dump } from './support/dump'
import { compileProcess, runProcess } from './support/migrating-process'
import type { MysqlTenancy } from './support/town'

/*
 * A durable server of its own, which is killed and started again. Ids are written out: InnoDB takes back the rows of an
 * interrupted INSERT, and not the numbers that it drew for them.
 */
const STATEMENTS = [
  'create table a (id int primary key, name varchar(80) not null)',
  "insert into a values (1, 'one'), (2, 'two'), (3, 'three')",
  'alter table a add column total int not null default 100, add key a_name (name)',
  'update a set total = total + id',
  'create table b (id int primary key, a_id int, foreign key (a_id) references a (id))',
  'insert into b select id + 10, id from a',
  'create trigger b_insert before insert on b for each row begin set new.a_id = coalesce(new.a_id, 1); end',
  'insert into b (id) values (99)',
  'create view totals as select sum(a.total) as total, count(*) as n from a join b on b.a_id = a.id',
  'update a set total = total * (select n from totals)',
]
const SQL = { '20200101000000_ten.sql': `${STATEMENTS.join(';\n')};\n` }
const PROGRAM = {
  '20200101000000_ten.js': `exports.up = async (db) => { for (const sql of ${JSON.stringify(STATEMENTS)}) await db.query(sql) }; exports.down = false`,
}
const PREFIX = 'crash_'
const dataDir = mkdtempSync(join(tmpdir(), 'rowhouse-crash-'))
const folder = new MigrationFolder(SQL)

let compiled: string
let server: StartedMysqlServer
let owner: Connection
let expected: string
let tenancy: MysqlTenancy
let count = 0

async function start(port?: number): Promise<void> {
  const settings = ['--innodb-flush-log-at-trx-commit=1']
  server = await startMysql(findInstalled() ?? prepareUnpacked(), {
    dataDir,
    settings,
    ...(port && { port }),
  })
  owner = await createConnection({ uri: server.ownerUrl, multipleStatements: true })
  owner.on('error', () => {})
  tenancy = openTenancy()
}

function openTenancy(): MysqlTenancy {
  const { ownerUrl: uri } = server
  return createTenancy({
    engine: mysql({ uri, lockTimeoutMs: 60_000 }),
    prefix: PREFIX,
    migrations: folder.path,
  })
}

/** So that the next call opens a connection, and takes none that was kept, with or without a hook. */
async function reopen(): Promise<void> {
  await tenancy.close()
  tenancy = openTenancy()
}

/** An empty tenant of its own for each case. */
async function tenant(): Promise<string> {
  count += 1
  const id = `t${count}`
  await tenancy.create(id, { migrate: false })
  await reopen()
  return id
}

/** Migrates in a process of its own that is killed with -9 at a statement. */
async function killClientAt(id: string, statement: string, side: 'sent' | 'after'): Promise<void> {
  const { appUrl, ownerUrl } = server
  const order = { appUrl, ownerUrl, prefix: PREFIX, migrations: folder.path, tenant: id, statement, side }
  expect(await runProcess(compiled, order)).toEqual([null, 'SIGKILL'])
}

function loseConnection(connection: Connection): never {
  connection.destroy()
  throw Object.assign(new Error('lost on purpose'), { fatal: true })
}

function write(files: Readonly<Record<string, string>>): void {
  for (const name of ['20200101000000_ten.sql', '20200101000000_ten.js'])
    rmSync(join(folder.path, name), { force: true })
  for (const [name, text] of Object.entries(files)) folder.write(name, text)
}

/** What one rerun makes of a tenant is what an undisturbed run makes. */
async function expectHealed(id: string): Promise<void> {
  await reopen()
  expect(await tenancy.migrate(id)).toMatchObject({ status: 'ok' })
  expect(await dump(owner, PREFIX + id)).toBe(expected)
}

beforeAll(async () => {
  compiled = compileProcess('crash')
  await start()
  const id = await tenant()
  await tenancy.migrate(id)
  expected = await dump(owner, PREFIX + id)
  expect(expected).toContain('"total": "1628"')
}, 60_000)

afterAll(async () => {
  await tenancy.close()
  await owner.end()
  await server.stop()
  folder.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

afterEach(() => write(SQL))

test('a client that is killed with -9 in each statement in turn, and behind it, is healed by one rerun', async () => {
  for (const statement of STATEMENTS) {
    const heal = async (side: 'sent' | 'after'): Promise<void> => {
      const id = await tenant()
      await killClientAt(id, statement, side)
      await expectHealed(id)
    }
    await Promise.all([heal('sent'), heal('after')])
  }
}, 180_000)

test.each([
  ['an SQL file', SQL, 1],
  ['a program', PROGRAM, 5],
])(
  'a connection that is lost before each single query of the protocol is healed by one rerun: %s',
  async (_what, files, stride) => {
    write(files)
    let cases = 0
    for (let at = 1, isPassed = false; !isPassed; at += stride) {
      const id = await tenant()
      let seen = 0
      const restore = hookConnections({
        before(sql, connection) {
          // What only reads leaves nothing to be healed.
          if (/^\s*(select|show)\b/.test(sql)) return
          seen += 1
          if (seen === at) loseConnection(connection)
        },
      })
      await tenancy.migrate(id).catch(() => {})
      restore()
      await expectHealed(id)
      isPassed = seen < at
      cases += 1
    }
    expect(cases * stride).toBeGreaterThan(30)
  },
  180_000,
)

test('a server that is killed with -9 in each statement in turn and started again is healed by one rerun', async () => {
  for (const statement of STATEMENTS) {
    const id = await tenant()
    const restore = hookConnections({
      sent(sql) {
        if (sql.startsWith(statement)) process.kill(server.pid, 'SIGKILL')
      },
    })
    const outcome = await tenancy.migrate(id).catch((error: unknown) => error)
    restore()
    expect(outcome).toMatchObject({ code: 'ROWHOUSE_MIGRATION_FAILED', tenant: id })
    const { port } = server
    await tenancy.close()
    await server.stop()
    await start(port)
    await expectHealed(id)
  }
}, 180_000)

test('an ALTER that goes on after its client is dead is waited for, and not done twice', async () => {
  const id = await tenant()
  await owner.query('create table ??.big (id int primary key, text varchar(100))', [PREFIX + id])
  await owner.query("insert into ??.big select seq, repeat('x', 100) from seq_1_to_300000", [PREFIX + id])
  const alter = 'alter table big add column more int not null default 7, algorithm = copy'
  write({ '20200101000000_ten.sql': `${alter};\ncreate table done (id int);` })
  await killClientAt(id, alter, 'sent')
  const [running] = await owner.query(
    "select id from information_schema.processlist where info like 'alter table big%'",
  )
  expect(running).toHaveLength(1)
  expect(await tenancy.migrate(id)).toMatchObject({ versions: [20200101000000] })
  const [rows] = await owner.query('select sum(more) as total from ??.big', [PREFIX + id])
  expect(rows).toEqual([{ total: '2100000' }])
}, 60_000)

describe('what can not be known is refused by name, and a person ends it', () => {
  const unsure = 'insert into journal_of_myisam values (1)'
  const files = {
    '20200101000000_ten.sql': `create table journal_of_myisam (id int) engine = MyISAM;\n${unsure};\ncreate table behind (id int);\n`,
  }

  async function interrupted(): Promise<string> {
    write(files)
    const id = await tenant()
    await killClientAt(id, unsure, 'sent')
    for (let again = 0; again < 2; again += 1) {
      await expect(tenancy.migrate(id)).rejects.toMatchObject({
        code: 'ROWHOUSE_MIGRATION_UNFINISHED',
        tenant: id,
        migration: '20200101000000_ten',
        statement: 2,
        message: expect.stringContaining(unsure),
      })
    }
    return id
  }

  test.each([
    ['skip', { skip: true }, 1, true],
    ['retry', { retry: true }, 2, true],
    ['mark applied', { mark: 'applied' }, 1, false],
  ] as const)('repair: %s', async (_name, how, rows, goesOn) => {
    const id = await interrupted()
    expect(await tenancy.repair(id, how)).toEqual({
      status: 'ok',
      tenant: id,
      prefix: PREFIX + id,
      migration: '20200101000000_ten',
      direction: 'up',
      statement: 2,
    })
    expect((await tenancy.migrate(id)).versions).toEqual(goesOn ? [20200101000000] : [])
    const [found] = await owner.query('select * from ??.journal_of_myisam', [PREFIX + id])
    expect(found).toHaveLength(rows)
    expect((await tenancy.status(id)).versions).toEqual([20200101000000])
  })

  test('repair: mark reverted, and the migration is pending again', async () => {
    const id = await interrupted()
    await owner.query('drop table ??.journal_of_myisam', [PREFIX + id])
    await tenancy.repair(id, { mark: 'reverted' })
    expect((await tenancy.migrate(id)).versions).toEqual([20200101000000])
  })
})

test('a creation that is killed with -9 is nobody, and create goes on with it', async () => {
  await reopen()
  const restore = hookConnections({
    after(sql, connection) {
      if (!sql.startsWith(STATEMENTS[4]!)) return
      loseConnection(connection)
    },
  })
  await expect(tenancy.create('born')).rejects.toMatchObject({
    message: expect.stringContaining('create the tenant again'),
  })
  restore()
  await reopen()
  expect(await tenancy.exists('born')).toBe(false)
  expect(await tenancy.create('born')).toMatchObject({
    created: true,
    versions: [20200101000000],
  })
  expect(await dump(owner, `${PREFIX}born`)).toBe(expected)
})
