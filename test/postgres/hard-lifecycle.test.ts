import { Client } from 'pg'
import { postgres } from '../../src/postgres/postgres'
import { Town } from '../lifecycle/support'
import { adminClient, SERVERS } from '../support/servers'

const ROLE = { isolation: 'role' } as const

test.each([
  { migrationUrl: undefined },
  { migrationUrl: 'postgres://app@localhost/db' },
  { migrationUrl: 'postgres://owner@localhost/db', mode: 'local' as const },
  { migrationUrl: 'postgres://owner@localhost/db', isolation: 'schemas' as never },
])('is refused without an owner who can make roles, or where no role can be kept: %o', (options) => {
  const make = () => postgres({ connectionString: 'postgres://app@localhost/db', ...ROLE, ...options })
  expect(make).toThrow(expect.objectContaining({ code: 'ROWHOUSE_CONFIG' }))
})

/** Roles of a server that is somebody's are not ours to make. */
const describeOwn = SERVERS.every(({ superuserUrl }) => superuserUrl !== undefined) ? describe : describe.skip

describeOwn.each(SERVERS)('the role in the life of a tenant, on $name', (server) => {
  let town: Town
  const open = async (files?: Readonly<Record<string, string>>, options = {}): Promise<void> => {
    town = await Town.open(server, expect.getState().currentTestName!, files, { ...ROLE, ...options })
  }
  afterEach(() => town.close())

  const column = async (sql: string): Promise<unknown[]> =>
    (await town.owner.query(sql, [town.prefix])).rows.flatMap((row: object) => Object.values(row))
  const roles = () => column('select rolname from pg_roles where starts_with(rolname, $1) order by 1')
  const granted = () =>
    column(
      `select roleid::regrole::text from pg_auth_members
        where member = 'rowhouse_app'::regrole and starts_with(roleid::regrole::text, $1) order by 1`,
    )
  /** What the application has by itself. */
  const direct = () =>
    column(
      `select n.nspname || case when c is null then '' else '.' || c end || ' ' || privilege_type
         from pg_namespace n, lateral (
           select null as c, a.* from aclexplode(nspacl) a
           union all select relname, a.* from pg_class, aclexplode(relacl) a where relnamespace = n.oid
           union all select proname, a.* from pg_proc, aclexplode(proacl) a where pronamespace = n.oid
           union all select 'default', a.* from pg_default_acl, aclexplode(defaclacl) a where defaclnamespace = n.oid) x
        where starts_with(nspname, $1) and grantee = 'rowhouse_app'::regrole order by 1`,
    )
  const sight = (...ids: string[]) =>
    ids.flatMap((id) => [`${town.prefix}${id} USAGE`, `${town.prefix}${id}._rowhouse SELECT`])
  const schema = (id: string) => town.prefix + id
  /** The application reads and writes in a tenant, and not its books and mark. */
  const expectUse = (id: string): Promise<void> =>
    town.tenancy.run(id, async () => {
      const { pool } = town.tenancy
      await pool.query(`insert into widgets (name) values (current_schema())`)
      expect((await pool.query('select name from widgets')).rows).toContainEqual({ name: schema(id) })
      await pool.query('select * from _rowhouse, schema_migrations')
      for (const table of ['_rowhouse', 'schema_migrations'])
        await expect(pool.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' })
    })
  const codes = async (): Promise<string[]> =>
    (await town.tenancy.doctor()).map(({ code }) => code).filter((code) => code.includes('role'))

  test('create makes and grants it, and leaves the application nothing else but the sight of the mark', async () => {
    await open()
    await town.tenancy.create('acme')
    await town.tenancy.create('acme')
    expect([await roles(), await granted(), await direct()]).toEqual([
      [schema('acme')],
      [schema('acme')],
      sight('acme'),
    ])
    await expectUse('acme')
    expect(await town.tenancy.list()).toMatchObject([{ tenant: 'acme', state: 'active' }])
    expect(await town.tenancy.exists('acme')).toBe(true)
    expect(await codes()).toEqual([])
  })

  test('what later migrations make is the tenant’s, too', async () => {
    await open({ '20200101000000_first.sql': '-- Up Migration\ncreate table widgets (name text);\n' })
    await town.tenancy.create('acme')
    town.folder.write(
      '20200102000000_more.sql',
      `-- Up Migration\ncreate table more (id serial, name text);\ncreate function two() returns int language sql as 'select 2';\n`,
    )
    await town.tenancy.migrate('acme')
    await town.tenancy.run('acme', () => town.tenancy.pool.query('insert into more (name) select two()'))
    expect(await direct()).toEqual(sight('acme'))
  })

  test('drop takes it along, and what it was granted or made elsewhere; the next one of that name begins anew', async () => {
    await open()
    await town.tenancy.create('acme')
    await town.owner.query(
      `create schema ${schema('shared')}; grant usage on schema ${schema('shared')} to ${schema('acme')}`,
    )
    const { pool } = town.tenancy
    await town.tenancy.run('acme', () => pool.query(`select lo_from_bytea(0, 'x')`))
    await town.tenancy.run('acme', () => pool.query(`create temp table left_behind (a int)`))
    await town.tenancy.drop('acme')
    expect([await roles(), await granted(), await direct()]).toEqual([[], [], []])
    await expect(town.tenancy.run('acme', () => pool.query('select 1'))).rejects.toMatchObject({
      code: 'ROWHOUSE_TENANT_NOT_FOUND',
    })
    await town.tenancy.create('acme')
    await expectUse('acme')
  })

  test.each([
    ['in a transaction', 'create table w (id int);\nselect nope;\n'],
    ['outside of one', 'create table w (id int);\ncreate index concurrently i on w (id);\nselect nope;\n'],
  ])('a create that fails %s leaves none', async (_where, sql) => {
    await open({ '20200101000000_bad.sql': `-- Up Migration\n${sql}` })
    await expect(town.tenancy.create('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_MIGRATION_FAILED' })
    expect([await roles(), await granted(), await direct(), await town.schemas()]).toEqual([[], [], [], []])
  })

  test('adopt gives it to a schema that is there', async () => {
    await open({})
    await town.owner.query(
      `create schema ${schema('old')}; create table ${schema('old')}.widgets (name text)`,
    )
    await town.tenancy.adopt('old')
    expect([await roles(), await direct()]).toEqual([[schema('old')], sight('old')])
    await expectUse('old')
  })

  test.each(['create', 'migrate'] as const)(
    '%s brings a tenant that was made without roles to one, and takes back the direct grants',
    async (way) => {
      await open()
      const before = town.sibling({}, { isolation: 'schema' })
      try {
        for (const id of ['acme', 'beta']) await before.create(id)
        expect((await direct()).length).toBeGreaterThan(10)
        await expect(
          town.tenancy.run('acme', () => town.tenancy.pool.query('select 1')),
        ).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_ACCESS', tenant: 'acme' })
        expect((await codes()).sort()).toEqual(['rights-beside-roles', 'tenant-without-role'])
        if (way === 'create') for (const id of ['acme', 'beta']) await town.tenancy.create(id)
        else await town.tenancy.migrateAll().report()
        expect([await granted(), await direct()]).toEqual([
          [schema('acme'), schema('beta')],
          sight('acme', 'beta'),
        ])
        expect(await codes()).toEqual([])
        await expectUse('acme')
      } finally {
        await before.close()
      }
    },
  )

  test('procedures are the tenant’s as well, and no longer the application’s', async () => {
    await open({
      '20200101000000_first.sql':
        '-- Up Migration\ncreate table widgets (name text);\ncreate procedure tidy() language sql as $$ delete from widgets $$;\n' +
        'revoke execute on procedure tidy() from public;\n',
    })
    const before = town.sibling({}, { isolation: 'schema' })
    await before.create('acme')
    await before.close()
    await town.tenancy.migrate('acme')
    expect(await direct()).toEqual(sight('acme'))
    await town.tenancy.run('acme', () => town.tenancy.pool.query('call tidy()'))
  })

  test('a role that was revoked is found by the doctor and mended by migrate; so are rights beside it', async () => {
    await open()
    await town.tenancy.create('acme')
    const harms: [string, string][] = [
      [`revoke ${schema('acme')} from rowhouse_app`, 'tenant-without-role'],
      [`revoke usage on schema ${schema('acme')} from ${schema('acme')}`, 'tenant-without-role'],
      [`grant select on ${schema('acme')}.widgets to rowhouse_app`, 'rights-beside-roles'],
      [`grant update (name) on ${schema('acme')}.widgets to rowhouse_app`, 'rights-beside-roles'],
      [`grant insert on ${schema('acme')}._rowhouse to rowhouse_app`, 'rights-beside-roles'],
    ]
    // Before 16 an inherited membership is an attribute of the member.
    if (server.version >= 16)
      harms.push([`grant ${schema('acme')} to rowhouse_app with inherit true`, 'rights-beside-roles'])
    for (const [harm, code] of harms) {
      await town.owner.query(harm)
      expect([harm, await codes()]).toEqual([harm, [code]])
      await town.tenancy.migrate('acme')
      expect([harm, await codes()]).toEqual([harm, []])
      await expectUse('acme')
    }
    await town.owner.query(`grant select on ${schema('acme')}.widgets to public`)
    expect(await codes()).toEqual(['rights-beside-roles'])
  })

  test("a tenant's role in another one is found by the doctor", async () => {
    await open()
    for (const id of ['acme', 'beta']) await town.tenancy.create(id)
    await town.owner.query(`grant ${schema('beta')} to ${schema('acme')}`)
    expect(await codes()).toEqual(['tenant-role-in-roles'])
    await town.owner.query(`revoke ${schema('beta')} from ${schema('acme')}`)
    expect(await codes()).toEqual([])
  })

  test("a stranger's role of that name is neither granted nor dropped", async () => {
    await open()
    const [name, others] = [schema('admins'), schema('others')]
    const strange = [
      [`grant ${name} to ${others}`, `revoke ${name} from ${others}`],
      [`grant ${others} to ${name}`, `revoke ${others} from ${name}`],
      [`alter role ${name} login`, `alter role ${name} nologin`],
      [`alter role ${name} createrole`, `alter role ${name} nocreaterole`],
      [`create schema ${others}; grant usage on schema ${others} to ${name}`, `drop schema ${others}`],
    ]
    await town.owner.query(`create role ${name}; create role ${others}`)
    for (const [harm, cure] of strange) {
      await town.owner.query(harm!)
      await expect(town.tenancy.create('admins')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
      expect([await granted(), (await town.schemas()).includes(name)]).toEqual([[], false])
      const plain = town.sibling({}, { isolation: 'schema' })
      await plain.create('admins')
      await plain.close()
      await expect(town.tenancy.migrate('admins')).rejects.toMatchObject({ code: 'ROWHOUSE_SCHEMA_NOT_OURS' })
      await town.tenancy.drop('admins')
      expect(await roles()).toEqual([name, others])
      await town.owner.query(cure!)
    }
  })

  test('a role that serves a tenant of another database as well outlives the one', async () => {
    await open()
    await town.tenancy.create('acme')
    const admin = await adminClient(server)
    const database = schema('db')
    try {
      await admin.query(`create database ${database} owner rowhouse_owner`)
      const there = new Client({ connectionString: new URL(`/${database}`, server.ownerUrl).href })
      await there.connect()
      await there.query(
        `create schema ${schema('acme')}; grant usage on schema ${schema('acme')} to ${schema('acme')}`,
      )
      await there.end()
      await town.tenancy.drop('acme')
      expect([await roles(), await granted()]).toEqual([[schema('acme')], [schema('acme')]])
      await town.tenancy.create('acme')
      await expectUse('acme')
    } finally {
      await admin.query(`drop database ${database}`)
      await admin.end()
    }
  })

  test('an owner who may not make roles, and an application that inherits, are told so before anything is made', async () => {
    await open()
    const admin = await adminClient(server)
    const [owner, app] = [schema('owner'), schema('app')]
    await admin.query(
      `create role ${owner} login; create role ${app} login; grant create on database rowhouse to ${owner}`,
    )
    const as = (url: string, user: string): string => Object.assign(new URL(url), { username: user }).href
    const tenancies = [
      town.sibling({}, { ...ROLE, migrationUrl: as(server.ownerUrl, owner) }),
      town.sibling({}, { ...ROLE, connectionString: as(server.appUrl, app) }),
      town.sibling({}, { ...ROLE, connectionString: as(server.appUrl, 'postgres') }),
    ]
    try {
      await expect(tenancies[0]!.create('acme')).rejects.toMatchObject({
        code: 'ROWHOUSE_CONFIG',
        message: expect.stringContaining('CREATEROLE'),
      })
      await expect(tenancies[2]!.create('acme')).rejects.toMatchObject({ code: 'ROWHOUSE_CONFIG' })
      expect(await town.schemas()).toEqual([])
      if (server.version >= 16) {
        await tenancies[1]!.create('acme')
        await expect(
          tenancies[1]!.admin.query(`select * from ${schema('acme')}.widgets`),
        ).rejects.toMatchObject({
          code: '42501',
        })
        await tenancies[1]!.drop('acme')
      } else {
        await expect(tenancies[1]!.create('acme')).rejects.toMatchObject({
          code: 'ROWHOUSE_CONFIG',
          message: expect.stringContaining('NOINHERIT'),
        })
        expect((await tenancies[1]!.doctor()).map(({ code }) => code)).toContain('rights-beside-roles')
      }
    } finally {
      for (const one of tenancies) await one.close()
      await admin.query(`revoke all on database rowhouse from ${owner}; drop role ${owner}; drop role ${app}`)
      await admin.end()
    }
  })
})
