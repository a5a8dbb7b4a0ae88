import { SERVERS, withOwner } from '../support/servers'
import { eventually, Gate, Town } from './support'

const A = { '20200101000000_a.sql': 'create table a (id int)' }
const INDEX = {
  '20200102000000_index.js':
    "exports.up = (pgm) => { pgm.noTransaction(); pgm.createIndex('a', 'id', { concurrently: true }) }; exports.down = false",
}

describe.each(SERVERS)('a create that fails on $name', (server) => {
  let town: Town
  let gate: Gate
  afterEach(async () => {
    await gate.open().catch(() => {})
    await town.close()
  })

  async function start(
    title: string,
    files: Readonly<Record<string, string>>,
    last: string,
  ): Promise<string> {
    gate = await Gate.close(server, title)
    town = await Town.open(server, title, { ...files, '20200103000000_last.sql': `${gate.sql} ${last}` })
    return `${town.prefix}acme`
  }

  test('drops no schema that somebody else made under the name meanwhile', async () => {
    const schema = await start('race', A, 'select 1/0')
    const creation = town.tenancy.create('acme').catch((error: Error) => error)
    await gate.reached()
    const theirs = town.owner.query(`create schema ${schema} create table precious (id int)`)
    const pid = (town.owner as unknown as { processID: number }).processID
    await withOwner(server, async (client) => {
      await eventually(async () => {
        const sql = 'select from pg_locks where pid = $1 and not granted'
        return (await client.query(sql, [pid])).rowCount || undefined
      })
    })
    await gate.open()
    // The second look, which is to say what failed, finds their schema.
    expect(await creation).toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    await theirs
    expect(await town.relations(schema)).toEqual(['precious'])
  })

  test('a schema that somebody else made in the same moment is told as not ours', async () => {
    const schema = await start('told', {}, 'select 1')
    await town.owner.query(`begin; create schema ${schema}`)
    const creation = town.tenancy.create('acme').catch((error: Error) => error)
    await withOwner(server, (client) =>
      eventually(async () => {
        const sql = "select from pg_stat_activity where wait_event_type = 'Lock' and query = $1"
        return (await client.query(sql, [`create schema "${schema}"`])).rowCount || undefined
      }),
    )
    await town.owner.query('commit')
    expect(await creation).toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS', tenant: 'acme' })
  })

  test('for a lost connection says so, not that it could not clean up', async () => {
    await start('lost', { ...A, ...INDEX }, 'select 1')
    const creation = town.tenancy.create('acme').catch((error: Error) => error)
    await town.owner.query('select pg_terminate_backend($1)', [await gate.reached()])
    expect(await creation).toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      migration: '20200103000000_last',
      cause: expect.objectContaining({ code: '57P01' }),
      message: expect.stringMatching(/half made.*create it again, or drop it/),
    })
    await gate.open()
    expect(await town.tenancy.list()).toMatchObject([{ tenant: 'acme', state: 'creating' }])
  })

  test('half made, it is not there for requests, and is shown to operators', async () => {
    const schema = await start('half', { ...A, ...INDEX }, 'select 1')
    const creation = town.tenancy.create('acme')
    await gate.reached()
    expect(await town.tenancy.exists('acme')).toBe(false)
    expect(await town.tenancy.list()).toEqual([{ tenant: 'acme', prefix: schema, state: 'creating' }])
    expect(await town.tenancy.status('acme')).toMatchObject({
      state: 'creating',
      pending: ['20200103000000_last'],
    })
    await gate.open()
    expect(await creation).toMatchObject({ created: true })
    expect(await town.tenancy.exists('acme')).toBe(true)
    expect((await town.tenancy.status('acme')).state).toBe('active')
  })

  test('half made, it is neither migrated nor served nor counted, and a later create makes it anew', async () => {
    const schema = await start('anew', { ...A, ...INDEX }, 'select 1')
    const creation = town.tenancy.create('acme').catch(() => {})
    await town.owner.query('select pg_terminate_backend($1)', [await gate.reached()])
    await creation
    await gate.open()
    for (const call of [
      town.tenancy.migrate('acme'),
      town.tenancy.rollback('acme'),
      town.tenancy.unsuspend('acme'),
      town.tenancy.adopt('acme'),
    ]) {
      await expect(call).rejects.toMatchObject({
        code: 'ROWHOUSE_TENANT_NOT_FOUND',
        message: expect.stringMatching(/half made.*create it again, or drop it/),
      })
    }
    expect(await town.tenancy.migrateAll().report()).toEqual({ ok: 0, failed: 0, results: [], notRun: [] })
    await town.owner.query(`create table ${schema}.left_over (id int)`)
    expect(await town.tenancy.create('acme', { ifExists: 'error' })).toMatchObject({
      created: true,
      versions: [20200101000000, 20200102000000, 20200103000000],
    })
    expect(await town.relations(schema)).not.toContain('left_over')
    expect((await town.tenancy.status('acme')).state).toBe('active')
  })

  test('tells the migration whose deferred constraint ends the transaction', async () => {
    const sql =
      'alter table a add primary key (id); create table b (a int references a deferrable initially deferred); insert into b values (1)'
    await start('deferred', A, sql)
    await gate.open()
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_FAILED',
      migration: '20200103000000_last',
      cause: expect.objectContaining({ code: '23503' }),
    })
    expect(await town.schemas()).toEqual([])
  })

  test('half made, it can be dropped', async () => {
    await start('dropped', { ...A, ...INDEX }, 'select 1')
    const creation = town.tenancy.create('acme').catch(() => {})
    await town.owner.query('select pg_terminate_backend($1)', [await gate.reached()])
    await creation
    await gate.open()
    await town.tenancy.drop('acme')
    expect(await town.schemas()).toEqual([])
  })
})
