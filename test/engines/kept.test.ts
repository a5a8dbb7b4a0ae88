import { keptUntil } from '../../src/lifecycle/keep'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import type { TownOptions } from './support/engine-town'

const DAY = 24 * 60 * 60 * 1000

test('keep is a time: milliseconds, or a text', () => {
  expect(keptUntil(5, 1000)).toEqual(new Date(1005))
  expect(keptUntil('30d', 0)).toEqual(new Date(30 * DAY))
  expect(keptUntil('2 weeks', 0)).toEqual(new Date(14 * DAY))
  for (const keep of ['', 'soon', '-1d', '0', 0, -5, NaN, Infinity, '11y', 'x'.repeat(200), null, {}])
    expect(() => keptUntil(keep as string)).toThrow(expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }))
})

describe.each(ENGINE_SERVERS)('a drop that keeps the data on $name', (server) => {
  let town: EngineTown
  afterEach(() => town.close())

  async function open(title: string, options: TownOptions = {}): Promise<EngineTown['tenancy']> {
    town = new EngineTown(server, `kept ${title}`, options)
    for (const id of ['acme', 'globex']) await town.settle(id)
    return town.tenancy
  }
  const keptIn = async (schema: string): Promise<string[]> =>
    (await town.asOwner(`select name from ${schema}.widgets order by id`)).map(({ name }) => name as string)

  test.each([{ hasRoles: false }, { hasRoles: true }])(
    'the tenant is gone for everybody, its name is free, and it comes back whole: %o',
    async ({ hasRoles }) => {
      const tenancy = await open(`life ${hasRoles}`, { hasRoles })
      await tenancy.suspend('acme')
      const before = Date.now()
      const dropped = await tenancy.drop('acme', { keep: '30d' })
      expect(dropped).toEqual({
        ...{ status: 'ok', tenant: 'acme', prefix: town.schema('acme') },
        keptAs: expect.stringMatching(/^_dropped_\d{14}_[0-9a-f]{12}$/),
        keptUntil: expect.any(String),
      })
      expect(Math.abs(Date.parse(dropped.keptUntil) - before - 30 * DAY)).toBeLessThan(60_000)
      expect((await tenancy.list()).map(({ tenant }) => tenant)).toEqual(['globex'])
      expect([await tenancy.exists('acme'), await town.schemas()]).toEqual([false, [town.schema('globex')]])
      for (const call of [
        () => tenancy.migrate('acme'),
        () => tenancy.drop('acme'),
        () => tenancy.drop('acme', { keep: 1000 }),
        () => tenancy.status('acme'),
        () => town.namesOf('acme'),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND', tenant: 'acme' })
      expect((await tenancy.migrateAll().report()).results.map(({ tenant }) => tenant)).toEqual(['globex'])
      expect(await tenancy.listDropped()).toEqual([
        {
          ...{ tenant: 'acme', prefix: town.schema('acme') },
          ...{ keptAs: dropped.keptAs, keptUntil: dropped.keptUntil, droppedAt: expect.any(String) },
        },
      ])
      const [{ droppedAt }] = (await tenancy.listDropped()) as any
      expect(Math.abs(Date.parse(droppedAt) - before)).toBeLessThan(60_000)

      await town.settle('acme', 'second')
      await expect(tenancy.undrop('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_EXISTS' })
      expect([await town.namesOf('acme'), await keptIn(dropped.keptAs)]).toEqual([['second'], ['of acme']])
      await tenancy.drop('acme')

      expect(await tenancy.undrop('acme')).toEqual({
        status: 'ok',
        tenant: 'acme',
        prefix: town.schema('acme'),
      })
      expect(await tenancy.listDropped()).toEqual([])
      expect((await tenancy.status('acme')).state).toBe('suspended')
      await tenancy.unsuspend('acme')
      await tenancy.run('acme', () => town.insert('again'))
      expect([await town.namesOf('acme'), await town.namesOf('globex')]).toEqual([
        ['of acme', 'again'],
        ['of globex'],
      ])
      expect(await tenancy.migrate('acme')).toMatchObject({ versions: [] })
      await expect(tenancy.undrop('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
    },
  )

  test('several drops of one id keep apart, and each can be brought back or purged', async () => {
    const tenancy = await open('several')
    const first = await tenancy.drop('acme', { keep: 30 * DAY })
    await town.settle('acme', 'second')
    const second = await tenancy.drop('acme', { keep: '1h' })
    await town.settle('acme', 'third')
    const third = await tenancy.drop('acme', { keep: '1 minute' })
    const kept = async (): Promise<string[]> => (await tenancy.listDropped()).map(({ keptAs }) => keptAs)
    expect(await kept()).toEqual([third.keptAs, second.keptAs, first.keptAs])
    await tenancy.undrop('acme', { keptAs: second.keptAs })
    expect(await town.namesOf('acme')).toEqual(['second'])
    await expect(tenancy.undrop('globex', { keptAs: first.keptAs })).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
    await tenancy.drop('acme')
    await tenancy.undrop('acme')
    expect(await town.namesOf('acme')).toEqual(['third'])
    expect(await kept()).toEqual([first.keptAs])
    expect((await tenancy.purge({ tenant: 'acme' })).map(({ keptAs }) => keptAs)).toEqual([first.keptAs])
    expect([await town.namesOf('acme'), await kept()]).toEqual([['third'], []])
    await expect(tenancy.purge({ tenant: 'acme' })).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
  })

  test('purge of what is expired leaves the rest, and what is another tenancy’s', async () => {
    const tenancy = await open('purge')
    const other = new EngineTown(server, 'kept other', { prefix: `${town.prefix}x_` })
    try {
      await other.tenancy.create('acme')
      await other.tenancy.drop('acme', { keep: 1 })
      const { keptAs } = await tenancy.drop('acme', { keep: 1 })
      await tenancy.drop('globex', { keep: '1d' })
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await tenancy.purge({ expired: true })).toMatchObject([{ tenant: 'acme', keptAs }])
      expect((await tenancy.listDropped()).map(({ tenant }) => tenant)).toEqual(['globex'])
      expect(await other.tenancy.listDropped()).toHaveLength(1)
      expect(await tenancy.purge({ expired: true })).toEqual([])
      for (const wrong of [{}, { expired: true, tenant: 'globex' }])
        await expect(tenancy.purge(wrong as never)).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
    } finally {
      await other.close()
    }
  })

  test('hooks are called, and a beforeDrop that throws keeps the tenant', async () => {
    const calls: unknown[] = []
    let isRefused = true
    const tenancy = await open('hooks', {
      hooks: {
        beforeDrop: async ({ tenant }) => {
          if (isRefused) throw new Error('no')
          calls.push([tenant, await town.names()])
        },
        afterDrop: ({ tenant, keptUntil: until }) => void calls.push([tenant, until?.toISOString()]),
      },
    })
    await expect(tenancy.drop('acme', { keep: '1d' })).rejects.toMatchObject({ code: 'ROWHOUSE_HOOK_FAILED' })
    expect([await town.namesOf('acme'), await tenancy.listDropped()]).toEqual([['of acme'], []])
    isRefused = false
    const { keptUntil: until } = await tenancy.drop('acme', { keep: '1d' })
    expect(calls).toEqual([
      ['acme', ['of acme']],
      ['acme', until],
    ])
  })

  test('a transaction that is open in the tenant ends first, and none goes on in the next tenant of that name', async () => {
    const tenancy = await open('open')
    const client = await tenancy.run('acme', () => town.lend())
    let isOver = false
    await tenancy.run('acme', async () => {
      await client.query('begin')
      await town.insert('late', client)
    })
    const dropping = tenancy.drop('acme', { keep: '1d' }).then((dropped) => {
      expect(isOver).toBe(true)
      return dropped
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    isOver = true
    await tenancy.run('acme', () => client.query('commit'))
    const { keptAs } = await dropping
    client.release()
    expect(await keptIn(keptAs)).toEqual(['of acme', 'late'])
    await town.settle('acme', 'new')
    // On each connection, that of before among them.
    await Promise.all(Array.from({ length: 9 }, () => tenancy.run('acme', () => town.insert('new'))))
    expect(await town.kept('acme')).toEqual(Array.from({ length: 10 }, () => 'new'))
    expect(await keptIn(keptAs)).toEqual(['of acme', 'late'])
  })

  const { engine } = server
  if (engine === 'mysql')
    test('what RENAME TABLE would lose is refused, and nothing is done', async () => {
      const tenancy = await open('refused')
      const globex = town.schema('globex')
      for (const [make, unmake, object] of [
        ['create view many as select * from widgets', 'drop view many', 'view many'],
        [
          'create trigger t before insert on widgets for each row set new.name = trim(new.name)',
          'drop trigger t',
          'trigger t',
        ],
        ['create procedure p() select 1', 'drop procedure p', 'procedure p'],
        ['create event e on schedule every 1 day do select 1', 'drop event e', 'event e'],
        [
          `create table child (id int, foreign key (id) references ${globex}.widgets (id))`,
          'drop table child',
          'foreign key',
        ],
      ] as const) {
        await town.asOwner(make, 'acme')
        await expect(tenancy.drop('acme', { keep: '1d' })).rejects.toMatchObject({
          ...{ code: 'ROWHOUSE_TENANT_MOVE', tenant: 'acme' },
          objects: [expect.stringContaining(object)],
        })
        expect([await town.namesOf('acme'), await tenancy.listDropped()]).toEqual([['of acme'], []])
        await town.asOwner(unmake, 'acme')
      }
      await tenancy.drop('acme', { keep: '1d' })
      await tenancy.undrop('acme')
      // Foreign keys within the tenant are within it still.
      const [row] = await town.asOwner('show create table widgets', 'acme')
      expect(row['Create Table']).not.toMatch(/_dropped_|references `[^`]*`\./i)
    })
})
