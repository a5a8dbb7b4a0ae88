import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)("tenants' own sites of the example on $name", (server) => {
  const example = new Example(server, 'sites')
  let [acme, globex] = ['', '']

  beforeAll(async () => {
    await example.start()
    acme = await example.signUp('Acme')
    globex = await example.signUp('Globex')
    await example.json('POST', `${acme}/widgets`, { widget: { name: 'bolt' } })
    await example.json('POST', `${globex}/widgets`, { widget: { name: 'nut' } })
  })
  afterAll(() => example.stop())

  const form = (host: string, fields: Record<string, string>, headers: Record<string, string> = {}) => ({
    method: 'POST',
    'content-type': 'application/x-www-form-urlencoded',
    origin: `http://${host}:${example.port}`,
    ...headers,
    body: new URLSearchParams(fields).toString(),
  })

  test('and all others answer at the names of this machine only, wherever a foreign name points', async () => {
    const paths = ['/', '/tenants', '/report', '/admin', '/admin/create', `${acme}/widgets`, '/widgets']
    for (const host of ['evil.test', 'localhost.evil.test', 'evillocalhost', 'acme.localhost.evil.test'])
      for (const path of paths) {
        const { status, text } = await example.at(host, path)
        expect([status, text]).toEqual([421, expect.not.stringMatching(/Acme|Globex|rowhouse_admin/)])
      }
    const { status } = await example.at(
      'evil.test',
      '/sign-up',
      form('evil.test', { 'sign_up[name]': 'Evil' }),
    )
    expect(status).toBe(421)
    expect((await example.json('GET', '/tenants')).body.tenants).toHaveLength(2)
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1'])
      expect((await example.at(host, '/admin')).status).toBe(200)
  })

  test('show the same widgets as the path does, without the tenant in any address', async () => {
    const { status, text } = await example.at('acme.localhost', '/widgets')
    expect(status).toBe(200)
    expect(text).toMatch(/<title>Listing widgets · Acme<\/title>[^]*Widgets of Acme[^]*bolt/)
    expect(text).toMatch(/href="\/widgets\/new"[^]*href="\/widgets\/1\/edit"/)
    expect(text).not.toContain('nut')
    expect(text).not.toContain(acme)
    expect(text).toContain(`href="http://localhost:${example.port}/tenants"`)
    expect((await example.at('Globex.LOCALHOST', '/widgets')).text).toMatch(/Widgets of Globex[^]*nut/)
  })

  test('lead from their root to the widgets', async () => {
    const { status, headers } = await example.at('acme.localhost', '/')
    expect([status, headers.location]).toEqual([302, '/widgets'])
  })

  test('take a form, and lead to their own pages after it', async () => {
    const made = await example.at(
      'acme.localhost',
      '/widgets',
      form('acme.localhost', { 'widget[name]': 'washer' }),
    )
    expect([made.status, made.headers.location]).toEqual([303, '/widgets'])
    expect(await example.widgets(acme)).toContain('washer')
    expect(await example.widgets(globex)).not.toContain('washer')
  })

  test('refuse a form of a neighbour, and of the main site', async () => {
    const before = await example.widgets(acme)
    for (const from of ['globex.localhost', 'localhost', '127.0.0.1']) {
      const { status } = await example.at(
        'acme.localhost',
        '/widgets',
        form(from, { 'widget[name]': 'forced' }),
      )
      expect(status).toBe(403)
    }
    const headers = { origin: '', 'sec-fetch-site': 'same-site' }
    const { status } = await example.at(
      'acme.localhost',
      '/widgets',
      form('x', { 'widget[name]': 'forced' }, headers),
    )
    expect(status).toBe(403)
    expect(await example.widgets(acme)).toEqual(before)
  })

  test('answer 40 requests at once, by path and by host in turn, each with its own widgets', async () => {
    const asked = Array.from({ length: 40 }, (_, index) => {
      const isAcme = index % 2 === 0
      if (index % 4 < 2) return example.at(isAcme ? 'acme.localhost' : 'globex.localhost', '/widgets')
      return example.at('localhost', `${isAcme ? acme : globex}/widgets`)
    })
    for (const [index, { text }] of (await Promise.all(asked)).entries())
      expect([text.includes('bolt'), text.includes('nut')]).toEqual(
        index % 2 === 0 ? [true, false] : [false, true],
      )
  })

  test.each(['nobody.localhost', 'xn--80ak6aa92e.localhost', 'a_b.localhost', '1.localhost'])(
    'are not there for %s, and the page that says so leads back',
    async (host) => {
      const { status, text } = await example.at(host, '/widgets')
      expect(status).toBe(404)
      expect(text).toContain(`<a href="http://localhost:${example.port}/tenants">Back to the tenants</a>`)
    },
  )

  test.each(['/tenants', '/sign-up', '/report', '/tenants/1/widgets', '/tenants/2/widgets'])(
    'have no page %s of the main site',
    async (path) => {
      expect((await example.at('acme.localhost', path)).status).toBe(404)
    },
  )

  test.each(['localhost', '127.0.0.1', 'www.localhost', 'a.acme.localhost'])(
    'are not at %s, which is the main site',
    async (host) => {
      expect((await example.at(host, '/')).text).toContain('Welcome to Rowhouse!')
    },
  )

  test('are gone with their tenant', async () => {
    const path = await example.signUp('Short Lived')
    expect((await example.at('short-lived.localhost', '/widgets')).status).toBe(200)
    await example.json('DELETE', path)
    expect((await example.at('short-lived.localhost', '/widgets')).status).toBe(404)
  })

  test('have all parts of a tenant, whose links stay there', async () => {
    for (const path of [
      '/widgets/new',
      '/widget-types',
      '/widget-types/new',
      '/widgets/report',
      '/imports',
    ]) {
      const { status, text } = await example.at('acme.localhost', path)
      expect([path, status]).toEqual([path, 200])
      for (const [, href] of text.matchAll(/(?:href|action)="([^"]*)"/g))
        expect(href).toMatch(/^(\/(widgets|widget-types|imports)(\/|$)|\/$|\/\w+\.\w+$|#main|https?:)/)
    }
  })
})
