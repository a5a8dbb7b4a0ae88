import type { AdminAction } from 'rowhouse/admin'
import { AdminTown, ADMIN_SERVERS, wordsOf } from './support/admin-town'
import type { Answer } from './support/admin-town'

const V = [20200101000000, 20200102000000] as const
const BROKEN = '20200103000000_unique.sql'

describe.each(ADMIN_SERVERS)('actions of the admin page on $name', (server) => {
  let admin: AdminTown
  let actions: AdminAction[]
  afterEach(() => admin.stop())

  async function open(title: string, ids: readonly string[] = []): Promise<void> {
    actions = []
    const onAction = (action: AdminAction): void => void actions.push(action)
    admin = await new AdminTown(server, title, { admin: { onAction } }).start()
    for (const id of ids) await admin.tenancy.create(id)
  }

  /** What the page behind a redirect says. */
  async function told(answer: Answer): Promise<string> {
    expect(answer.status).toBe(303)
    return wordsOf(await admin.follow(answer))
  }

  test('create makes a tenant, whole or empty, and says why it does not', async () => {
    await open('create')
    const made = await admin.submit('/create', { id: 'acme' })
    expect(made.headers.get('location')).toBe('/admin/tenant?id=acme')
    expect(await told(made)).toContain('The tenant was created, with 2 migrations.')
    // The note is for one page.
    expect(wordsOf(await admin.get('/tenant?id=acme'))).not.toContain('was created')
    expect(await told(await admin.submit('/create', { id: ' empty ', migrate: 'none' }))).toContain(
      'with 0 migrations',
    )
    expect(await admin.tenancy.status('empty')).toMatchObject({ versions: [] })
    const again = await admin.submit('/create', { id: 'acme' })
    expect(again.status).toBe(409)
    expect(wordsOf(again)).toMatch(/It was not done .*ROWHOUSE_TENANT_EXISTS.*What to do: Choose another id/)
    const odd = await admin.submit('/create', { id: '../x' })
    expect([odd.status, odd.text]).toEqual([404, expect.stringContaining('ROWHOUSE_TENANT_ID_INVALID')])
    expect(await admin.town.schemas()).toEqual([admin.town.schema('acme'), admin.town.schema('empty')])
    expect(actions).toEqual([
      { action: 'create', tenant: 'acme', error: undefined },
      { action: 'create', tenant: ' empty ', error: undefined },
      {
        action: 'create',
        tenant: 'acme',
        error: expect.objectContaining({ code: 'ROWHOUSE_TENANT_EXISTS' }),
      },
      { action: 'create', tenant: '../x', error: expect.any(Error) },
    ])
  })

  test('migrate and roll back go to the version that is chosen, inclusive', async () => {
    await open('migrate', ['a'])
    expect(wordsOf(await admin.get('/tenant/rollback?id=a'))).toContain(
      `1 step: down to and including ${V[1]} 2 steps: down to and including ${V[0]}`,
    )
    expect(await told(await admin.submit('/tenant/rollback?id=a', { to: String(V[0]) }))).toContain(
      '2 migrations rolled back.',
    )
    expect(wordsOf(await admin.get('/tenant/migrate?id=a'))).toContain('all 2 that are pending')
    expect(await told(await admin.submit('/tenant/migrate?id=a', { to: String(V[0]) }))).toContain(
      '1 migration applied.',
    )
    expect(await admin.tenancy.status('a')).toMatchObject({ versions: [V[0]] })
    await admin.submit('/tenant/migrate?id=a', { to: 'all' })
    expect(await told(await admin.submit('/tenant/migrate?id=a', { to: 'all' }))).toContain(
      'Nothing was pending.',
    )
    const unknown = await admin.submit('/tenant/rollback?id=a', { to: '20990101000000' })
    expect([unknown.status, unknown.text]).toEqual([
      409,
      expect.stringContaining('ROWHOUSE_MIGRATION_TARGET'),
    ])
    const unsaid = await admin.submit('/tenant/rollback?id=a', { to: '' })
    expect([unsaid.status, wordsOf(unsaid)]).toEqual([422, expect.stringContaining('Nothing was done.')])
    expect(await admin.tenancy.status('a')).toMatchObject({ versions: V })
  })

  test('a migration that fails is shown with all that is known of it, until it is made good', async () => {
    await open('failing', ['a'])
    for (const name of ['twice', 'twice']) await admin.tenancy.run('a', () => admin.town.insert(name))
    admin.town.folder.write(
      BROKEN,
      '-- Up Migration\ncreate table more (id int);\ncreate unique index one_name on widgets (name);\n-- Down Migration\ndrop table more;\n',
    )
    const failed = await admin.submit('/tenant/migrate?id=a', { to: 'all' })
    expect(failed.status).toBe(409)
    const state = server.engine === 'postgres' ? '23505' : 'ER_DUP_ENTRY \\(23000\\)'
    const facts = `Code ROWHOUSE_MIGRATION_FAILED Tenant a Migration 20200103000000_unique Statement 2 Line 3 Server ${state} What to do:`
    expect(wordsOf(failed)).toMatch(new RegExp(facts))
    expect(wordsOf(await admin.get('/tenant?id=a'))).toMatch(new RegExp(facts))
    const fleet = wordsOf(await admin.get('/'))
    expect(fleet).toMatch(
      new RegExp(`a failed when migrated here 20200103000000_unique, statement 2, line 3 ${state} `),
    )
    if (server.engine === 'mysql') {
      // Its journal knows, too, also what another process has left.
      expect(fleet).toMatch(/a is unfinished 20200103000000_unique, statement 2 – .*Duplicate entry/)
      expect(wordsOf(await admin.get('/tenant?id=a'))).toContain('A migration is unfinished')
    }
    await admin.town.asOwner('delete from widgets', 'a')
    await admin.submit('/tenant/migrate?id=a', { to: 'all' })
    expect(wordsOf(await admin.get('/'))).not.toContain('Failures')
    expect(
      actions.map(({ action, error }) => [action, (error as { code?: string } | undefined)?.code]),
    ).toEqual([
      ['migrate', 'ROWHOUSE_MIGRATION_FAILED'],
      ['migrate', undefined],
    ])
  })

  test('suspend and unsuspend', async () => {
    await open('suspend', ['a'])
    expect(await told(await admin.submit('/tenant/suspend?id=a'))).toContain('The tenant is suspended')
    expect(await admin.tenancy.status('a')).toMatchObject({ state: 'suspended' })
    expect(wordsOf(await admin.get('/tenant?id=a'))).toContain('Unsuspend')
    expect(await told(await admin.submit('/tenant/unsuspend?id=a'))).toContain('is served again')
    expect(await admin.tenancy.status('a')).toMatchObject({ state: 'active' })
  })

  test('drop wants the id typed; what was kept comes back', async () => {
    await open('drop', ['a', 'b'])
    await admin.tenancy.run('a', () => admin.town.insert('kept'))
    for (const confirm of ['', 'A', 'b']) {
      const refused = await admin.submit('/tenant/drop?id=a', { confirm, keep: 'none' })
      expect([refused.status, wordsOf(refused)]).toEqual([
        422,
        expect.stringContaining('Nothing was dropped.'),
      ])
    }
    expect((await admin.submit('/tenant/drop?id=a', { confirm: 'a', keep: 'what' })).status).toBe(422)
    expect(await admin.tenancy.exists('a')).toBe(true)
    const kept = await admin.submit('/tenant/drop?id=a', { confirm: 'a', keep: '30d' })
    expect(kept.headers.get('location')).toBe('/admin/')
    expect(await told(kept)).toContain('Its data is kept for 30 days')
    const list = await admin.get('/dropped')
    const [, link] = /href="\/admin(\/undrop\?[^"]+)"/.exec(list.text)!
    expect(await told(await admin.submit(link!.replaceAll('&amp;', '&')))).toContain('The tenant is back.')
    expect(await admin.town.namesOf('a')).toEqual(['kept'])
    expect(wordsOf(await admin.get('/dropped'))).toContain('Nothing is kept of dropped tenants.')
    await admin.submit('/tenant/drop?id=b', { confirm: 'b', keep: 'none' })
    expect(await admin.tenancy.listDropped()).toEqual([])
    expect(await admin.town.schemas()).toEqual([admin.town.schema('a')])
    const gone = await admin.post('/tenant/drop', {
      ...(await tokenOf('/tenant/drop?id=a')),
      ...{ id: 'b', confirm: 'b', keep: 'none' },
    })
    expect([gone.status, gone.text]).toEqual([404, expect.stringContaining('ROWHOUSE_TENANT_NOT_FOUND')])
  })

  async function tokenOf(path: string): Promise<Record<string, string>> {
    const [, token] = /name="_token" value="([^"]+)"/.exec((await admin.get(path)).text)!
    return { _token: token! }
  }
})
