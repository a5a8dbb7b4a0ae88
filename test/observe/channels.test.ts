import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHANNELS, createTenancy, listen } from '../../src/index'
import { recordingEngine } from '../../src/testing/recording-engine'
import type { ChannelMessages } from '../../src/index'
import { fromHeader } from '../../src/request/from-header'
import { EngineTown } from '../engines/support/engine-town'
import { ENGINE_SERVERS } from '../support/engines'

const ROOT = join(__dirname, '../..')

describe('the list of channels', () => {
  const page = readFileSync(join(ROOT, 'docs/observability.md'), 'utf8')
  const names = Object.values(CHANNELS)

  test('is the table of docs/observability.md', () => {
    const rows = [...page.matchAll(/^\| `(rowhouse:\w+)` \| `CHANNELS\.(\w+)` \|/gm)]
    expect(Object.fromEntries(rows.map(([, name, key]) => [key, name]))).toEqual(CHANNELS)
  })

  test('has every channel of the source', () => {
    const folder = join(ROOT, 'src')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    const found = files.flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      return [...text.matchAll(/_CHANNEL = '(rowhouse:\w+)'/g)].map(([, name]) => name!)
    })
    expect(found.sort()).toEqual([...names].sort())
  })

  test('each field of each message is told', () => {
    const fields = [
      'error',
      'tenancy',
      'outcome',
      'tenant',
      'from',
      'to',
      'cleared',
      'ms',
      'action',
      'result',
      'event',
      'scope',
    ]
    expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([])
  })
})

test('listen() subscribes to all that it is given, or to nothing', () => {
  const heard: unknown[] = []
  const given = { refusal: (message: unknown) => heard.push(message), typo() {} }
  expect(() => listen(given as never)).toThrow(expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }))
  const none = { refusal: (message: unknown) => heard.push(message), query: undefined }
  expect(() => listen(none as never)).toThrow(expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }))
  const tenancy = createTenancy({ engine: recordingEngine() })
  expect(() => tenancy.require()).toThrow()
  expect(heard).toEqual([])
})

test('listen() ends what it began, and only that', () => {
  const heard: unknown[] = []
  const other = (message: unknown): void => void heard.push(message)
  subscribe(CHANNELS.refusal, other)
  const end = listen({ refusal: () => heard.push('ours'), query: () => {} })
  end()
  end()
  const town = new EngineTown(ENGINE_SERVERS[0]!, 'unheard')
  expect(() => town.tenancy.require()).toThrow(/needs a tenant/)
  unsubscribe(CHANNELS.refusal, other)
  expect(heard).toEqual([{ error: expect.objectContaining({ code: 'ROWHOUSE_TENANT_REQUIRED' }) }])
  return town.close()
})

type Told = { -readonly [Name in keyof ChannelMessages]: ChannelMessages[Name][] }

describe.each(ENGINE_SERVERS)('what is told on $name', (server) => {
  const town = new EngineTown(server, 'told', { size: 1, name: 'shop' })
  const { tenancy } = town
  const told = {} as Told
  let end: () => void
  beforeAll(async () => {
    for (const id of ['acme', 'globex']) await tenancy.create(id)
  })
  beforeEach(() => {
    const names = Object.keys(CHANNELS) as (keyof Told)[]
    for (const name of names) told[name] = []
    end = listen(
      Object.fromEntries(names.map((name) => [name, (message: never) => void told[name].push(message)])),
    )
  })
  afterEach(() => end())
  afterAll(() => town.close())

  test('a connection that goes from tenant to tenant, and what it cleared', async () => {
    // A loan may leave anything, so what comes behind it is cleared; a plain read leaves nothing.
    for (const [id, isLent] of [
      ['acme', false],
      ['acme', true],
      ['globex', false],
      ['acme', false],
    ] as const)
      await tenancy.run(id, async () => {
        if (!isLent) return void (await town.names())
        const client = await town.lend()
        await client.query("select 'x' as anything")
        client.release()
      })
    await tenancy.withoutTenant(() => tenancy.pool.query('select 1'))
    const { engine } = server
    const switches = told.switch.filter(({ from, to }) => from !== undefined || to !== undefined)
    expect(switches).toEqual([
      { engine, from: undefined, to: 'acme', cleared: false },
      { engine, from: 'acme', to: 'globex', cleared: true },
      { engine, from: 'globex', to: 'acme', cleared: false },
      { engine, from: 'acme', to: undefined, cleared: false },
    ])
    expect(told.query.map(({ tenant }) => tenant)).toEqual(
      expect.arrayContaining(['acme', 'globex', undefined]),
    )
  })

  test('how long each call waited, by the tenant that asked', async () => {
    const { engine } = server
    const slow = engine === 'postgres' ? 'select pg_sleep(0.1)' : 'select sleep(0.1)'
    await Promise.all([
      tenancy.run('acme', () => tenancy.pool.query(slow)),
      tenancy.run('globex', () => town.names()),
    ])
    expect(told.checkout.map(({ engine, tenant, error }) => [engine, tenant, error])).toEqual([
      [engine, 'acme', undefined],
      [engine, 'globex', undefined],
    ])
    expect(told.checkout[1]!.ms).toBeGreaterThan(80)
    expect(told.checkout[1]!.ms).toBeLessThan(10_000)
  })

  test('what a subscriber asks the pool there is asked by nobody', async () => {
    const answers: Promise<unknown>[] = []
    const ask = (): void =>
      void answers.push(Promise.resolve(tenancy.pool.query('select 1')).catch((error: unknown) => error))
    const stop = listen({ checkout: ask, switch: ask, query: ask })
    await tenancy.run('globex', () => town.names())
    await tenancy.run('acme', () => town.insert('of the asked'))
    stop()
    expect(answers.length).toBeGreaterThanOrEqual(3)
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
    expect(await town.kept('acme')).toEqual(['of the asked'])
    expect(await town.kept('globex')).toEqual([])
  })

  test('a query that waited for its connection is told of by nobody, not by who gave the connection back', async () => {
    const seen: unknown[] = []
    const stop = listen({ query: ({ tenant }) => seen.push([tenant, tenancy.current()?.id]) })
    const client = await tenancy.run('acme', () => town.lend())
    const waiting = tenancy.run('globex', () => town.names())
    await tenancy.run('acme', async () => {
      await client.query('select 1')
      client.release()
    })
    await waiting
    stop()
    expect(seen).toEqual(expect.arrayContaining([['acme', undefined], ['globex', undefined]])) // prettier-ignore
    expect(seen.filter((pair) => (pair as unknown[])[1] !== undefined)).toEqual([])
  })

  test('calls without a tenant, and with one that is not theirs', async () => {
    await (async () => tenancy.pool.query('select 1'))().catch(() => {})
    const client = await tenancy.run('acme', () => town.lend())
    await tenancy.run('globex', async () => client.query('select 1')).catch(() => {})
    client.release()
    expect(told.refusal.map(({ error: { code, tenant } }) => [code, tenant])).toEqual([
      ['ROWHOUSE_TENANT_REQUIRED', undefined],
      ['ROWHOUSE_TENANT_MISMATCH', 'acme'],
    ])
  })

  test('requests that are let in, refused, or failed', async () => {
    const admit = tenancy.middleware({
      resolve: fromHeader('x-tenant'),
      authorize: (_req, { id }) => {
        if (id === 'globex') throw new Error('of the application')
        return true
      },
    })
    const ask = (id: string): Promise<unknown> =>
      new Promise((resolve) =>
        admit({ headers: { 'x-tenant': id }, params: {} }, { setHeader: () => {} }, resolve),
      )
    for (const id of ['acme', 'nobody', 'globex']) await ask(id)
    expect(
      told.request.map(({ outcome, tenant, error }) => [outcome, tenant, (error as Error)?.message]),
    ).toEqual([
      ['admitted', 'acme', undefined],
      ['refused', 'nobody', expect.any(String)],
      ['failed', undefined, 'of the application'],
    ])
    expect(told.request[0]!.tenancy).toContain('shop')
  })

  test('tenants that are made, changed and dropped, or could not be', async () => {
    await tenancy.create('new')
    await tenancy.suspend('new')
    await tenancy.rename('new', 'newer')
    await tenancy.migrate('nobody').catch(() => {})
    await tenancy.drop('newer', server.engine === 'postgres' ? { cascade: true } : {})
    expect(
      told.tenant.map(({ action, tenant, tenancy, error }) => [
        action,
        tenant,
        tenancy,
        (error as any)?.code,
      ]),
    ).toEqual([
      ['create', 'new', 'shop', undefined],
      ['suspend', 'new', 'shop', undefined],
      ['rename', 'new', 'shop', undefined],
      ['migrate', 'nobody', 'shop', 'ROWHOUSE_TENANT_NOT_FOUND'],
      ['drop', 'newer', 'shop', undefined],
    ])
    expect(told.tenant[0]!.result).toMatchObject({ created: true, tenant: 'new' })
    expect(told.tenant.every(({ ms }) => ms > 0 && ms < 60_000)).toBe(true)
  })

  test('the events of a run over all tenants', async () => {
    await tenancy.migrateAll({ direction: 'down', steps: 1 }).report()
    await tenancy.migrateAll().report()
    const done = told.fleet.flatMap(({ tenancy, event }) =>
      event.event === 'done' ? [`${tenancy} ${event.tenant}`] : [],
    )
    expect(done.sort()).toEqual(['shop acme', 'shop acme', 'shop globex', 'shop globex'])
    expect(told.fleet[0]!.event.event).toBe('plan')
  })

  test('nothing that a query was given', async () => {
    await tenancy.run('acme', () => town.insert('SECRET'))
    const { scope, ...others } = told
    expect(scope.length).toBeGreaterThan(0)
    expect(JSON.stringify(others)).not.toContain('SECRET')
    expect(told.query.length).toBeGreaterThan(0)
  })
})
