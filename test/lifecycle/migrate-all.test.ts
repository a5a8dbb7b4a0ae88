import { expectNoConnections } from '../support/leak-guard'
import { SERVERS } from '../support/servers'
import { Town } from './support'

const IDS = Array.from({ length: 12 }, (_, index) => `t${String(index).padStart(2, '0')}`)

describe.each(SERVERS)('migrateAll on $name', (server) => {
  let town: Town
  afterEach(async () => {
    await town.close()
    await expectNoConnections(server, town.prefix)
  })

  async function fleet(title: string): Promise<void> {
    town = await Town.open(server, title)
    for (const id of IDS) await town.tenancy.create(id, { migrate: false })
  }

  test('every tenant is migrated once, and told of', async () => {
    await fleet('every')
    const seen: string[] = []
    for await (const outcome of town.tenancy.migrateAll({ concurrency: 3 })) {
      expect(outcome).toMatchObject({ status: 'ok', versions: [20200101000000, 20200102000000] })
      seen.push(outcome.tenant)
    }
    expect(seen.sort()).toEqual(IDS)
    const again = await town.tenancy.migrateAll().report()
    expect(again).toMatchObject({ ok: 12, failed: 0 })
    expect(again.results.flatMap(({ versions }) => versions)).toEqual([])
  })

  test('one tenant that fails stops no other', async () => {
    await fleet('one fails')
    await town.owner.query(`create table ${town.prefix}t05.widgets (id int)`)
    const report = await town.tenancy.migrateAll({ concurrency: 2 }).report()
    expect(report).toMatchObject({ ok: 11, failed: 1 })
    expect(report.results.find(({ status }) => status === 'error')).toMatchObject({
      tenant: 't05',
      prefix: `${town.prefix}t05`,
      migration: '20200102000000_create_widgets',
      versions: [],
      error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_FAILED' }),
    })
    expect((await town.tenancy.status('t05')).versions).toEqual([])
    expect((await town.tenancy.status('t11')).versions).toHaveLength(2)
  })

  test('a connection that dies costs its tenant and no other', async () => {
    await fleet('dies')
    town.folder.write(
      '20200103000000_die.js',
      `exports.up = async (pgm) => {
         const { rows } = await pgm.db.query("select current_schema() as schema")
         if (rows[0].schema.endsWith('t03')) await pgm.db.query('select pg_terminate_backend(pg_backend_pid())')
       }; exports.down = false`,
    )
    const report = await town.tenancy.migrateAll({ concurrency: 1 }).report()
    expect(report.results.filter(({ status }) => status === 'error').map(({ tenant }) => tenant)).toEqual([
      't03',
    ])
    expect(report.ok).toBe(11)
  })

  test('some tenants, in the other direction', async () => {
    await fleet('some')
    await town.tenancy.migrateAll().report()
    const report = await town.tenancy
      .migrateAll({ direction: 'down', to: 20200101000000, tenants: ['t01', { id: 't02' }] })
      .report()
    expect(report.results.map(({ tenant, versions }) => [tenant, versions]).sort()).toEqual([
      ['t01', [20200102000000, 20200101000000]],
      ['t02', [20200102000000, 20200101000000]],
    ])
    expect((await town.tenancy.status('t03')).versions).toHaveLength(2)
  })

  test('leaving the loop stops the rest', async () => {
    await fleet('leaving')
    for await (const outcome of town.tenancy.migrateAll({ concurrency: 2 })) {
      expect(outcome.status).toBe('ok')
      break
    }
    const states = await Promise.all(IDS.map(async (id) => (await town.tenancy.status(id)).versions.length))
    expect(states.filter((count) => count > 0).length).toBeLessThan(IDS.length)
  })

  test('the pool of the application is not touched', async () => {
    await fleet('pool')
    await town.tenancy.migrateAll({ concurrency: 4, tenants: IDS }).report()
    expect(town.tenancy.pool.totalCount).toBe(0)
  })

  test('a bad id or concurrency stops the run before it begins', async () => {
    town = await Town.open(server, 'bad')
    expect(() => town.tenancy.migrateAll({ tenants: ['ok', 'NOT ok'] })).toThrow(
      expect.objectContaining({ code: 'ROWHOUSE_TENANT_ID_INVALID' }),
    )
    expect(() => town.tenancy.migrateAll({ concurrency: 0 })).toThrow(
      expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }),
    )
  })

  test('more tenants than one question can hold are all listed', async () => {
    town = await Town.open(server, 'many')
    await town.tenancy.create('t000', { migrate: false })
    const app = new URL(server.appUrl).username
    for (let at = 1; at <= 230; at += 1) {
      const id = `t${String(at).padStart(3, '0')}`
      const schema = town.prefix + id
      await town.owner.query(
        `create schema ${schema};
         create table ${schema}._rowhouse as select tenancy, '${id}' as tenant, state from ${town.prefix}t000._rowhouse;
         grant usage on schema ${schema} to ${app}; grant select on ${schema}._rowhouse to ${app}`,
      )
    }
    const ids = (await town.tenancy.list()).map(({ tenant }) => tenant)
    expect(ids).toHaveLength(231)
    expect(ids).toEqual([...ids].sort())
  })
})
