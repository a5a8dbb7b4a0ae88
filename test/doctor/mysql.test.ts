import { judgeMysql } from '../../src/doctor/mysql'
import type { MysqlFacts } from '../../src/doctor/mysql'
import type { DatabaseGrant } from '../../src/doctor/mysql-grants'

const grants: MysqlFacts['grants'] = {
  account: 'app@%',
  prefix: 'tenant_',
  shared: 'main',
  global: { rights: ['USAGE'], mayGrant: false },
  databases: [],
}
const healthy: MysqlFacts = {
  isBehindProxy: false,
  switch: 'joined',
  migrations: { state: 'direct' },
  tracksSchema: true,
  statements: { budget: 8192, kept: 2560, max: 16_382 },
  tableCache: { tables: 400, open: 2000, definitions: 400 },
  initConnect: '',
  localFiles: { isOn: true, isAllowed: false },
  folding: 0,
  grants,
  roles: undefined,
  connections: { pool: 10, admin: 2, available: 151, limit: 'max_connections' },
}

function codes(change: Partial<MysqlFacts>): string[] {
  return judgeMysql({ ...healthy, ...change }).map(({ code, severity }) => `${severity} ${code}`)
}

function withGlobal(...rights: string[]): Partial<MysqlFacts> {
  return { grants: { ...grants, global: { rights, mayGrant: false } } }
}

function withPattern(pattern: string, change: Partial<DatabaseGrant> = {}): Partial<MysqlFacts> {
  return {
    grants: { ...grants, databases: [{ pattern, rights: ['SELECT'], mayGrant: false, ...change }] },
  }
}

test('a healthy set-up has no finding', () => {
  expect(codes({})).toEqual([])
})

test.each<[string, Partial<MysqlFacts>, string[]]>([
  ['a proxy', { isBehindProxy: true }, ['error proxy-in-between']],
  ['a proxy that was declared', { isBehindProxy: true, switch: 'awaited' }, []],
  ['a proxy before the owner', { migrations: { state: 'indirect' } }, ['error proxy-before-migrations']],
  ['no tracking', { tracksSchema: false }, ['error schema-not-tracked']],
  [
    'fewer statements than the budget',
    { statements: { budget: 8192, kept: 2560, max: 4000 } },
    ['warning too-few-statements'],
  ],
  [
    'fewer statements than are kept',
    { statements: { budget: 8192, kept: 2560, max: 100 } },
    ['error too-few-statements'],
  ],
  [
    'more tables than definitions are kept',
    { tableCache: { tables: 401, open: 2000, definitions: 400 } },
    ['warning table-cache-too-small'],
  ],
  [
    'more tables than are kept open',
    { tableCache: { tables: 3000, open: 2000, definitions: 4000 } },
    ['warning table-cache-too-small'],
  ],
  ['init_connect', { initConnect: 'SET @a = 1' }, ['warning init-connect-lost']],
  [
    'local files on both sides',
    { localFiles: { isOn: true, isAllowed: true } },
    ['warning local-files-allowed'],
  ],
  ['local files that the server forbids', { localFiles: { isOn: false, isAllowed: true } }, []],
  ['folded names', { folding: 1 }, ['warning names-folded']],
  [
    'a pool without a limit',
    { connections: { ...healthy.connections, pool: Infinity } },
    ['error too-few-connections'],
  ],
])('%s', (_what, change, expected) => {
  expect(codes(change)).toEqual(expected)
})

const fine = { tables: [], missing: [] }

test.each<[string, Partial<MysqlFacts>, string[]]>([
  ['all in order', { roles: fine }, []],
  ['a tenant without one', { roles: { ...fine, missing: ['tenant_a'] } }, ['error tenant-without-role']],
  ['rights on a table', { roles: { ...fine, tables: ['tenant_a.w'] } }, ['error rights-beside-roles']],
  ['a tenant', { ...withPattern('tenant\\_acme'), roles: fine }, ['error rights-beside-roles']],
  ['all tenants', { ...withPattern('tenant\\_%'), roles: fine }, ['error rights-beside-roles']],
  ['a tenant, where there are no roles', withPattern('tenant\\_acme'), []],
  ['the shared database', { ...withPattern('main'), roles: fine }, []],
  [
    'a pattern that reaches tenants',
    { ...withPattern('ten%'), roles: fine },
    ['error rights-beside-roles', 'warning rights-outside-tenants'],
  ],
  ['one that does not', { ...withPattern('x%'), roles: fine }, ['warning rights-outside-tenants']],
])('roles: %s', (_what, change, expected) => {
  expect(codes(change).sort()).toEqual(expected)
})

test.each<[string, Partial<MysqlFacts>, string[]]>([
  ['SUPER', withGlobal('SUPER'), ['error account-has-super']],
  ['ALL', withGlobal('ALL PRIVILEGES'), ['error account-has-super', 'error rights-on-all-databases']],
  ['SELECT on everything', withGlobal('SELECT', 'CREATE VIEW'), ['error rights-on-all-databases']],
  ["rights on the server's own business", withGlobal('PROCESS', 'SHOW DATABASES', 'CREATE USER'), []],
  [
    'GRANT OPTION on everything',
    { grants: { ...grants, global: { rights: ['USAGE'], mayGrant: true } } },
    ['warning account-may-grant'],
  ],
  ['GRANT OPTION on a tenant', withPattern('tenant\\_a', { mayGrant: true }), ['warning account-may-grant']],
  ['a tenant', withPattern('tenant\\_acme'), []],
  ['all tenants', withPattern('tenant\\_%'), []],
  ['an unescaped "_"', withPattern('tenant_%'), ['warning rights-outside-tenants']],
  ['everything by a pattern', withPattern('%'), ['warning rights-outside-tenants']],
  ['the shared database', withPattern('main'), []],
  ['another database', withPattern('mysql'), ['warning rights-outside-tenants']],
])('rights: %s', (_what, change, expected) => {
  expect(codes(change)).toEqual(expected)
})
