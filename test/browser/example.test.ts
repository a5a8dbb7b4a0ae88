import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { ENGINE_SERVERS } from '../support/engines'
import { Example } from '../example-app/support/example'
import { expectAccessible, expectNoSideways } from './support/accessibility'
import { useBrowser } from './support/use-browser'

const browser = useBrowser()

/** One server of each engine: what a browser has to do with is the same on all. */
const [POSTGRES, MYSQL] = ['postgres', 'mysql'].map((name) =>
  ENGINE_SERVERS.find(({ engine }) => engine === name)!,
)

const ATTACKS = [
  '<script>alert("script")</script>',
  '<img src=x onerror=alert("img")>',
  '"><svg onload=alert("svg")>',
  "' autofocus onfocus=alert('focus') x='",
  '</title></textarea><iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
] as const

/** What no page of the application has. */
const FOREIGN =
  'script, img, svg, iframe, object, embed, style, base, [onerror], [onload], [onfocus], [href^="javascript:"]'

async function signUp(page: Page, name: string): Promise<void> {
  await page.goto('/sign-up')
  await page.getByLabel('Company').fill(name)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByRole('status').waitFor()
}

/** On the page of a tenant's widgets. */
async function addWidget(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'New widget' }).click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Submit' }).click()
  await page.getByRole('status').waitFor()
}

const widgetsOn = (page: Page): Promise<string[]> => page.locator('td[data-title=Name]').allTextContents()

describe.each([POSTGRES!, MYSQL!])('a browser on the example on $name', (server) => {
  const example = new Example(server, 'browser')
  beforeAll(() => example.start())
  afterAll(() => example.stop())

  const hostOf = (name: string): string => `${name}.localhost:${example.port}`

  test('signs up two tenants, and each sees its own widgets, by path and at its own address', async () => {
    const hosts = [hostOf('acme'), hostOf('globex'), `localhost:${example.port}`]
    await browser.visit(
      example.url,
      async ({ page }) => {
        await page.goto('/')
        await page.getByRole('link', { name: 'Sign up' }).last().click()
        for (const [name, widget] of [
          ['Acme', 'bolt'],
          ['Globex', 'nut'],
        ] as const) {
          await signUp(page, name)
          expect(await page.getByRole('status').textContent()).toMatch(`${name} is ready.`)
          await page.getByRole('link', { name: 'Widgets' }).click()
          await addWidget(page, widget)
          expect(await widgetsOn(page)).toEqual([widget])
        }
        await page.goto('/tenants')
        await page.getByRole('link', { name: hostOf('acme') }).click()
        expect([page.url(), await widgetsOn(page)]).toEqual([`http://${hostOf('acme')}/widgets`, ['bolt']])
        await addWidget(page, 'washer')
        expect([page.url(), await widgetsOn(page)]).toEqual([
          `http://${hostOf('acme')}/widgets`,
          ['bolt', 'washer'],
        ])
        await page.goto(`http://${hostOf('globex')}/`)
        expect(await widgetsOn(page)).toEqual(['nut'])
        await page.getByRole('link', { name: 'All tenants' }).click()
        await page.getByRole('heading', { name: 'Listing tenants' }).waitFor()
      },
      { hosts },
    )
  })

  test('shows the report over all tenants, and how far an import is', async () => {
    const tenant = await example.signUp('Importer')
    await browser.visit(example.url, async ({ page }) => {
      await page.goto(`${tenant}/imports`)
      await page.getByLabel('How many widgets').fill('40')
      await page.getByRole('button', { name: 'Import' }).click()
      const state = page.locator('.state')
      while ((await state.textContent()) !== 'done')
        await page.getByRole('link', { name: 'Look again' }).click()
      expect(await page.locator('td[data-title=Widgets]').textContent()).toBe('40 of 40')
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Report' }).click()
      const row = page.getByRole('row').filter({ hasText: 'Importer' })
      expect(await row.getByRole('cell').allTextContents()).toMatchObject(['Importer', '40', '1', ''])
      await page.getByRole('link', { name: 'Admin' }).click()
      await page.getByRole('heading', { name: 'Where tenants stand' }).waitFor()
    })
  })
})

describe('a browser on the example', () => {
  const example = new Example(POSTGRES!, 'one browser')
  let acme = ''
  beforeAll(async () => {
    await example.start()
    acme = await example.signUp('Acme')
  })
  afterAll(() => example.stop())

  const paths = (tenant: string): string[] => [
    ...['/', '/tenants', '/tenants/new', '/sign-up', '/report', tenant, `${tenant}/edit`],
    ...[`${tenant}/widgets`, `${tenant}/widgets/new`, `${tenant}/widgets/1`, `${tenant}/widgets/1/edit`],
    ...[
      `${tenant}/widgets/report`,
      `${tenant}/widget-types`,
      `${tenant}/widget-types/1`,
      `${tenant}/imports`,
    ],
  ]

  /** A tenant, a type and a widget of one name. */
  async function nameAll(name: string): Promise<string> {
    const tenant = await example.tenant(name)
    const type = await example.json('POST', `${tenant}/widget-types`, { widget_type: { name } })
    const widget = { name, widget_type_id: type.body.widget_type.id }
    await example.json('POST', `${tenant}/widgets`, { widget })
    return tenant
  }

  test('works in two tabs at once, each in its tenant, without scripts', async () => {
    const tenants = [await example.signUp('Left'), await example.signUp('Right')]
    const host = `right.localhost:${example.port}`
    const options = { hosts: [host], javaScriptEnabled: false }
    await browser.visit(
      example.url,
      async ({ page, context }) => {
        const tabs = [page, await context.newPage()]
        await page.goto(`${tenants[0]}/widgets`)
        await tabs[1]!.goto(`http://${host}/widgets`)
        for (let round = 0; round < 2; round += 1)
          await Promise.all(tabs.map((tab, index) => addWidget(tab, `${index} ${round}`)))
        for (const [index, tab] of tabs.entries())
          expect(await widgetsOn(tab)).toEqual([0, 1].map((round) => `${index} ${round}`))
        await page.locator('summary').first().click()
        await page.getByRole('button', { name: 'Delete 0 0' }).click()
        expect(await widgetsOn(page)).toEqual(['0 1'])
        expect(await example.widgets(tenants[1]!)).toHaveLength(2)
      },
      options,
    )
  })

  test('runs nothing that is in a name, and shows it as it is', async () => {
    const attack = ATTACKS.join(' ')
    const tenant = await nameAll(attack)
    await browser.visit(example.url, async ({ page, complaints }) => {
      for (const path of paths(tenant)) {
        await page.goto(path)
        expect([path, await page.locator(FOREIGN).count()]).toEqual([path, 0])
      }
      await page.goto(`${tenant}/widgets`)
      expect(await widgetsOn(page)).toEqual([attack])
      // What was typed is in the page again where it is refused.
      complaints.expect(/422/)
      await page.goto('/sign-up')
      await page.getByLabel('Company').fill(attack)
      await page.getByLabel('Address').fill(attack)
      await page.getByRole('button', { name: 'Sign up' }).click()
      await page.getByRole('alert').waitFor()
      expect(await page.getByLabel('Company').inputValue()).toBe(attack)
      expect(await page.locator(FOREIGN).count()).toBe(0)
    })
  })

  test('changes nothing for a form of a page of another origin', async () => {
    const before = (await example.json('GET', '/tenants')).body
    const forms = [
      [`${example.url}/sign-up`, 'sign_up[name]', 'Forced'],
      [`${example.url}${acme}/widgets`, 'widget[name]', 'forced'],
      [`http://acme.localhost:${example.port}/widgets`, 'widget[name]', 'forced'],
      [`${example.url}${acme}`, '_method', 'delete'],
    ]
    const attacker = http.createServer((_req, res) => {
      const all = forms.map(
        ([action, name, value]) =>
          `<form method="post" action="${action}"><input name="${name}" value="${value}"><button>go</button></form>`,
      )
      res.setHeader('content-type', 'text/html').end(`<!doctype html><title>x</title>${all.join('')}`)
    })
    await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve))
    const { port } = attacker.address() as AddressInfo
    const origins = [`127.0.0.1:${port}`, `evil.localhost:${port}`]
    try {
      await browser.visit(
        example.url,
        async ({ page, complaints }) => {
          for (const origin of origins) {
            for (const index of forms.keys()) {
              complaints.expect(/403/)
              await page.goto(`http://${origin}/`)
              await page.getByRole('button').nth(index).click()
              await page.getByRole('heading', { name: 'came from another site' }).waitFor()
            }
          }
        },
        { hosts: [...origins, `acme.localhost:${example.port}`] },
      )
    } finally {
      attacker.closeAllConnections()
      await new Promise((resolve) => attacker.close(resolve))
    }
    expect((await example.json('GET', '/tenants')).body).toEqual(before)
    expect(await example.widgets(acme)).toEqual([])
  })

  test('finds its pages accessible, in light and in dark', async () => {
    const tenant = await nameAll('Colours')
    await example.json('POST', `${tenant}/imports`, { import: { widgets: 3 } })
    await browser.visit(example.url, async ({ page, complaints }) => {
      const look = async (): Promise<void> => {
        await page.emulateMedia({ colorScheme: 'light' })
        await expectAccessible(page)
        await page.emulateMedia({ colorScheme: 'dark' })
        await expectAccessible(page, ['color-contrast'])
      }
      // One of each kind.
      const parts = ['', '/widgets', '/widgets/1/edit', '/widgets/report', '/imports']
      for (const path of ['/', '/tenants', '/report', ...parts.map((part) => tenant + part)]) {
        await page.goto(path)
        await look()
      }
      complaints.expect(/422/, /404/)
      await page.goto('/sign-up')
      await page.getByRole('button', { name: 'Sign up' }).click()
      await page.getByRole('alert').waitFor()
      await look()
      await page.goto('/nothing')
      await look()
    })
  })

  test('has nothing beside a window of 320 pixels, whatever the names', async () => {
    const name = `Long ${'W'.repeat(240)}`
    const [tenant, empty] = [await nameAll(name), await example.tenant(name)]
    await example.json('POST', `${tenant}/imports`, { import: { widgets: 3 } })
    const options = { viewport: { width: 320, height: 640 } }
    await browser.visit(
      example.url,
      async ({ page }) => {
        for (const path of [...paths(tenant), `${empty}/widgets`, `${empty}/imports`]) {
          await page.goto(path)
          await expectNoSideways(page)
        }
        await page.goto(`${tenant}/widgets`)
        await page.locator('summary').first().click()
        await expectNoSideways(page)
      },
      options,
    )
  })

  test('signs up by the keyboard alone', async () => {
    await browser.visit(example.url, async ({ page }) => {
      await page.goto('/')
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe('Skip to content')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe('Sign up')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Sign up' }).waitFor()
      while (
        (await page.locator(':focus').count()) === 0 ||
        (await page.locator('input:focus').count()) === 0
      )
        await page.keyboard.press('Tab')
      await page.keyboard.type('Keyboard Only')
      await page.keyboard.press('Tab')
      await page.keyboard.type('keys')
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).toBe('Sign up')
      await page.keyboard.press('Space')
      await page.getByRole('status').waitFor()
      expect(await page.getByRole('main').textContent()).toMatch(/Keyboard Only[^]*keys\.localhost/)
    })
  })
})
