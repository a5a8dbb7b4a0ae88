import { createConnection } from 'mysql2/promise'
import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'
import type { TownOptions } from './support/engine-town'

describe.each(ENGINE_SERVERS)('renaming a tenant on $name', (server) => {
  let town: EngineTown
  const isPostgres = server.engine === 'postgres'
  afterEach(() => town.close())

  async function open(title: string, options: TownOptions = {}): Promise<EngineTown['tenancy']> {
    town = new EngineTown(server, `rename ${title}`, options)
    for (const id of ['acme', 'globex']) await town.settle(id)
    return town.tenancy
  }
  const ids = async (): Promise<string[]> => (await town.tenancy.list()).map(({ tenant }) => tenant)

  test.each([{ hasRoles: false }, { hasRoles: true }])(
    'data, books, state and rights go along, and the old name is free for another: %o',
    async ({ hasRoles }) => {
      const tenancy = await open(`life ${hasRoles}`, { hasRoles })
      await tenancy.suspend('acme')
      expect(await tenancy.rename('acme', 'acme2')).toEqual({
        ...{ status: 'ok', tenant: 'acme2', prefix: town.schema('acme2'), renamedFrom: 'acme' },
      })
      expect(await ids()).toEqual(['acme2', 'globex'])
      expect(await tenancy.status('acme2')).toMatchObject({
        ...{ tenant: 'acme2', state: 'suspended', pending: [], versions: [20200101000000, 20200102000000] },
      })
      await tenancy.unsuspend('acme2')
      await tenancy.run('acme2', () => town.insert('more'))
      expect(await town.namesOf('acme2')).toEqual(['of acme', 'more'])
      await expect(town.namesOf('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_NOT_FOUND' })
      await town.settle('acme', 'another')
      expect([await town.namesOf('acme'), await town.namesOf('acme2')]).toEqual([
        ['another'],
        ['of acme', 'more'],
      ])
      expect(await tenancy.rollback('acme2', { all: true })).toMatchObject({ status: 'ok' })
      expect([await town.kept('acme'), await town.kept('globex')]).toEqual([['another'], ['of globex']])
      if (hasRoles)
        expect((await tenancy.doctor()).filter(({ severity }) => severity === 'error')).toEqual([])
    },
  )

  test('is refused where the new one exists, the old one does not, or a schema is not ours', async () => {
    const tenancy = await open('refused')
    await town.asOwner(`create schema ${town.schema('foreign')}`)
    for (const [from, to, code] of [
      ['acme', 'globex', 'ROWHOUSE_TENANT_EXISTS'],
      ['nobody', 'new', 'ROWHOUSE_TENANT_NOT_FOUND'],
      ['acme', 'foreign', 'ROWHOUSE_SCHEMA_NOT_OURS'],
      ['foreign', 'new', 'ROWHOUSE_SCHEMA_NOT_OURS'],
      ['acme', 'acme', 'ROWHOUSE_CONFIG'],
      ['acme', 'Not an id', 'ROWHOUSE_TENANT_ID_INVALID'],
    ] as const)
      await expect((async () => tenancy.rename(from, to))()).rejects.toMatchObject({ code })
    expect([await town.namesOf('acme'), await town.namesOf('globex')]).toEqual([['of acme'], ['of globex']])
    expect(await town.schemas()).toEqual(['acme', 'foreign', 'globex'].map((id) => town.schema(id)))
  })

  test('of many at once, crosswise, each happens or is refused', async () => {
    const tenancy = await open('crosswise')
    const results = await Promise.allSettled([
      tenancy.rename('acme', 'one'),
      tenancy.rename('acme', 'two'),
      tenancy.rename('globex', 'one'),
      tenancy.rename('globex', 'acme'),
    ])
    const reasons = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    for (const { reason } of reasons) expect(reason.code).toMatch(/ROWHOUSE_TENANT_(EXISTS|NOT_FOUND)/)
    const found = await ids()
    expect(found).toHaveLength(2)
    const rows = await Promise.all(found.map((id) => town.kept(id)))
    expect(rows.flat().sort()).toEqual(['of acme', 'of globex'])
  })

  if (isPostgres)
    test('functions with a search_path follow, and a name in a text refuses', async () => {
      const tenancy = await open('texts')
      const schema = town.schema('acme')
      const body = `language sql set search_path from current as 'select count(*)::int from widgets'`
      await town.asOwner(`create function total() returns int ${body}`, 'acme')
      await town.asOwner(`create function other(int) returns int ${body}`, 'acme')
      await town.asOwner('create view many as select * from widgets', 'acme')
      await tenancy.rename('acme', 'acme2')
      await town.settle('acme', 'another')
      await tenancy.run('acme', () => town.insert('and more'))
      expect(
        await tenancy.run('acme2', async () => (await tenancy.pool.query('select total(), other(1)')).rows),
      ).toEqual([{ total: 1, other: 1 }])
      for (const [make, unmake, object] of [
        [
          `create function bad() returns int language sql as 'select 1 from ${schema}2.widgets'`,
          'drop function bad()',
          'function',
        ],
        [`create view bad as select to_regclass('${schema}2.widgets') as it`, 'drop view bad', 'view'],
        [
          `alter table widgets add column x text default '${schema}2.x'`,
          'alter table widgets drop column x',
          'default of',
        ],
      ] as const) {
        await town.asOwner(make, 'acme2')
        await expect(tenancy.rename('acme2', 'acme3')).rejects.toMatchObject({
          ...{ code: 'ROWHOUSE_TENANT_MOVE', tenant: 'acme2' },
          objects: [expect.stringContaining(object)],
        })
        expect(await ids()).toEqual(['acme', 'acme2', 'globex'])
        await town.asOwner(unmake, 'acme2')
      }
      expect(await tenancy.rename('acme2', 'acme3')).toMatchObject({ tenant: 'acme3' })
      expect(await town.namesOf('acme3')).toEqual(['of acme'])
    })

  if (!isPostgres)
    test('one that was interrupted is gone on with, wherever it stopped', async () => {
      const tenancy = await open('interrupted')
      const [from, to] = [town.schema('acme'), town.schema('acme2')]
      const steps = [
        `alter table ${from}._rowhouse add column moving_to varchar(64) null`,
        `update ${from}._rowhouse set moving_to = '${to}'`,
        `create database ${to}`,
        `rename table ${['_rowhouse', 'schema_migrations', 'widget_types', 'widgets'].map((table) => `${from}.${table} to ${to}.${table}`).join(', ')}`,
        `drop database ${from}`,
      ]
      for (let stop = 1; stop <= steps.length; stop += 1) {
        for (const step of steps.slice(0, stop)) await town.asOwner(step)
        if (stop >= 3) expect(await tenancy.exists('acme2')).toBe(false)
        // Nobody else may take the place meanwhile.
        if (stop >= 3)
          await expect(tenancy.create('acme2')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
        expect(await tenancy.rename('acme', 'acme2')).toMatchObject({ tenant: 'acme2' })
        expect([await ids(), await town.namesOf('acme2')]).toEqual([['acme2', 'globex'], ['of acme']])
        const columns = await town.asOwner('show columns from _rowhouse', 'acme2')
        expect(columns.map(({ Field }) => Field as string)).not.toContain('moving_to')
        await tenancy.rename('acme2', 'acme')
      }
      expect(await town.schemas()).toEqual(['acme', 'globex'].map((id) => town.schema(id)))
    })

  if (!isPostgres)
    test('a table that is in use stops it in time, and all stays where it was', async () => {
      const tenancy = await open('in use', { lockTimeoutMs: 1000 })
      const user = await createConnection(server.ownerUrl)
      try {
        await user.query('start transaction')
        await user.query(`select * from ${town.schema('acme')}.widgets`)
        await expect(tenancy.rename('acme', 'acme2')).rejects.toMatchObject({
          code: 'ROWHOUSE_MIGRATION_LOCKED',
        })
        expect(await town.schemas()).toEqual(['acme', 'globex'].map((id) => town.schema(id)))
      } finally {
        await user.end()
      }
      expect(await town.namesOf('acme')).toEqual(['of acme'])
      expect(await tenancy.rename('acme', 'acme2')).toMatchObject({ tenant: 'acme2' })
    })
})
