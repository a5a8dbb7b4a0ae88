import { judgePostgres } from '../../src/doctor/postgres'
import type { PostgresFacts } from '../../src/doctor/postgres'
import type { TenantRights } from '../../src/doctor/postgres-rights'

const tenant: TenantRights = {
  schema: 'tenant_acme',
  hasUsage: true,
  readsMark: true,
  mayCreate: false,
  isOwned: false,
  isKnown: true,
}
const rights: PostgresFacts['rights'] = {
  role: 'app',
  isSuperuser: false,
  bypassesRls: false,
  hasOwner: true,
  tenants: [tenant],
  creatable: [],
}
const healthy: PostgresFacts = {
  backends: {
    rounds: [
      [1, 2, 3],
      [1, 2, 3],
    ],
  },
  migrations: { state: 'direct' },
  version: { major: 18, text: '18.4' },
  rights,
  defaultPaths: [],
  doubled: { tables: [], lookedAt: 1, tenants: 1 },
  extensions: [],
  locks: { capacity: 6400, sum: '64 * 100', largest: { schema: 'tenant_acme', relations: 3200 } },
  connections: { pool: 10, admin: 2, available: 97, limit: 'max_connections 100' },
}

function codes(change: Partial<PostgresFacts>): string[] {
  return judgePostgres({ ...healthy, ...change }).map(({ code, severity }) => `${severity} ${code}`)
}

function withRights(change: Partial<PostgresFacts['rights']>): Partial<PostgresFacts> {
  return { rights: { ...rights, ...change } }
}

function withTenants(...changes: Partial<TenantRights>[]): Partial<PostgresFacts> {
  return withRights({ tenants: changes.map((change) => ({ ...tenant, ...change })) })
}

test('a healthy set-up has no finding', () => {
  expect(codes({})).toEqual([])
  expect(codes({ locks: { capacity: 1, sum: '' }, ...withRights({ tenants: [] }) })).toEqual([])
})

test.each<[string, Partial<PostgresFacts>, string[]]>([
  ['refused by the pool', { backends: { refusal: 'a pooler', rounds: [] } }, ['error pooler-in-between']],
  [
    'rights beside roles, and a tenant without one',
    { roles: { tables: ['tenant_acme.widgets'], inherits: false, missing: ['tenant_beta'], members: [] } },
    ['error rights-beside-roles', 'error tenant-without-role'],
  ],
  [
    'roles that are inherited',
    { roles: { tables: [], inherits: true, missing: [], members: [] } },
    ['error rights-beside-roles'],
  ],
  [
    'a role in a role',
    { roles: { tables: [], inherits: false, missing: [], members: ['tenant_a is a member of tenant_b'] } },
    ['error tenant-role-in-roles'],
  ],
  ['tenants with roles', { roles: { tables: [], inherits: false, missing: [], members: [] } }, []],
  ['backends that change', { backends: { rounds: [[1, 2], [2, 1]] } }, ['error pooler-not-session']], // prettier-ignore
  ['a backend for two', { backends: { rounds: [[1, 1], [1, 1]] } }, ['error pooler-not-session']], // prettier-ignore
  ['an owner by way of a pooler', { migrations: { state: 'indirect' } }, ['error pooler-before-migrations']],
  [
    'an owner who is shut out',
    { migrations: { state: 'failed', problem: 'x' } },
    ['error migrations-unreachable'],
  ],
  ['an older server', { version: { major: 17, text: '17.5' } }, ['warning search-path-not-reported']],
  ['a default path', { defaultPaths: [{ where: 'role "app"', path: 'shared' }] }, ['warning search-path-default']], // prettier-ignore
  [
    'a default path to a tenant',
    { defaultPaths: [{ where: 'role "app"', path: 'tenant_acme', tenant: 'tenant_acme' }] },
    ['error search-path-default'],
  ],
  ['an extension', { extensions: [{ name: 'citext', schema: 'tenant_acme' }] }, ['warning extension-in-tenant']], // prettier-ignore
])('%s', (_what, change, expected) => {
  expect(codes(change)).toEqual(expected)
})

describe('rights', () => {
  test('of a superuser nothing else is said', () => {
    expect(
      codes(
        withRights({
          isSuperuser: true,
          bypassesRls: true,
          tenants: [{ ...tenant, isOwned: true, mayCreate: true }],
        }),
      ),
    ).toEqual(['error role-is-superuser'])
  })

  test.each<[string, Partial<PostgresFacts>, string[]]>([
    ['BYPASSRLS', withRights({ bypassesRls: true }), ['warning role-bypasses-rls']],
    ['without USAGE', withTenants({}, { hasUsage: false }), ['error tenant-not-usable']],
    ['without the mark', withTenants({ readsMark: false }), ['error tenant-not-usable']],
    ['of nobody knows whom', withTenants({ hasUsage: false, isKnown: false }), ['warning tenant-not-usable']],
    ['an owner that also may create', withTenants({ isOwned: true, mayCreate: true }), ['warning role-owns-tenants']], // prettier-ignore
    ['CREATE in a tenant', withTenants({ mayCreate: true }), ['warning role-may-create']],
    ['CREATE in public', withRights({ creatable: ['public'] }), ['warning role-may-create']],
    ['CREATE without an owner beside it', withRights({ creatable: ['public'], hasOwner: false }), []],
  ])('%s', (_what, change, expected) => {
    expect(codes(change)).toEqual(expected)
  })

  test('a reason names a few, and says how many more', () => {
    const many = Array.from({ length: 7 }, (_, index) => ({ schema: `tenant_${index}`, hasUsage: false }))
    const [finding] = judgePostgres({ ...healthy, ...withTenants(...many) })
    expect(finding!.reason).toContain('7 of 7 tenants')
    expect(finding!.reason).toContain('"tenant_0", "tenant_1", "tenant_2", "tenant_3", "tenant_4" and 2 more')
  })
})

test('doubled tables are told with the size of the sample', () => {
  const table = { table: 'users', shared: 'public', tenants: 1, example: 'tenant_acme' }
  const tables = [table, ...Array.from({ length: 6 }, () => ({ ...table, tenants: 3 }))]
  const [finding] = judgePostgres({ ...healthy, doubled: { tables, lookedAt: 20, tenants: 350 } })
  expect(finding).toMatchObject({ code: 'shared-table-in-tenant', severity: 'error' })
  for (const part of [
    '20 of 350',
    '"public"."users" in "tenant_acme"',
    '"public"."users" in 3 tenants',
    '2 more',
  ])
    expect(finding!.reason).toContain(part)
})

test.each([
  [3201, 'warning'],
  [6400, 'warning'],
  [6401, 'error'],
])('a tenant of %d relations needs locks', (relations, severity) => {
  const locks = { ...healthy.locks, largest: { schema: 'tenant_acme', relations } }
  expect(codes({ locks })).toEqual([`${severity} too-few-locks`])
})

test.each([
  [24, []],
  [23, ['warning too-few-connections']],
  [12, ['warning too-few-connections']],
  [11, ['error too-few-connections']],
])('%d connections for 12', (available, expected) => {
  expect(codes({ connections: { ...healthy.connections, available } })).toEqual(expected)
})
