import { Registry } from 'prom-client'
import { tenancyMetrics } from 'rowhouse/metrics'
import type { TenancyMetricsOptions } from 'rowhouse/metrics'
import { listen } from '../../src/index'
import { tenantLabel } from '../../src/metrics/tenant-label'
import { fromHeader } from '../../src/request/from-header'
import { EngineTown } from '../engines/support/engine-town'
import { ENGINE_SERVERS } from '../support/engines'

const TENANTS = Array.from({ length: 200 }, (_, number) => `t${number}`)

describe('a label that names tenants', () => {
  test('has no more values than it may', () => {
    const label = tenantLabel(2)
    expect(['a', 'b', 'c', 'a', undefined].map(label)).toEqual(['a', 'b', 'other', 'a', 'none'])
  })

  test('never has a tenant pass for the others, or for work without one', () => {
    const label = tenantLabel(3)
    expect(['none', 'other', 'a', undefined].map(label)).toEqual(['other', 'other', 'a', 'none'])
    expect(['none', undefined].map(tenantLabel(['none']))).toEqual(['other', 'none'])
  })

  test('names those of a list alone', () => {
    const label = tenantLabel(['c'])
    expect(['a', 'c', undefined].map(label)).toEqual(['other', 'c', 'none'])
  })
})

test('a tenancy and a number of tenants are asked for, and nothing is left of what failed', () => {
  const register = new Registry()
  expect(() => tenancyMetrics(register, {})).toThrow(/need a tenancy/)
  expect(() => tenancyMetrics(register, {}, { tenants: 0 })).toThrow(/whole number/)
  expect(register.getMetricsAsArray()).toEqual([])
})

describe.each(ENGINE_SERVERS)('metrics on $name', (server) => {
  const town = new EngineTown(server, 'metrics', { size: 2 })
  const { tenancy } = town
  let register: Registry
  let stop = (): void => {}
  const start = (options?: TenancyMetricsOptions): void => {
    register = new Registry()
    stop = tenancyMetrics(register, tenancy, options)
  }
  beforeAll(async () => {
    for (const id of ['acme', 'globex']) await tenancy.create(id)
  })
  afterEach(() => stop())
  afterAll(() => town.close())

  /** `name{label="value"}` and its number, of one metric. */
  const read = async (name: string): Promise<Record<string, number>> => {
    const lines = (await register.metrics()).split('\n').filter((line) => line.startsWith(name))
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').pop())]),
    )
  }
  const admit = tenancy.middleware({ resolve: fromHeader('x-tenant'), authorize: () => true })
  const ask = (id: string): Promise<unknown> =>
    new Promise((resolve) =>
      admit({ headers: { 'x-tenant': id }, params: {} }, { setHeader: () => {} }, resolve),
    )

  test('have as many series after 200 tenants as after one', async () => {
    start()
    // What asks for all that can be told, once.
    const round = async (id: string): Promise<void> => {
      await ask(id)
      await tenancy.run(id, () => tenancy.pool.query('select 1')).catch(() => {})
      expect(() => tenancy.require()).toThrow()
    }
    for (const id of ['acme', 'globex', 'nobody', 'acme', 'globex']) await round(id)
    const before = (await register.metrics()).split('\n').length
    for (const id of TENANTS) await round(id)
    const text = await register.metrics()
    expect(text.split('\n')).toHaveLength(before)
    expect(text).not.toMatch(/"(acme|globex|t\d+)"/)
    expect(await read('rowhouse_requests_total{outcome="refused"')).toEqual({
      'rowhouse_requests_total{outcome="refused",code="ROWHOUSE_TENANT_NOT_FOUND"}': 201,
    })
  })

  test('tell no more than so many tenants apart, where they are asked to', async () => {
    start({ tenants: 3 })
    for (const id of ['acme', 'globex', ...TENANTS])
      await tenancy.run(id, () => tenancy.pool.query('select 1')).catch(() => {})
    const counts = await read('rowhouse_checkout_seconds_count')
    const named = Object.keys(counts).map((key) => /tenant="(\w+)"/.exec(key)![1])
    expect([...new Set(named)].sort()).toEqual(['acme', 'globex', 'other', 't0'])
  })

  test('count what happened', async () => {
    start()
    await tenancy.run('acme', () => town.insert('one'))
    await tenancy.run('globex', () => town.insert('two'))
    await (async () => tenancy.pool.query('select 1'))().catch(() => {})
    await tenancy.suspend('globex')
    await tenancy.unsuspend('globex')
    await tenancy.drop('nobody').catch(() => {})
    await tenancy.migrateAll({ direction: 'down', steps: 1 }).report()
    await tenancy.migrateAll().report()
    const { engine } = server
    expect(await read('rowhouse_refusals_total')).toEqual({
      'rowhouse_refusals_total{code="ROWHOUSE_TENANT_REQUIRED"}': 1,
    })
    expect(await read('rowhouse_tenant_changes_total')).toEqual({
      'rowhouse_tenant_changes_total{action="suspend",outcome="ok"}': 1,
      'rowhouse_tenant_changes_total{action="unsuspend",outcome="ok"}': 1,
      'rowhouse_tenant_changes_total{action="drop",outcome="failed"}': 1,
    })
    expect(await read('rowhouse_fleet_migrations_total')).toEqual({
      'rowhouse_fleet_migrations_total{outcome="done"}': 4,
    })
    const checkouts = `rowhouse_checkout_seconds_count{engine="${engine}",outcome="ok"}`
    expect((await read('rowhouse_checkout_seconds_count'))[checkouts]).toBeGreaterThanOrEqual(2)
    const switches = Object.values(await read('rowhouse_switches_total'))
    expect(switches.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(1)
    expect((await read('rowhouse_isolation_mismatches_total'))['rowhouse_isolation_mismatches_total']).toBe(0)
    expect([await town.kept('acme'), await town.kept('globex')]).toEqual([[], []])
  })

  test('show who waits for the pool', async () => {
    start()
    const lent = await tenancy.run('acme', () => Promise.all([town.lend(), town.lend()]))
    const waiting = tenancy.run('globex', () => town.names())
    await new Promise(setImmediate)
    expect(await read('rowhouse_pool')).toEqual({
      'rowhouse_pool_connections{state="idle"}': 0,
      'rowhouse_pool_connections{state="used"}': 2,
      rowhouse_pool_waiting: 1,
    })
    for (const client of lent) client.release()
    await waiting
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await read('rowhouse_pool')).toEqual({
      'rowhouse_pool_connections{state="idle"}': 2,
      'rowhouse_pool_connections{state="used"}': 0,
      rowhouse_pool_waiting: 0,
    })
  })

  test('end, and can begin again in the same registry', async () => {
    start()
    stop()
    expect(register.getMetricsAsArray()).toEqual([])
    stop = tenancyMetrics(register, tenancy)
    expect(register.getMetricsAsArray().length).toBe(10)
    let heard = 0
    listen({ request: () => (heard += 1) })()
    await ask('acme')
    expect(heard).toBe(0)
  })
})
