import { ENGINE_SERVERS } from '../support/engines'
import { EngineTown } from './support/engine-town'

describe.each(ENGINE_SERVERS)('the rehearsal of all migrations on $name', (server) => {
  let town: EngineTown
  const isPostgres = server.engine === 'postgres'
  afterEach(() => town.close())

  async function open(title: string, more: object = {}): Promise<void> {
    town = new EngineTown(server, `rehearse ${title}`, more)
    await town.tenancy.create('acme')
    await town.tenancy.run('acme', () => town.insert('of acme'))
  }
  /** Nothing is left, and the tenant is as it was. */
  async function expectUntouched(): Promise<void> {
    expect(await town.schemas()).toEqual([town.schema('acme')])
    expect(await town.kept('acme')).toEqual(['of acme'])
    expect(await town.tenancy.list()).toHaveLength(1)
    // Other tests rehearse at the same time; theirs are seen only if they are left.
    if (isPostgres)
      expect(
        await town.asOwner("select nspname from pg_namespace where nspname like 'rowhouse\\_rehearsal%'"),
      ).toEqual([])
  }

  test.each([{ hasRoles: false }, { hasRoles: true }])(
    'all of them run, and nothing is left: %o',
    async ({ hasRoles }) => {
      await open(`all ${hasRoles}`, { hasRoles })
      const reverted = isPostgres ? undefined : 2
      expect(await town.tenancy.rehearse()).toEqual({ of: 2, migrations: 2, reverted })
      await expectUntouched()
    },
  )

  test('a migration that fails is told without a tenant, and nothing is left', async () => {
    await open('fails')
    town.folder.write(
      '20200103000000_bad.sql',
      '-- Up Migration\ncreate table x (id int);\nselect * from nowhere;',
    )
    await expect(town.tenancy.rehearse()).rejects.toMatchObject({
      ...{ code: 'ROWHOUSE_MIGRATION_FAILED', migration: '20200103000000_bad', tenant: undefined },
      message: expect.stringMatching(
        /fails in an empty (schema|database).* at statement 2, line 3.*No tenant/,
      ),
    })
    await expectUntouched()
  })

  test('a refused migration is refused', async () => {
    await open('refused')
    town.folder.write('20200103000000_bad.sql', 'create table x (id int);\ncommit;')
    await expect(town.tenancy.rehearse()).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_REFUSED' })
    await expectUntouched()
  })

  if (isPostgres)
    test('a program that would end the transaction is refused before it does', async () => {
      await open('live')
      town.folder.write(
        '20200103000000_bad.js',
        "exports.up = async (pgm) => { await pgm.db.query('select 1'); pgm.sql('commit') }; exports.down = false",
      )
      await expect(town.tenancy.rehearse()).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_REFUSED' })
      await expectUntouched()
      await town.tenancy
        .migrateAll({ retries: 0 })
        .report()
        .catch(() => {})
      await expectUntouched()
    })
  else
    test('the ways down are run to the first file without one, and a bad one fails', async () => {
      await open('down')
      town.folder.write('20200101120000_no_way.sql', 'create table x (id int)')
      expect(await town.tenancy.rehearse()).toEqual({ of: 3, migrations: 3, reverted: 1 })
      town.folder.write(
        '20200103000000_bad.sql',
        '-- Up Migration\ncreate table y (id int);\n-- Down Migration\ndrop table z;',
      )
      await expect(town.tenancy.rehearse()).rejects.toMatchObject({
        ...{ migration: '20200103000000_bad', tenant: undefined },
        message: expect.stringMatching(/\(down\) fails in an empty database/),
      })
      await expectUntouched()
    })
})
