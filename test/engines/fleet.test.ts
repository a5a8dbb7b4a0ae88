import type { MigrationEvent } from '../../src/fleet/events'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import type { TownOptions } from './support/engine-town'

const IDS = ['a', 'b', 'c', 'd', 'e', 'f']
const LATE = 20200103000000
const NAME = '20200103000000_late'
const SECOND = 20200104000000

/** A migration of one statement up and one down. */
const file = (up: string, down = 'select 1'): string =>
  `-- Up Migration\n${up};\n-- Down Migration\n${down};\n`

describe.each(ENGINE_SERVERS)('a fleet on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  /** Tenants at head, and one migration more than that. */
  async function fleet(
    title: string,
    options: TownOptions = {},
    up = 'create table late (id int)',
  ): Promise<EngineTown['tenancy']> {
    town = new EngineTown(server, title, options)
    for (const id of IDS) await town.tenancy.create(id)
    town.folder.write(`${NAME}.sql`, file(up, 'drop table late'))
    return town.tenancy
  }

  const versionsOf = async (id: string): Promise<readonly number[]> =>
    (await town.tenancy.status(id)).versions
  const atHead = async (): Promise<string[]> => {
    const states = await Promise.all(IDS.map(async (id) => ((await versionsOf(id)).includes(LATE) ? id : '')))
    return states.filter((id) => id !== '')
  }
  /** Lets a migration fail for one tenant. */
  const spoil = (id: string): Promise<any[]> => town.asOwner('create table late (other int)', id)

  test('each tenant is migrated once, and a second run finds nothing to do', async () => {
    const tenancy = await fleet('each')
    const events: MigrationEvent[] = []
    const report = await tenancy.migrateAll({ onEvent: (event) => events.push(event) }).report()
    expect(report).toMatchObject({ ok: 6, failed: 0, notRun: [] })
    expect(report.results.map(({ tenant, versions }) => [tenant, versions]).sort()).toEqual(
      IDS.map((id) => [id, [LATE]]),
    )
    expect(events[0]).toEqual({
      event: 'plan',
      ...{ direction: 'up', tenants: 6, todo: 6 },
      groups: [{ tenants: 6, from: 20200102000000, migrations: [NAME] }],
    })
    expect(events.filter(({ event }) => event === 'done')).toHaveLength(6)
    const again = await tenancy.migrateAll().report()
    expect(again).toMatchObject({ ok: 6, failed: 0 })
    expect(again.results.flatMap(({ versions }) => versions)).toEqual([])
  })

  test('if the first tenant fails, no other is touched', async () => {
    const tenancy = await fleet('canary')
    await spoil('a')
    const report = await tenancy.migrateAll().report()
    expect(report).toMatchObject({ ok: 0, failed: 1, stopped: 'canary', notRun: ['b', 'c', 'd', 'e', 'f'] })
    expect(report.results[0]).toMatchObject({ tenant: 'a', status: 'error', migration: NAME })
    expect(await atHead()).toEqual([])
    const went = await tenancy.migrateAll({ canary: 0 }).report()
    expect(went).toMatchObject({ ok: 5, failed: 1, notRun: [] })
    expect(went.stopped).toBeUndefined()
    expect(await atHead()).toEqual(['b', 'c', 'd', 'e', 'f'])
  })

  test('the first ones go one by one, before all others', async () => {
    const tenancy = await fleet('first ones')
    const done: string[] = []
    let seen = 0
    await spoil('c')
    const report = await tenancy
      .migrateAll({
        canary: 3,
        onEvent: (event) => {
          if (event.event === 'done') done.push(event.tenant)
          if (event.event === 'failed') seen = done.length
        },
      })
      .report()
    expect([done, seen]).toEqual([['a', 'b'], 2])
    expect(report).toMatchObject({ stopped: 'canary', notRun: ['d', 'e', 'f'] })
  })

  test('after so many failures no further tenant is begun', async () => {
    const tenancy = await fleet('failures')
    for (const id of ['b', 'c', 'e']) await spoil(id)
    const report = await tenancy.migrateAll({ concurrency: 1, maxFailures: 2 }).report()
    expect(report).toMatchObject({ ok: 1, failed: 2, stopped: 'failures', notRun: ['d', 'e', 'f'] })
    expect(await atHead()).toEqual(['a'])
  })

  test('a signal ends it: tenants in hand are finished, the others are told', async () => {
    const tenancy = await fleet('signal')
    const controller = new AbortController()
    const onEvent = ({ event }: MigrationEvent): void => {
      if (event === 'done') controller.abort()
    }
    const report = await tenancy.migrateAll({ concurrency: 2, signal: controller.signal, onEvent }).report()
    expect(report.stopped).toBe('aborted')
    expect(report.ok + report.notRun.length).toBe(6)
    expect(report.notRun.length).toBeGreaterThan(0)
    const done = report.results.map(({ tenant }) => tenant).sort()
    expect(await atHead()).toEqual(done)
    const before = new AbortController()
    before.abort()
    const none = await tenancy.migrateAll({ signal: before.signal }).report()
    expect(none).toMatchObject({ stopped: 'aborted', failed: 0 })
    expect(await atHead()).toEqual(done)
    expect(await tenancy.migrateAll().report()).toMatchObject({ ok: 6, failed: 0, notRun: [] })
  })

  test('runs at the same time do nothing twice', async () => {
    const tenancy = await fleet('twice', {}, 'insert into widgets (name) values (1)')
    const reports = await Promise.all(
      [1, 2, 3].map(() => tenancy.migrateAll({ concurrency: 2, lockTimeoutMs: 5000 }).report()),
    )
    expect(reports.map(({ failed }) => failed)).toEqual([0, 0, 0])
    for (const id of IDS) expect(await town.kept(id)).toEqual(['1'])
    const ran = reports.flatMap(({ results }) => results.filter(({ versions }) => versions.length > 0))
    expect(ran.map(({ tenant }) => tenant).sort()).toEqual(IDS)
  })

  test('tenants in different states each get what they lack', async () => {
    const tenancy = await fleet('states')
    town.folder.write(`${SECOND}_more.sql`, file('create table more (id int)', 'drop table more'))
    await tenancy.migrate('b')
    await tenancy.migrate('c', { to: LATE })
    await tenancy.rollback('d', { steps: 1 })
    const { results } = await tenancy.migrateAll().report()
    expect(Object.fromEntries(results.map(({ tenant, versions }) => [tenant, versions]))).toEqual({
      ...{ a: [LATE, SECOND], b: [], c: [SECOND] },
      ...{ d: [20200102000000, LATE, SECOND], e: [LATE, SECOND], f: [LATE, SECOND] },
    })
    const back = await tenancy.migrateAll({ direction: 'down', to: LATE }).report()
    expect(back).toMatchObject({ ok: 6, failed: 0 })
    expect(back.results.every(({ versions }) => versions.join() === [SECOND, LATE].join())).toBe(true)
    expect(await atHead()).toEqual([])
  })

  test('a version that no file has is told before anything is done', async () => {
    const tenancy = await fleet('no version')
    await expect(tenancy.migrateAll({ to: 20990101000000 }).report()).rejects.toMatchObject({
      code: 'ROWHOUSE_MIGRATION_TARGET',
    })
    expect(await atHead()).toEqual([])
  })

  test('named tenants that are not there, or not ours, fail and the others go on', async () => {
    const tenancy = await fleet('named')
    await town.asOwner(`create schema ${town.schema('theirs')}`)
    const report = await tenancy.migrateAll({ tenants: ['nobody', 'a', 'theirs', 'b', 'a'] }).report()
    expect(report).toMatchObject({ ok: 2, failed: 2 })
    const codes = report.results.flatMap((result) =>
      result.status === 'error' ? [[result.tenant, (result.error as { code?: string }).code]] : [],
    )
    expect(codes).toEqual([
      ['nobody', 'ROWHOUSE_TENANT_NOT_FOUND'],
      ['theirs', 'ROWHOUSE_SCHEMA_NOT_OURS'],
    ])
    expect(await atHead()).toEqual(['a', 'b'])
  })

  test('a dry run tells what would be done, with its SQL, and writes nothing', async () => {
    const tenancy = await fleet('dry')
    await tenancy.migrate('a')
    const schemas = await town.schemas()
    const plan = await tenancy.planAll()
    expect(plan).toMatchObject({ tenants: 6, atHead: 1, problems: [] })
    expect(plan.groups).toHaveLength(1)
    expect(plan.groups[0]).toMatchObject({ from: 20200102000000, migrations: [NAME] })
    expect([...plan.groups[0]!.tenants].sort()).toEqual(['b', 'c', 'd', 'e', 'f'])
    expect(plan.groups[0]!.sql.join('\n')).toContain('create table late (id int)')
    expect(await atHead()).toEqual(['a'])
    expect(await town.schemas()).toEqual(schemas)
    const down = await tenancy.planAll({ direction: 'down', tenants: ['a'], steps: 2 })
    expect(down.groups[0]!.migrations).toEqual([NAME, '20200102000000_create_widgets'])
  })

  test('a tenant whose books a stranger keeps is a problem of that tenant alone', async () => {
    const tenancy = await fleet('odd books')
    await town.asOwner('drop table schema_migrations', 'c')
    await town.asOwner('create table schema_migrations (version varchar(20) primary key)', 'c')
    if (server.engine === 'mysql') return
    const report = await tenancy.migrateAll().report()
    expect(report).toMatchObject({ ok: 5, failed: 1 })
    expect(report.results.find(({ status }) => status === 'error')).toMatchObject({
      tenant: 'c',
      error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_TARGET' }),
    })
    expect((await tenancy.planAll()).problems).toMatchObject([{ tenant: 'c' }])
  })

  test('the hook is called for each that was migrated, in its context; one that fails is told', async () => {
    const called: string[] = []
    const hooks = {
      afterMigrate: async ({ tenant }: { tenant: string }) => {
        called.push(tenant)
        if (tenant === 'c') throw new Error('no seeds')
        await town.insert(`seed of ${tenant}`)
      },
    }
    const tenancy = await fleet('hook', { hooks })
    await tenancy.migrate('a')
    const report = await tenancy.migrateAll().report()
    expect(called.sort()).toEqual(IDS)
    expect(report).toMatchObject({ ok: 5, failed: 1 })
    expect(report.results.find(({ status }) => status === 'error')).toMatchObject({
      tenant: 'c',
      versions: [LATE],
      error: expect.objectContaining({ code: 'ROWHOUSE_HOOK_FAILED' }),
    })
    for (const id of IDS) expect(await town.kept(id)).toEqual(id === 'c' ? [] : [`seed of ${id}`])
    expect(await atHead()).toEqual(IDS)
  })

  test('a tenant that a reader holds is tried again, and holds up no other', async () => {
    const tenancy = await fleet('held', {}, 'alter table widgets add column late int')
    const reader = await tenancy.run('b', () => town.lend())
    await tenancy.run('b', async () => {
      await reader.query('begin')
      await reader.query('select * from widgets')
    })
    const order: string[] = []
    let released: Promise<unknown> = Promise.resolve()
    const onEvent = (event: MigrationEvent): void => {
      if (event.event === 'done' || event.event === 'retry') order.push(`${event.event} ${event.tenant}`)
      // Only once all others are done.
      if (order.filter((entry) => entry.startsWith('done')).length === 5 && order.at(-1) === 'retry b')
        released = tenancy.run('b', () => reader.query('rollback'))
    }
    const report = await tenancy
      .migrateAll({ lockTimeoutMs: 100, concurrency: 2, retries: 30, onEvent })
      .report()
    await released
    reader.release()
    expect(report).toMatchObject({ ok: 6, failed: 0 })
    expect(order.at(-1)).toBe('done b')
    expect(await versionsOf('b')).toContain(LATE)
  })

  test('a tenant that stays held is told with its migration, and can be migrated later', async () => {
    const tenancy = await fleet('stays held', {}, 'alter table widgets add column late int')
    const reader = await tenancy.run('b', () => town.lend())
    await tenancy.run('b', async () => {
      await reader.query('begin')
      await reader.query('select * from widgets')
    })
    const report = await tenancy.migrateAll({ lockTimeoutMs: 50, retries: 1 }).report()
    expect(report).toMatchObject({ ok: 5, failed: 1 })
    expect(report.results.find(({ status }) => status === 'error')).toMatchObject({
      tenant: 'b',
      migration: NAME,
      error: expect.objectContaining({ code: 'ROWHOUSE_MIGRATION_LOCKED' }),
    })
    await tenancy.run('b', () => reader.query('rollback'))
    reader.release()
    expect(await tenancy.migrateAll().report()).toMatchObject({ ok: 6, failed: 0 })
  })

  test('what an observer throws ends the run', async () => {
    const tenancy = await fleet('observer')
    const run = tenancy.migrateAll({
      onEvent: ({ event }) => {
        if (event === 'plan') throw new Error('enough')
      },
    })
    await expect(run.report()).rejects.toThrow('enough')
    expect(await atHead()).toEqual([])
  })

  test.each(['done', 'failed', 'stopped'] as const)(
    'what an observer throws at %s ends the run, and is no tenant’s failure',
    async (last) => {
      const tenancy = await fleet(`thrown at ${last}`)
      if (last !== 'done') await spoil('a')
      const outcomes: unknown[] = []
      const told: string[] = []
      const run = async (): Promise<void> => {
        const onEvent = ({ event }: MigrationEvent): void => {
          told.push(event)
          if (event === last) throw new Error('enough')
        }
        for await (const { tenant, status } of tenancy.migrateAll({ onEvent }))
          outcomes.push([tenant, status])
      }
      await expect(run()).rejects.toThrow('enough')
      expect(outcomes).toEqual([['a', last === 'done' ? 'ok' : 'error']])
      expect(told.at(-1)).toBe(last)
      expect(await atHead()).toEqual(last === 'done' ? ['a'] : [])
      expect(await tenancy.migrateAll({ canary: 0 }).report()).toMatchObject({
        failed: last === 'done' ? 0 : 1,
      })
    },
  )

  test('a tenant that is dropped meanwhile stops nobody, and is no first one', async () => {
    const hooks = {
      afterMigrate: async ({ tenant }: { tenant: string }) => {
        if (tenant === 'a') for (const id of ['b', 'd']) await town.tenancy.drop(id)
      },
    }
    const tenancy = await fleet('dropped', { hooks })
    await spoil('c')
    const first = await tenancy.migrateAll({ canary: 2 }).report()
    expect(first).toMatchObject({ ok: 1, failed: 2, stopped: 'canary', notRun: ['d', 'e', 'f'] })
    expect(first.results[1]).toMatchObject({ tenant: 'b', error: { code: 'ROWHOUSE_TENANT_NOT_FOUND' } })
    const named = { tenants: ['d', 'e', 'f'], canary: 1 }
    expect((await tenancy.migrateAll(named).report()).ok).toBe(2)
  })
})
