import { setTimeout as sleep } from 'node:timers/promises'
import { lockNameOf } from '../../src/mysql/migration-lock'
import { MYSQL_SERVERS } from '../support/servers'
import { compileProcess, runProcess } from './support/migrating-process'
import { MysqlTown } from './support/town'

const IDS = Array.from({ length: 8 }, (_, at) => `t${at}`)
/** Each statement that ran twice would show: by a row too many, a total too high, or an error. */
const FILES = {
  '20200101000000_a.sql': `create table a (id int auto_increment primary key, n int);
    insert into a (n) values (1);
    alter table a add column total int not null default 0;
    update a set total = total + 1;`,
  '20200102000000_b.js': `exports.up = async (db) => {
    await db.query('insert into a (n, total) values (?, 10)', [2])
    await db.query('update a set total = total + 5')
    await db.query('create table b (id int)')
    await db.query('insert into b select count(*) from a')
  }; exports.down = false`,
}

describe.each(MYSQL_SERVERS)('processes that migrate the same tenants at once on $name', (server) => {
  let town: MysqlTown
  let compiled: string
  beforeAll(() => {
    compiled = compileProcess('processes')
  })
  beforeEach(async () => {
    town = await MysqlTown.open(server, expect.getState().currentTestName!, FILES)
    for (const id of IDS) await town.tenancy.create(id, { migrate: false })
  })
  afterEach(() => town.close())

  const run = (more: object = {}): Promise<unknown[]> =>
    runProcess(compiled, { ...server, prefix: town.prefix, migrations: town.folder.path, ...more })

  async function holderOf(id: string): Promise<unknown> {
    const [[row]] = (await town.owner.query('select is_used_lock(?) as holder', [
      lockNameOf(town.schema(id)),
    ])) as unknown as [{ holder: unknown }[]]
    return row!.holder
  }

  async function expectOnce(): Promise<void> {
    for (const id of IDS) {
      expect([id, await town.rows(id, 'select n, total from a order by id')]).toEqual([
        id,
        [
          { n: 1, total: 6 },
          { n: 2, total: 15 },
        ],
      ])
      expect(await town.rows(id, 'select id from b')).toEqual([{ id: 2 }])
      expect((await town.tenancy.status(id)).versions).toHaveLength(2)
    }
  }

  test('do nothing twice, and all of them succeed', async () => {
    expect(await Promise.all([run(), run(), run()])).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ])
    await expectOnce()
  }, 60_000)

  test.each(['insert into a (n) values', 'alter table a', 'update a set total = total + 5', 'insert into b'])(
    'go on with what one of them left that was killed: %s',
    async (statement) => {
      const killed = run({ tenant: 't5', statement, side: 'after' })
      // The others come when it has begun, and find its tenant locked, or left as it is.
      while ((await holderOf('t5')) === null) await sleep(1)
      expect(await Promise.all([killed, run(), run()])).toEqual([
        [null, 'SIGKILL'],
        [0, null],
        [0, null],
      ])
      await expectOnce()
    },
    60_000,
  )
})
