import { AdminTown, ADMIN_SERVERS, wordsOf } from './support/admin-town'
import type { AdminTownOptions } from './support/admin-town'

const LATE = '20200103000000_late.sql'
const LATE_SQL = '-- Up Migration\nselect 1;\n-- Down Migration\nselect 1;\n'

describe.each(ADMIN_SERVERS)('the admin pages on $name', (server) => {
  let admin: AdminTown
  afterEach(() => admin.stop())

  async function open(title: string, ids: readonly string[], options?: AdminTownOptions): Promise<void> {
    admin = await new AdminTown(server, title, options).start()
    for (const id of ids) await admin.tenancy.create(id)
  }

  test('the fleet: tenants, groups by migrations, sizes, what is wrong', async () => {
    await open('fleet', ['a', 'b', 'c', 'd'])
    await admin.tenancy.rollback('b')
    await admin.tenancy.suspend('c')
    await admin.town.asOwner("update _rowhouse set state = 'creating'", 'd')
    const page = await admin.get('/')
    expect(page.status).toBe(200)
    const words = wordsOf(page)
    expect(words).toContain('Tenants 4 At head 2 Not at head 1 Suspended 1 Half made 1 Problems 0')
    expect(words).toContain('Migration 2 tenants at head 1 tenant 1 pending')
    expect(words).toContain('20200102000000_create_widgets ✓ applied ○ pending')
    expect(words).toContain('20200101000000_create_widget_types ✓ applied ✓ applied')
    expect(words).toMatch(/ a active 20200102000000 at head 2 \d+ KiB 20\d\d-/)
    expect(words).toMatch(/ c suspended 20200102000000 at head 2 /)
    expect(words).toMatch(/ d half made – – 2 /)
    await admin.town.asOwner('drop table schema_migrations', 'b')
    await admin.town.asOwner('create table schema_migrations (version bigint)', 'b')
    const fresh = await admin.get('/?fresh=1')
    expect(fresh.headers.get('location')).toBe('/admin/')
    const after = wordsOf(await admin.follow(fresh))
    expect(after).toContain('Problems 1')
    expect(after).toContain("b can't be looked at ROWHOUSE_MIGRATION_TARGET")
  })

  test('hundreds of tenants: searched and paged on the server, and measured only where they are shown', async () => {
    await open('many', [])
    const count = server.engine === 'postgres' ? 220 : 110
    const ids = Array.from({ length: count }, (_, index) => `t${String(index).padStart(3, '0')}`)
    for (let at = 0; at < count; at += 4)
      await Promise.all(
        ids.slice(at, at + 4).map((id) => admin.tenancy.create(id, { migrate: id === 't007' })),
      )
    const statusAll = jest.spyOn(admin.tenancy, 'statusAll')
    const figures = jest.spyOn(admin.tenancy, 'figures')
    const shown = async (query: string): Promise<string[]> => {
      const { text } = await admin.get(`/${query}`)
      return [...text.matchAll(/href="\/admin\/tenant\?id=(t\d+)"/g)].map(([, id]) => id!)
    }
    expect(await shown('')).toEqual(ids.slice(0, 50))
    expect(await shown('?page=2')).toEqual(ids.slice(50, 100))
    expect(await shown('?page=99')).toEqual(ids.slice(Math.floor((count - 1) / 50) * 50))
    expect(await shown('?page=-1')).toEqual(ids.slice(0, 50))
    expect(await shown('?q=T10')).toEqual(ids.slice(100, 110))
    expect(await shown('?q=no+such')).toEqual([])
    expect(await shown('?state=suspended')).toEqual([])
    // Counts are of all that are found, and the next page is of the same search.
    const { text } = await admin.get('/?q=t&state=active')
    expect(text).toContain(`${count} tenants`)
    expect(text).toContain('href="/admin/?q=t&amp;state=active&amp;page=2#tenants"')
    const [, key] = /group=(\w+)#tenants"\s*>\s*1 tenant\s*</.exec(text)!
    expect(await shown(`?group=${key}`)).toEqual(['t007'])
    expect(statusAll).toHaveBeenCalledTimes(1)
    for (const [asked] of figures.mock.calls) expect([...asked].length).toBeLessThanOrEqual(50)
    // What finds nothing asks for nothing.
    expect(figures.mock.calls.length).toBe(7)
  })

  test('one tenant: tables, migrations with their times, and drift when it is asked for', async () => {
    await open('tenant', ['a', 'b', 'c'])
    admin.town.folder.write(LATE, LATE_SQL)
    const page = wordsOf(await admin.get('/tenant?id=a'))
    expect(page).toContain(`Fleet / ${admin.town.schema('a')} a Migrate Roll back Suspend Drop`)
    expect(page).toContain('State active Applied 2 Pending 1 Tables 2 Size')
    expect(page).toMatch(
      /20200103000000_late pending – 20200102000000_create_widgets applied 20\d\d-\d\d-\d\d \d\d:\d\d 20200101/,
    )
    expect(page).toMatch(/widget_types table .* widgets table /)
    expect(page).toContain('Is it built as others with the same migrations are?')
    expect(wordsOf(await admin.get('/tenant?id=a&drift=1'))).toContain('Built as most of 2 other tenants')
    await admin.town.asOwner('alter table widgets add column extra int', 'a')
    const drifted = wordsOf(await admin.get('/tenant?id=a&drift=1'))
    expect(drifted).toContain('Not built as most of 2 other tenants')
    expect(drifted).toMatch(/Extra: others do not have it column widgets\.extra int/)
    await admin.tenancy.migrate('b')
    await admin.get('/?fresh=1')
    expect(wordsOf(await admin.get('/tenant?id=b&drift=1'))).toContain('nothing to compare it with')
    // Nor does a page of another site make the server compare.
    const foreign = await admin.get('/tenant?id=a&drift=1', { 'sec-fetch-site': 'cross-site' })
    expect(wordsOf(foreign)).toContain('Is it built as others')
  })

  test('a tenant that is not there, or whose id none can have, is a page that says so', async () => {
    await open('nobody', [])
    const nobody = await admin.get('/tenant?id=nobody')
    expect([nobody.status, nobody.text]).toEqual([404, expect.stringContaining('ROWHOUSE_TENANT_NOT_FOUND')])
    const odd = await admin.get(`/tenant?id=${encodeURIComponent('"; drop')}`)
    expect([odd.status, odd.text]).toEqual([404, expect.stringContaining('ROWHOUSE_TENANT_ID_INVALID')])
    expect((await admin.get('/nowhere')).status).toBe(404)
    expect((await admin.get('/assets/..%2frouter.js')).status).toBe(404)
    expect((await admin.get('/assets/../router.ts')).status).toBe(404)
    expect(wordsOf(await admin.get('/'))).toContain('There are no tenants yet.')
  })

  test('checks are made when they are asked for, and by nobody else', async () => {
    await open('checks', ['a', 'b'])
    admin.town.folder.write(LATE, '-- Up Migration\nalter table widgets drop column name;\n')
    const lint = jest.spyOn(admin.tenancy, 'lint')
    expect(wordsOf(await admin.get('/checks'))).not.toContain('warning')
    expect(lint).not.toHaveBeenCalled()
    const found = wordsOf(await admin.get('/checks?run=lint'))
    expect(found).toContain(
      'warning drop-column 20200103000000_late, line 2 alter table widgets drop column name',
    )
    expect(wordsOf(await admin.get('/checks?run=doctor'))).toContain('Set-up')
    await admin.town.asOwner('alter table widgets add column extra int', 'b')
    await admin.tenancy.create('c', { migrate: false })
    const drift = wordsOf(await admin.get('/checks?run=drift'))
    expect(drift).toContain('At 20200102000000: 1 of 2 alike b, unlike a: + column widgets.extra')
    const foreign = await admin.get('/checks?run=lint', { 'sec-fetch-site': 'cross-site' })
    expect(wordsOf(foreign)).not.toContain('warning')
    expect(lint).toHaveBeenCalledTimes(1)
  })
})
