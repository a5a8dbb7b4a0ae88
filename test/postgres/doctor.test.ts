import { startPostgres } from '../../scripts/embedded-postgres/start'
import type { PostgresServer } from '../../scripts/embedded-postgres/start'
import type { Finding } from '../../src/doctor/finding'
import type { PostgresOptions } from '../../src/postgres/postgres'
import { Town } from '../lifecycle/support'
import { adminClient, SERVERS } from '../support/servers'
import type { TestServer } from '../support/servers'
import { startPoolerLike } from './support/pooler-like'
import { startTransactionPooler } from './support/transaction-pooler'

/** What an older server always has. */
const OLD = 'warning search-path-not-reported'

function codes(findings: readonly Finding[]): string[] {
  return findings.map(({ severity, code }) => `${severity} ${code}`).filter((one) => one !== OLD)
}

/** The same URL as another user, or with more parameters. */
function urlOf(url: string, { user, options }: { user?: string; options?: string }): string {
  const changed = new URL(url)
  if (user !== undefined) changed.username = user
  if (options !== undefined) changed.searchParams.set('options', options)
  return changed.href
}

/** Roles and extensions of a server that is somebody's are not ours to make. */
const describeOwn = SERVERS.every(({ superuserUrl }) => superuserUrl !== undefined) ? describe : describe.skip

describeOwn.each(SERVERS)('doctor on $name', (server) => {
  let town: Town
  const roles: string[] = []

  async function asAdmin(...statements: string[]): Promise<void> {
    const admin = await adminClient({ ...server, ...inDatabase(server) })
    try {
      for (const sql of statements) await admin.query(sql)
    } finally {
      await admin.end()
    }
  }

  /** A town whose application has a role of its own. */
  async function open(title: string, options: Partial<PostgresOptions> = {}): Promise<string> {
    town = await Town.open(server, title)
    const role = `${town.prefix}app`
    roles.push(role)
    await asAdmin(`create role ${role} login`)
    await reopen(title, role, options)
    return role
  }

  async function reopen(title: string, role: string, options: Partial<PostgresOptions>): Promise<void> {
    await town.close()
    town = await Town.open(server, title, undefined, {
      connectionString: urlOf(server.appUrl, { user: role }),
      ...options,
    })
  }

  afterEach(async () => {
    await town.close()
    for (const role of roles.splice(0)) await asAdmin(`drop owned by ${role}`, `drop role ${role}`)
  })

  test('nothing is wrong with a healthy set-up', async () => {
    await open('healthy')
    expect(codes(await town.tenancy.doctor())).toEqual([])
    await town.tenancy.create('acme')
    const findings = await town.tenancy.doctor()
    expect(codes(findings)).toEqual([])
    expect(findings).toHaveLength(server.version < 18 ? 1 : 0)
  })

  test('where nobody may write it works all the same', async () => {
    const role = await open('read only')
    await town.tenancy.create('acme')
    const options = '-c default_transaction_read_only=on'
    const readOnly = town.sibling(
      {},
      {
        connectionString: urlOf(server.appUrl, { user: role, options }),
        migrationUrl: urlOf(server.ownerUrl, { options }),
        sharedSchemas: ['public'],
      },
    )
    try {
      await expect(readOnly.suspend('acme')).rejects.toMatchObject({ code: '25006' })
      expect(codes(await readOnly.doctor())).toEqual([])
    } finally {
      await readOnly.close()
    }
  })

  test('one role for everything owns the tenants', async () => {
    await open('one role')
    const alone = town.sibling({}, { connectionString: server.ownerUrl, migrationUrl: undefined })
    try {
      await alone.create('acme')
      expect(codes(await alone.doctor())).toEqual(['warning role-owns-tenants'])
    } finally {
      await alone.close()
    }
  })

  test('tables of a shared schema that stand in a tenant, too', async () => {
    const role = await open('doubled')
    const shared = `${town.prefix}x_shared`
    await reopen('doubled', role, { sharedSchemas: [shared] })
    await town.owner.query(`create schema ${shared}`)
    await town.tenancy.create('acme')
    await town.owner.query(
      `create table ${shared}.widgets (id int); create table ${shared}.countries (id int);
       create table ${shared}.schema_migrations (id int)`,
    )
    const findings = await town.tenancy.doctor()
    expect(codes(findings)).toEqual(['error shared-table-in-tenant'])
    expect(findings[0]!.reason).toMatch(
      /^1 table .*\(1 of 1 tenants.*_shared"\."widgets" in ".*acme"\. A tenant/,
    )
    // Of 25 tenants at most 20 are looked at.
    await town.owner.query(
      Array.from(
        { length: 24 },
        (_, index) =>
          `create schema ${town.prefix}t${index}; create table ${town.prefix}t${index}._rowhouse
             as select 'default' as tenancy, 't${index}' as tenant, 'active' as state;
           grant usage on schema ${town.prefix}t${index} to ${role}; grant select on ${town.prefix}t${index}._rowhouse to ${role}`,
      ).join(';'),
    )
    expect((await town.tenancy.doctor())[0]!.reason).toContain('20 of 25 tenants')
  })

  test('a search_path by default, of the role and in the database', async () => {
    const role = await open('path')
    await town.tenancy.create('acme')
    await asAdmin(
      `alter role ${role} set search_path = "${town.prefix}acme", public`,
      `alter role ${role} in database rowhouse set search_path = shared`,
    )
    const findings = await town.tenancy.doctor()
    expect(codes(findings)).toEqual(['error search-path-default', 'warning search-path-default'])
    expect(findings[0]!.reason).toContain(`role "${role}" has the search_path ${town.prefix}acme, public`)
    expect(findings[1]!.reason).toContain(`role "${role}" in database "rowhouse" has the search_path shared`)
  })

  test('a superuser, and BYPASSRLS', async () => {
    const role = await open('superuser')
    await town.tenancy.create('acme')
    await asAdmin(`alter role ${role} bypassrls`)
    expect(codes(await town.tenancy.doctor())).toEqual(['warning role-bypasses-rls'])
    await asAdmin(`alter role ${role} superuser`)
    expect(codes(await town.tenancy.doctor())).toEqual(['error role-is-superuser'])
  })

  test('CREATE in tenants, membership of their owner, and USAGE that is missing', async () => {
    const role = await open('rights')
    for (const id of ['a', 'b', 'c']) await town.tenancy.create(id)
    await town.owner.query(
      `grant create on schema ${town.prefix}a to ${role}; revoke usage on schema ${town.prefix}b from ${role};
       revoke select on ${town.prefix}c._rowhouse from ${role}`,
    )
    const findings = await town.tenancy.doctor()
    expect(codes(findings)).toEqual(['error tenant-not-usable', 'warning role-may-create'])
    expect(findings[0]!.reason).toMatch(/2 of 3 tenants \(USAGE .* on 1, .* alone on 1\): .*b", ".*c"\.$/)
    expect(findings[1]!.reason).toContain(`${town.prefix}a"`)
    await asAdmin(`grant rowhouse_owner to ${role}`)
    // The owner of the database owns `public`.
    expect(codes(await town.tenancy.doctor())).toEqual([
      'warning role-owns-tenants',
      'warning role-may-create',
    ])
  })

  test("another tenancy's schemas are none of ours", async () => {
    const role = await open('others')
    const other = town.sibling({ name: 'other' })
    await other.create('acme')
    await other.close()
    await town.owner.query(`revoke usage on schema ${town.prefix}acme from ${role}`)
    expect(codes(await town.tenancy.doctor())).toEqual([])
    // Without an owner to ask nobody can tell.
    const alone = town.sibling({}, { migrationUrl: undefined, connectionString: urlOf(server.appUrl, { user: role }) }) // prettier-ignore
    expect(codes(await alone.doctor())).toEqual(['warning tenant-not-usable'])
    await alone.close()
  })

  test('an extension in a tenant', async () => {
    await open('extension')
    await town.tenancy.create('acme')
    await asAdmin(`create extension intagg schema ${town.prefix}acme`)
    const findings = await town.tenancy.doctor()
    expect(codes(findings)).toEqual(['warning extension-in-tenant'])
    expect(findings[0]!.reason).toContain(`"intagg" in "${town.prefix}acme"`)
    await asAdmin('drop extension intagg')
  })

  test('poolers: undeclared, in front of the owner, and one that does not pool sessions', async () => {
    const role = await open('poolers')
    const app = urlOf(server.appUrl, { user: role })
    const [undeclared, owner, transactions] = await Promise.all([
      startPoolerLike(app),
      startPoolerLike(server.ownerUrl),
      startTransactionPooler(app),
    ])
    async function diagnosed(options: Partial<PostgresOptions>): Promise<string[]> {
      const tenancy = town.sibling({}, { connectionString: app, ...options })
      try {
        return codes(await tenancy.doctor())
      } finally {
        await tenancy.close()
      }
    }
    try {
      expect(await diagnosed({ connectionString: undeclared.url })).toEqual(['error pooler-in-between'])
      expect(await diagnosed({ connectionString: undeclared.url, pooler: 'session' })).toEqual([])
      expect(await diagnosed({ migrationUrl: owner.url })).toEqual(['error pooler-before-migrations'])
      const findings = await diagnosed({ connectionString: transactions.url, pooler: 'session' })
      expect(findings).toEqual(['error pooler-not-session'])
      expect(await diagnosed({ connectionString: transactions.url, mode: 'local' })).toEqual([])
    } finally {
      await Promise.all([undeclared, owner, transactions].map((one) => one.close()))
    }
  })

  test('an owner who is shut out', async () => {
    await open('shut out')
    const tenancy = town.sibling({}, { migrationUrl: urlOf(server.ownerUrl, { user: 'nobody_here' }) })
    const [finding] = await tenancy.doctor()
    expect(finding).toMatchObject({
      code: 'migrations-unreachable',
      reason: expect.stringContaining('nobody_here'),
    })
    await tenancy.close()
  })

  test('limits of connections', async () => {
    const role = await open('connections', { max: 150 })
    expect(codes(await town.tenancy.doctor())).toEqual(['warning too-few-connections'])
    await asAdmin(`alter role ${role} connection limit 20`)
    const [finding] = await town.tenancy.doctor()
    expect(finding).toMatchObject({ code: 'too-few-connections', severity: 'error' })
    expect(finding!.reason).toMatch(/152 connections .*has 20 for it \(CONNECTION LIMIT of role/)
  })
})

/** Extensions are made in the database of the tests, and not in the superuser's own. */
function inDatabase({ superuserUrl, ownerUrl }: TestServer): Partial<TestServer> {
  if (superuserUrl === undefined) return {}
  const url = new URL(superuserUrl)
  url.pathname = new URL(ownerUrl).pathname
  return { superuserUrl: url.href }
}

describe('doctor on a server of its own', () => {
  let small: PostgresServer
  beforeAll(async () => {
    small = await startPostgres({
      version: 18,
      settings: { max_locks_per_transaction: 10, max_connections: 20, max_prepared_transactions: 0 },
    })
  })
  afterAll(() => small.stop())

  test('what holds for everybody: CREATE in public, a search_path of the database and of all roles', async () => {
    const town = await Town.open({ ...small, name: 'small' }, 'everybody')
    const admin = await adminClient({ ...small, name: 'small' })
    try {
      await town.tenancy.create('acme')
      await town.owner.query('grant create on schema public to public')
      await admin.query('alter database rowhouse set search_path = public')
      await admin.query('alter role all set search_path = other')
      const findings = await town.tenancy.doctor()
      expect(codes(findings)).toEqual([
        'warning role-may-create',
        'warning search-path-default',
        'warning search-path-default',
      ])
      expect(findings[0]!.reason).toContain(
        'in 1 schema, although `migrationUrl` has an owner for that: "public"',
      )
      expect(findings.map(({ reason }) => /has the search_path (.*) by/.exec(reason)?.[1])).toEqual([
        undefined,
        'public',
        'other',
      ])
    } finally {
      await admin.query('alter database rowhouse reset search_path')
      await admin.query('alter role all reset search_path')
      await admin.end()
      await town.owner.query('revoke create on schema public from public')
      await town.close()
    }
  })

  test('a drop of the largest tenant takes as many locks as were counted', async () => {
    const town = await Town.open({ ...small, name: 'small' }, 'locks')
    try {
      await town.tenancy.create('small')
      await town.tenancy.create('large')
      expect(codes(await town.tenancy.doctor())).toEqual([])
      const tables = Array.from(
        { length: 60 },
        (_, index) => `create table ${town.prefix}large.t${index} (id int, a text)`,
      )
      for (const sql of tables) await town.owner.query(sql)
      const [finding] = await town.tenancy.doctor()
      expect(finding).toMatchObject({ code: 'too-few-locks', severity: 'warning' })
      const [, counted] = /large", locks (\d+) relations, and .* 200 locks/.exec(finding!.reason)!
      // What it counts is what the server locks.
      await town.owner.query(`begin; drop schema ${town.prefix}large cascade`)
      const { rows } = await town.owner.query(
        `select count(distinct relation)::int as n from pg_locks l
          where pid = pg_backend_pid() and locktype = 'relation' and mode = 'AccessExclusiveLock'`,
      )
      await town.owner.query('rollback')
      expect(rows[0].n).toBe(Number(counted))
    } finally {
      await town.close()
    }
  })
})
