import { html } from '../../src/admin/html'
import { AdminTown, ADMIN_SERVERS, decode } from './support/admin-town'

const EVIL = `<img src=x onerror=alert(1)>"'&`

test('a template escapes text, in attributes, too, and nothing that is HTML already', () => {
  const inner = html`<b>${EVIL}</b>`
  expect(
    html`<p title="${EVIL}">${inner}${[1, 'a<', html`<i></i>`]}${false}${null}${undefined}</p>`.toString(),
  ).toBe(
    '<p title="&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;">' +
      '<b>&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;</b>1a&lt;<i></i></p>',
  )
  // What can tell its text itself is no HTML: only the template makes that.
  expect(() => html`${{ toString: () => '<b>' } as unknown as string}`).toThrow()
})

describe.each(ADMIN_SERVERS)('hostile text on $name', (server) => {
  let admin: AdminTown
  afterEach(() => admin.stop())

  function expectHarmless(text: string): void {
    expect(text).not.toContain('<img src=x')
    expect(text).not.toContain('<script>alert')
    // Every tag is one of ours, and no attribute is an event.
    const tags = new Set([...text.matchAll(/<\/?([a-z][\w-]*)/gi)].map(([, tag]) => tag!.toLowerCase()))
    for (const tag of ['iframe', 'svg', 'object', 'embed', 'base', 'style']) expect(tags).not.toContain(tag)
    expect(text.replace(/"[^"]*"/g, '')).not.toMatch(/<[^>]*\son\w+=/i)
  }

  // MySQL's GRANT takes fewer signs in a database's name.
  const id =
    server.engine === 'postgres' ? `<img src=x onerror=alert(1)>"'&/..` : `<img src=x onerror=alert(1)>"'&`

  test('in ids, search terms, errors of migrations and of the application stays text', async () => {
    admin = await new AdminTown(server, 'hostile', {
      validate: /./,
      hooks: {
        afterMigrate: () => {
          throw new Error(`<script>alert(2)</script>`)
        },
      },
    }).start()
    const made = await admin.submit('/create', { id })
    expect(made.status).toBe(303)
    const tenant = await admin.follow(made)
    expectHarmless(tenant.text)
    expect(decode(/<h1>([^<]*)<\/h1>/.exec(tenant.text)![1]!.trim())).toBe(id)
    const query = new URLSearchParams({ id }).toString()
    for (const action of ['rollback', 'suspend', 'drop']) {
      const form = await admin.get(`/tenant/${action}?${query}`)
      expectHarmless(form.text)
      expect(form.text).toContain('name="id"')
    }
    for (const path of [
      '/',
      `/?${new URLSearchParams({ q: EVIL, state: EVIL, group: EVIL, page: EVIL }).toString()}`,
      `/tenant?${new URLSearchParams({ id: EVIL }).toString()}`,
      `/undrop?${new URLSearchParams({ id: EVIL, as: EVIL }).toString()}`,
      `/checks?run=${encodeURIComponent(EVIL)}`,
      `/${encodeURIComponent(EVIL)}`,
      '/<script>alert(3)</script>',
    ])
      expectHarmless((await admin.get(path)).text)
    const failed = await admin.submit(`/tenant/rollback?${query}`, { to: '20200102000000' })
    expect(failed.status).toBe(409)
    expect(decode(failed.text)).toContain('<script>alert(2)</script>')
    expectHarmless(failed.text)
    const mistyped = await admin.submit(`/tenant/drop?${query}`, { confirm: `${EVIL}!`, keep: 'none' })
    expect(mistyped.status).toBe(422)
    expectHarmless(mistyped.text)
    // And the tenant can be worked with as any other: it is found, suspended and dropped.
    expect(decode((await admin.get(`/?${new URLSearchParams({ q: 'ONERROR' }).toString()}`)).text)).toContain(
      id,
    )
    expect((await admin.submit(`/tenant/suspend?${query}`)).status).toBe(303)
    expect(await admin.tenancy.status(id)).toMatchObject({ state: 'suspended' })
    expect((await admin.submit(`/tenant/drop?${query}`, { confirm: id, keep: 'none' })).status).toBe(303)
    expect(await admin.tenancy.list()).toEqual([])
  })

  test('errors of the database stay text', async () => {
    admin = await new AdminTown(server, 'errors').start()
    await admin.tenancy.create('a')
    const quoted =
      server.engine === 'postgres' ? `"<script>alert(4)</script>"` : '`<script>alert(4)</script>`'
    admin.town.folder.write('20200103000000_evil.sql', `-- Up Migration\nselect * from ${quoted};\n`)
    const failed = await admin.submit('/tenant/migrate?id=a', { to: 'all' })
    expect(decode(failed.text)).toContain('<script>alert(4)</script>')
    for (const { text } of [failed, await admin.get('/'), await admin.get('/tenant?id=a')])
      expectHarmless(text)
  })

  test('a note comes from a list, and no cookie can say anything else', async () => {
    admin = await new AdminTown(server, 'notes').start()
    for (const note of ['constructor.1', `${encodeURIComponent(EVIL)}.1`, 'nothing', '.'])
      expect((await admin.get('/', { cookie: `rowhouse_admin_note=${note}` })).text).not.toContain(
        'role="status"',
      )
    const { text } = await admin.get('/', { cookie: 'rowhouse_admin_note=migrated.<b>' })
    expect(text).toContain('Nothing was pending.')
  })
})
