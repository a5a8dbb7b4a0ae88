import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { AdminTown, ADMIN_SERVERS } from '../admin/support/admin-town'
import type { AdminTownOptions } from '../admin/support/admin-town'
import { expectAccessible, expectNoSideways } from './support/accessibility'
import { useBrowser } from './support/use-browser'

const browser = useBrowser()
const server = ADMIN_SERVERS[0]!
const EVIL = `<img src=x onerror=alert(1)>"'&`

let admin: AdminTown
afterEach(() => admin.stop())

async function open(title: string, ids: readonly string[], options?: AdminTownOptions): Promise<void> {
  admin = await new AdminTown(server, title, options).start()
  for (const id of ids) await admin.tenancy.create(id)
}

/** A migration that takes a while, and that tenants with two widgets of one name will not take. */
function writeSlow(statement = 'create unique index one_name on widgets (name)'): void {
  admin.town.folder.write(
    '20200103000000_slow.sql',
    `-- Up Migration\nselect pg_sleep(0.3);\n${statement};\n-- Down Migration\nselect 1;\n`,
  )
}

async function spoil(id: string): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await admin.tenancy.run(id, () => admin.town.insert('twice'))
}

const text = (page: Page): Promise<string> => page.innerText('main')

test('a tenant is created, looked at and dropped', async () => {
  await open('create', ['acme'])
  await browser.visit(admin.origin, async ({ page, complaints }) => {
    await page.goto('/admin')
    expect(await text(page)).toContain('Where tenants stand')
    await page.click('text=Create tenant')
    await page.getByLabel('Id', { exact: true }).fill('zeta')
    await page.getByRole('button', { name: 'Create tenant' }).click()
    await page.waitForURL('**/tenant?id=zeta')
    expect(await text(page)).toContain('The tenant was created, with 2 migrations.')
    await page.getByRole('link', { name: 'Drop', exact: true }).click()
    await page.getByLabel('type the id').fill('acme')
    complaints.expect(/422/)
    await page.getByRole('button', { name: 'Drop the tenant' }).click()
    expect(await text(page)).toContain('Nothing was dropped.')
    await page.getByRole('link', { name: 'Back' }).click()
    await page.getByRole('link', { name: 'Drop', exact: true }).click()
    await page.getByLabel('type the id').fill('zeta')
    await page.getByRole('button', { name: 'Drop the tenant' }).click()
    expect(await text(page)).toContain('Its data is kept for 30 days')
  })
  expect((await admin.tenancy.list()).map(({ tenant }) => tenant)).toEqual(['acme'])
})

test('a migration of the fleet is seen as it goes on, with its failures, and ends by itself', async () => {
  await open(
    'live',
    Array.from({ length: 12 }, (_, index) => `t${index}`),
  )
  for (const id of ['t4', 't5']) await spoil(id)
  writeSlow()
  await browser.visit(admin.origin, async ({ page, context }) => {
    await page.goto('/admin/')
    await page.click('text=Migrate fleet')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.waitForURL('**/run')
    await page.waitForSelector('[data-text="done"]:text-matches("^[3-9]$")')
    expect(await page.evaluate<number>('document.querySelector("progress").value')).toBeGreaterThan(2)
    expect(await text(page)).toContain('Cancel the run')
    // Another window finds the running one, and it goes on in both.
    const other = await context.newPage()
    await other.goto('/admin/run')
    await page.waitForSelector('text=Migrate again', { timeout: 20_000 })
    await other.waitForSelector('text=Migrate again', { timeout: 20_000 })
    expect(await text(page)).toMatch(/Ended, with failures\.[^]*Migrated\s+10\s+Failed\s+2/)
    expect(await text(page)).toMatch(/t5\s+20200103000000_slow\s+2, line 3\s+23505/)
    await page.click('text=t5')
    expect(await text(page)).toContain('Failed when migrated here')
  })
})

test('without a script the page of the run loads itself anew, and everything else is forms', async () => {
  await open('no script', ['a', 'b', 'c', 'd', 'e', 'f'])
  writeSlow('select 1')
  await browser.visit(
    admin.origin,
    async ({ page }) => {
      await page.goto('/admin/migrate')
      await page.getByRole('button', { name: 'Start' }).click()
      await page.waitForSelector('text=Done: all tenants are where they should be.', { timeout: 20_000 })
    },
    { javaScriptEnabled: false },
  )
  expect(await admin.tenancy.statusAll()).toMatchObject({ atHead: 6 })
})

test('a run is cancelled', async () => {
  await open(
    'cancel',
    Array.from({ length: 20 }, (_, index) => `t${index}`),
  )
  writeSlow('select 1')
  await browser.visit(admin.origin, async ({ page }) => {
    await page.goto('/admin/migrate')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('button', { name: 'Cancel the run' }).click()
    await page.waitForSelector('text=Cancelled: tenants in hand were finished', { timeout: 20_000 })
  })
  expect((await admin.tenancy.statusAll()).atHead).toBeLessThan(20)
})

test('hostile ids and errors are text, in the pages and in what the script adds', async () => {
  await open('hostile', [], { validate: /./ })
  for (const id of ['#first', EVIL]) await admin.tenancy.create(id)
  await spoil(EVIL)
  admin.town.folder.write(
    '20200103000000_slow.sql',
    '-- Up Migration\nselect pg_sleep(0.5);\ncreate unique index "<script>alert(2)</script>" on widgets (name);\n',
  )
  await browser.visit(admin.origin, async ({ page }) => {
    const expectOwn = async (): Promise<void> => {
      expect(await page.evaluate<number>('document.querySelectorAll("main img, main script").length')).toBe(0)
    }
    await page.goto(`/admin/?q=${encodeURIComponent(EVIL)}`)
    await expectOwn()
    await page.getByRole('link', { name: EVIL }).click()
    expect(await page.innerText('h1')).toBe(EVIL)
    await expectOwn()
    await page.goto('/admin/migrate')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.waitForSelector('[data-failures]:not([hidden]) td', { timeout: 20_000 })
    expect(await text(page)).toContain(EVIL)
    await expectOwn()
    await page.waitForSelector('text=/Ended|Stopped/', { timeout: 20_000 })
    expect(await text(page)).toContain('<script>alert(2)</script>')
    await expectOwn()
  })
})

test('a page of another site can’t send its forms', async () => {
  await open('foreign', ['acme'])
  const foreign = http.createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html')
    res.end(
      `<!doctype html><title>Prizes</title><form method="post" action="${admin.origin}/admin/tenant/suspend">` +
        '<input name="id" value="acme"><button>Win</button></form>',
    )
  })
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
  const host = `localhost:${(foreign.address() as AddressInfo).port}`
  try {
    await browser.visit(
      admin.origin,
      async ({ page, complaints }) => {
        await page.goto('/admin/tenant/suspend?id=acme')
        await page.goto(`http://${host}/`)
        complaints.expect(/403/)
        await page.click('button')
        await page.waitForSelector('h1')
        expect(await page.innerText('h1')).toBe('Refused')
        expect(await text(page)).toContain('page of another site')
      },
      { hosts: [host] },
    )
  } finally {
    foreign.closeAllConnections()
    await new Promise((resolve) => foreign.close(resolve))
  }
  expect(await admin.tenancy.status('acme')).toMatchObject({ state: 'active' })
})

test('with the keyboard alone a tenant is found and suspended', async () => {
  await open('keyboard', ['acme', 'other'])
  await browser.visit(admin.origin, async ({ page }) => {
    const focused = (): Promise<string> =>
      page.evaluate<string>('document.activeElement.innerText || document.activeElement.name || ""')
    /** Presses Tab until it is there; each stop must be seen. */
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press('Tab')
        // Behind the last stop it is the window's turn, and then the first one's.
        if (await page.evaluate<boolean>('document.activeElement === document.body')) continue
        const outline = await page.evaluate<string>(
          'getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth',
        )
        expect(outline).toMatch(/^(?!none)\w+?[1-9]/)
        if ((await focused()).trim() === name) return
      }
      throw new Error(`Tab does not come to ${name}.`)
    }
    await page.goto('/admin/')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    await tabTo('q')
    await page.keyboard.type('acm')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/?q=acm*')
    await tabTo('acme')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/tenant?id=acme')
    await tabTo('Suspend')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/tenant/suspend?id=acme')
    await tabTo('Suspend')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/tenant?id=acme')
    expect(await text(page)).toContain('The tenant is suspended')
  })
  expect(await admin.tenancy.status('acme')).toMatchObject({ state: 'suspended' })
})

test.each(['light', 'dark'] as const)(
  'no page is inaccessible in %s, or wider than a small screen',
  async (colorScheme) => {
    await open(`axe ${colorScheme}`, ['acme', 'behind', 'suspended'])
    await admin.tenancy.rollback('behind')
    await admin.tenancy.suspend('suspended')
    await spoil('acme')
    admin.town.folder.write(
      '20200103000000_unique.sql',
      '-- Up Migration\ncreate unique index one_name on widgets (name);\n',
    )
    await admin.submit('/tenant/migrate?id=acme', { to: 'all' })
    await admin.submit('/migrate', { to: 'all', maxFailures: '5' })
    await admin.tenancy.create('dropped')
    await admin.tenancy.drop('dropped', { keep: '1d' })
    const forms = ['migrate', 'rollback', 'suspend', 'drop'].map((name) => `/tenant/${name}?id=acme`)
    const looks = [
      '/',
      '/tenant?id=acme&drift=1',
      '/dropped',
      '/checks?run=lint',
      '/checks?run=drift',
      '/run',
    ]
    await browser.visit(
      admin.origin,
      async ({ page }) => {
        for (const path of [...looks, ...forms, '/create', '/migrate']) {
          await page.setViewportSize({ width: 1280, height: 800 })
          await page.goto(`/admin${path}`)
          await expectAccessible(page)
          await page.setViewportSize({ width: 320, height: 640 })
          await expectNoSideways(page)
        }
      },
      { colorScheme },
    )
  },
)
