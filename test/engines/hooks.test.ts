import type { Hooks } from '../../src/lifecycle/hooks'
import { parseOptions } from '../../src/options'
import { postgres } from '../../src/postgres/postgres'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

const [TYPES, WIDGETS, LATE] = [20200101000000, 20200102000000, 20200103000000]

test.each([
  [7, 'The option `hooks` must be an object of functions.'],
  [{ afterCreated: () => {} }, '"afterCreated", which is not known'],
  [{ afterDrop: 'backup' }, 'The hook `afterDrop` must be a function.'],
])('the option hooks is checked: %o', (hooks, message) => {
  const engine = postgres({ connectionString: 'postgres://app@localhost/main' })
  expect(() => parseOptions({ engine, hooks: hooks as Hooks })).toThrow(message)
})

describe.each(ENGINE_SERVERS)('hooks on $name', (server) => {
  let town: EngineTown
  const calls: unknown[] = []
  afterEach(() => town.close())

  function open(title: string, hooks: Hooks): EngineTown['tenancy'] {
    calls.length = 0
    town = new EngineTown(server, `hooks ${title}`, { hooks })
    return town.tenancy
  }
  const note =
    (name: string) =>
    (info: object): void =>
      void calls.push([name, info, town.tenancy.current()?.id, town.tenancy.scope()])
  const info = (id: string) => ({ tenant: id, schema: town.schema(id) })
  const writeLate = (): void =>
    town.folder.write(
      `${LATE}_late.sql`,
      '-- Up Migration\ncreate table late (id int);\n-- Down Migration\ndrop table late;\n',
    )

  test('each is called once, in its context, for what was really done', async () => {
    const tenancy = open('once', {
      afterCreate: async (created) => {
        note('created')(created)
        await town.insert(`seed of ${created.tenant}`)
      },
      afterMigrate: async (migrated) => {
        note('migrated')(migrated)
        await town.insert(`${migrated.direction} of ${migrated.tenant}`)
      },
      beforeDrop: async (leaving) => void calls.push(['leaving', leaving, await town.names()]),
      afterDrop: note('dropped'),
    })
    const at = (id: string) => expect.objectContaining({ id })
    await tenancy.create('acme')
    await tenancy.create('globex')
    expect(calls).toEqual(
      ['acme', 'globex'].map((id) => ['created', { ...info(id), versions: [TYPES, WIDGETS] }, id, at(id)]),
    )
    await tenancy.create('acme')
    await tenancy.migrate('acme')
    await tenancy.create('empty', { migrate: false })
    expect(calls).toHaveLength(2)
    expect((await tenancy.list()).map(({ state }) => state)).toEqual(['active', 'active', 'active'])

    writeLate()
    await tenancy.migrate('acme')
    await tenancy.rollback('acme')
    expect(calls.slice(2)).toEqual(
      ['up', 'down'].map((direction) => [
        'migrated',
        { ...info('acme'), direction, versions: [LATE] },
        'acme',
        at('acme'),
      ]),
    )
    expect(await town.kept('acme')).toEqual(['seed of acme', 'up of acme', 'down of acme'])
    expect(await town.kept('globex')).toEqual(['seed of globex'])
    await tenancy.drop('globex')
    expect(calls.slice(4)).toEqual([
      ['leaving', info('globex'), ['seed of globex']],
      ['dropped', { ...info('globex'), keptUntil: undefined }, undefined, 'without-tenant'],
    ])
  })

  test('nobody is served before afterCreate has ended', async () => {
    const seen: unknown[] = []
    const tenancy = open('unserved', {
      afterCreate: async ({ tenant }) =>
        void seen.push(await town.tenancy.exists(tenant), await town.names()),
    })
    await tenancy.create('acme')
    expect(seen).toEqual([false, []])
    expect(await tenancy.exists('acme')).toBe(true)
  })

  test('an afterCreate that fails leaves nothing of the tenant', async () => {
    const cause = new Error('no seeds')
    let isBroken = true
    const tenancy = open('failing seed', {
      afterCreate: async () => {
        await town.insert('seed')
        if (isBroken) throw cause
      },
    })
    await expect(tenancy.create('acme')).rejects.toMatchObject({
      ...{ code: 'ROWHOUSE_HOOK_FAILED', hook: 'afterCreate', tenant: 'acme' },
      cause,
    })
    expect([await town.schemas(), await tenancy.exists('acme')]).toEqual([[], false])
    isBroken = false
    expect(await tenancy.create('acme')).toMatchObject({ created: true })
    expect(await town.kept('acme')).toEqual(['seed'])
  })

  test('a create that was killed in its hook is begun anew', async () => {
    const tenancy = open('killed', { afterCreate: () => town.insert('seed') })
    await tenancy.create('acme')
    // What the process would have left.
    await town.asOwner("update _rowhouse set state = 'creating'", 'acme')
    expect(await tenancy.create('acme')).toMatchObject({ created: true, versions: [TYPES, WIDGETS] })
    expect(await town.kept('acme')).toEqual(['seed'])
  })

  test('beforeDrop may refuse, and what fails afterwards says what stands', async () => {
    const broken = { beforeDrop: true, afterDrop: true, afterMigrate: true }
    const fail = (hook: keyof typeof broken) => () => {
      if (broken[hook]) throw new Error(`no ${hook}`)
    }
    const tenancy = open('refusing', {
      beforeDrop: fail('beforeDrop'),
      afterDrop: fail('afterDrop'),
      afterMigrate: fail('afterMigrate'),
    })
    const failed = (hook: string) => ({ code: 'ROWHOUSE_HOOK_FAILED', hook, tenant: 'acme' })
    await tenancy.create('acme')
    await tenancy.run('acme', () => town.insert('kept'))
    await expect(tenancy.drop('acme')).rejects.toMatchObject(failed('beforeDrop'))
    expect(await town.kept('acme')).toEqual(['kept'])
    writeLate()
    await expect(tenancy.migrate('acme')).rejects.toMatchObject(failed('afterMigrate'))
    expect((await tenancy.status('acme')).pending).toEqual([])
    broken.beforeDrop = false
    await expect(tenancy.drop('acme')).rejects.toMatchObject(failed('afterDrop'))
    expect(await town.schemas()).toEqual([])
  })
})
