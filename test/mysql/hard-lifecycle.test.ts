import type { RowDataPacket } from 'mysql2/promise'
import { mysql } from '../../src/mysql/mysql'
import { MYSQL_SERVERS } from '../support/servers'
import { MYSQL_WIDGETS, MysqlTown } from './support/town'

const ROLE = { isolation: 'role' } as const
const APP = "'rowhouse_app'@'%'"

test.each([
  { migrationUrl: undefined },
  { migrationUrl: 'mysql://owner@localhost', applicationUser: false as const },
])('is refused without an owner who can make roles and grant them: %o', (options) => {
  const make = () => mysql({ uri: 'mysql://app@localhost', ...ROLE, ...options })
  expect(make).toThrow(expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }))
  expect(make).toThrow('needs `migrationUrl`')
})

describe.each(MYSQL_SERVERS)('the role in the life of a tenant, on $name', (server) => {
  let town: MysqlTown
  const open = async (
    files: Readonly<Record<string, string>> = MYSQL_WIDGETS,
    options = {},
  ): Promise<void> => {
    town = await MysqlTown.open(server, expect.getState().currentTestName!, files, { ...ROLE, ...options })
  }
  afterEach(() => town.close())

  const column = async (sql: string, values: unknown[]): Promise<unknown[]> => {
    const [rows] = await town.owner.query<RowDataPacket[]>(sql, values)
    return rows.flatMap((row) => Object.values(row))
  }
  const prefix = () => [town.prefix.length, town.prefix]
  /** Names of the roles, and of what the application's user has by itself. */
  const roles = () =>
    column("select user from mysql.user where is_role = 'Y' and left(user, ?) = ? order by 1", prefix())
  const granted = () =>
    column(
      "select role from mysql.roles_mapping where user = 'rowhouse_app' and left(role, ?) = ? order by 1",
      prefix(),
    )
  const direct = () =>
    column(
      "select replace(db, '\\\\', '') as name from mysql.db where user = 'rowhouse_app' having left(name, ?) = ? order by 1",
      prefix(),
    )
  const tables = () =>
    column(
      "select concat(db, '.', table_name, ' ', table_priv) from mysql.tables_priv where user = 'rowhouse_app' and left(db, ?) = ?",
      prefix(),
    )
  /** The application reads and writes in a tenant. */
  const expectUse = (id: string, tenancy = town.tenancy): Promise<void> =>
    tenancy.run(id, async () => {
      await tenancy.pool.query(`insert into widgets (name) values (database())`)
      const [rows] = await tenancy.pool.execute('select name from widgets')
      expect(rows).toContainEqual({ name: town.schema(id) })
    })
  const codes = async (tenancy = town.tenancy): Promise<string[]> =>
    (await tenancy.doctor()).map(({ code }) => code).filter((code) => code.includes('role'))

  test('create makes and grants it, and leaves the application nothing else but the sight of the mark', async () => {
    await open()
    await town.tenancy.create('acme')
    await town.tenancy.create('acme')
    const schema = town.schema('acme')
    expect([await roles(), await granted(), await direct()]).toEqual([[schema], [schema], []])
    expect(await tables()).toEqual([`${schema}._rowhouse Select`])
    await expectUse('acme')
    expect(await town.tenancy.list()).toMatchObject([{ tenant: 'acme', state: 'active' }])
    expect(await town.tenancy.exists('acme')).toBe(true)
    expect(await codes()).toEqual([])
  })

  test('drop takes it along, and what was granted; the next one of that name begins anew', async () => {
    await open()
    await town.tenancy.create('acme')
    await town.tenancy.drop('acme')
    expect([await roles(), await granted(), await direct(), await tables()]).toEqual([[], [], [], []])
    await town.tenancy.create('acme')
    await expectUse('acme')
  })

  test('a create that fails leaves none', async () => {
    await open({ '20200101000000_bad.sql': '-- Up Migration\ncreate table w (id int);\nselect nope;\n' })
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FAILED' })
    expect([await roles(), await granted(), await direct(), await tables()]).toEqual([[], [], [], []])
    expect(await town.schemas()).toEqual([])
  })

  test('adopt gives it to a database that is there', async () => {
    await open({})
    await town.owner.query('create database ??', [town.schema('old')])
    await town.owner.query('create table ??.widgets (name varchar(80))', [town.schema('old')])
    await town.tenancy.adopt('old')
    expect([await roles(), await direct()]).toEqual([[town.schema('old')], []])
    await expectUse('old')
  })

  test.each(['create', 'migrate'] as const)(
    '%s brings a tenant that was made without roles to one, and takes back the direct grant',
    async (way) => {
      await open()
      const before = town.sibling({}, { isolation: 'database' })
      try {
        await before.create('acme')
        await before.create('beta')
        expect(await direct()).toEqual([town.schema('acme'), town.schema('beta')])
        await expect(
          town.tenancy.run('acme', () => town.tenancy.pool.query('select 1')),
        ).rejects.toMatchObject({
          code: 'ROWHOUSE_TENANT_ACCESS',
          tenant: 'acme',
        })
        expect((await codes()).sort()).toEqual(['rights-beside-roles', 'tenant-without-role'])
        if (way === 'create') for (const id of ['acme', 'beta']) await town.tenancy.create(id)
        else await town.tenancy.migrateAll().report()
        expect([await granted(), await direct()]).toEqual([[town.schema('acme'), town.schema('beta')], []])
        expect(await codes()).toEqual([])
        await expectUse('acme')
      } finally {
        await before.close()
      }
    },
  )

  test('a role that was revoked, or dropped, is found by the doctor and mended by migrate', async () => {
    await open()
    await town.tenancy.create('acme')
    const schema = town.schema('acme')
    for (const harm of [`revoke ${schema} from ${APP}`, `drop role ${schema}`]) {
      await town.owner.query(harm)
      const findings = await town.tenancy.doctor()
      expect(findings).toContainEqual(
        expect.objectContaining({ code: 'tenant-without-role', reason: expect.stringContaining(schema) }),
      )
      await expect(town.tenancy.run('acme', () => town.tenancy.pool.query('select 1'))).rejects.toMatchObject(
        {
          code: 'ROWHOUSE_TENANT_ACCESS',
        },
      )
      await town.tenancy.migrate('acme')
      expect(await codes()).toEqual([])
      await expectUse('acme')
    }
  })

  test('rights on a single table are found', async () => {
    await open()
    await town.tenancy.create('acme')
    await town.owner.query(`grant select on ${town.schema('acme')}.widgets to ${APP}`)
    expect(
      (await town.tenancy.doctor()).find(({ code }) => code === 'rights-beside-roles')?.reason,
    ).toContain(`${town.schema('acme')}.widgets`)
  })

  test("a stranger's role of that name is neither granted nor dropped", async () => {
    await open()
    const [schema, admins] = [town.schema('admins'), town.schema('others')]
    await town.owner.query(
      `create role ${schema}; create role ${admins}; grant select on mysql.* to ${admins}`,
    )
    await town.owner.query(`grant ${admins} to ${schema}`)
    await expect(town.tenancy.create('admins')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    expect([await town.schemas(), await granted()]).toEqual([[], []])
    const plain = town.sibling({}, { isolation: 'database' })
    await plain.create('admins')
    await plain.close()
    await expect(town.tenancy.migrate('admins')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
    await town.tenancy.drop('admins')
    expect(await roles()).toEqual([schema, admins])
  })

  test('an application that is the owner is refused', async () => {
    await open(MYSQL_WIDGETS, { uri: server.ownerUrl })
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
    expect(await town.schemas()).toEqual([])
  })
})
