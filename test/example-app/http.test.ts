import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

const XSS = `<script>alert(1)</script>"'&`
const ESCAPED = '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;'

// What HTTP has to do with is the same on every server; one of each engine is enough.
const ONE_OF_EACH = ['postgres', 'mysql'].map((name) => ENGINE_SERVERS.find(({ engine }) => engine === name)!)

describe.each(ONE_OF_EACH)('what the example takes and answers on $name', (server) => {
  const example = new Example(server, 'http')
  let tenant = ''

  beforeAll(async () => {
    await example.start()
    tenant = await example.tenant('Acme')
  })
  afterAll(() => example.stop())

  const resources = () =>
    [
      ['/tenants', 'tenant'],
      [`${tenant}/widgets`, 'widget'],
      [`${tenant}/widget-types`, 'widget_type'],
    ] as const

  test.each([
    ['', "can't be blank"],
    [' \t', "can't be blank"],
    ['x'.repeat(256), 'should be at most 255 character(s)'],
    ['a\0b', 'is invalid'],
  ])(
    'the name %j is refused in every form, which is shown again with what was typed',
    async (name, message) => {
      for (const [path, key] of resources()) {
        const created = await example.json('POST', path, { [key]: { name: 'fine' } })
        const record = `${path}/${created.body[key].id}`
        const attempts: [string, Record<string, string>][] = [
          [path, { [`${key}[name]`]: name }],
          [record, { [`${key}[name]`]: name, _method: 'put' }],
        ]
        for (const [target, fields] of attempts) {
          const response = await example.submit(target, fields)
          const text = await response.text()
          expect(response.status).toBe(422)
          expect(text).toContain('Oops, something went wrong! Please check the errors below:')
          expect(text).toContain(message.replace("'", '&#39;'))
          expect(text).toContain(`name="${key}[name]" value="${name}"`)
        }
        for (const [method, target] of [
          ['POST', path],
          ['PATCH', record],
        ] as const) {
          expect(await example.json(method, target, { [key]: { name } })).toMatchObject({
            status: 422,
            body: { error: { fields: { name: [message] } } },
          })
        }
        expect(await example.json('GET', record)).toMatchObject({ body: { [key]: { name: 'fine' } } })
      }
    },
  )

  test('a name of 255 characters is taken, whatever they are in bytes', async () => {
    for (const [path, key] of resources()) {
      const name = '🏠'.repeat(255)
      expect(await example.json('POST', path, { [key]: { name } })).toMatchObject({ status: 201 })
    }
  })

  test.each([{}, { name: 'x' }, { tenant: 'x', widget: 'x', widget_type: 'x' }, { tenant: [], widget: [] }])(
    'the body %j lacks the parameter',
    async (body) => {
      for (const [path, key] of resources()) {
        expect(await example.json('POST', path, body)).toEqual({
          status: 400,
          body: { error: { status: 400, message: `The parameter "${key}" is missing.` } },
        })
      }
    },
  )

  test('a body that is none, or too much, is refused', async () => {
    const send = async (type: string, body: string): Promise<number> =>
      (await example.fetch('/tenants', { method: 'POST', headers: { 'content-type': type }, body })).status
    expect(await send('application/json', '{')).toBe(400)
    expect(await send('text/plain', 'tenant[name]=x')).toBe(400)
    expect(await send('application/x-www-form-urlencoded', `tenant[name]=${'x'.repeat(30_000)}`)).toBe(413)
    expect((await example.json('POST', '/tenants', { tenant: { name: ['x'] } })).status).toBe(422)
  })

  test('names are text, on every page that has them', async () => {
    const hostile = await example.tenant(XSS)
    const type = await example.json('POST', `${hostile}/widget-types`, { widget_type: { name: XSS } })
    const widget = await example.json('POST', `${hostile}/widgets`, {
      widget: { name: XSS, widget_type_id: type.body.widget_type.id },
    })
    const widgetPath = `${hostile}/widgets/${widget.body.widget.id}`
    const typePath = `${hostile}/widget-types/${type.body.widget_type.id}`
    for (const path of [
      ...['/tenants', hostile, `${hostile}/edit`, `${hostile}/widgets`, `${hostile}/widgets/new`],
      ...[widgetPath, `${widgetPath}/edit`, `${hostile}/widget-types`, typePath, `${typePath}/edit`],
    ]) {
      const text = await (await example.page(path)).text()
      expect(text).toContain(ESCAPED)
      expect(text).not.toContain('<script')
    }
  })

  test.each([
    ['flash=info%3A%3Cscript%3E', '&lt;script&gt;'],
    ['a=b; flash=danger%3Aown', 'own'],
    ['flash=%zz', undefined],
    ['flash=script%3Ax', undefined],
  ])('the cookie %s of who knows whom does no harm', async (cookie, shown) => {
    const response = await example.page('/tenants', { cookie })
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).not.toContain('<script')
    expect(text.includes('class="flash')).toBe(shown !== undefined)
    if (shown !== undefined) expect(text).toContain(`${shown}</p>`)
  })

  test('every answer has the headers of a page that needs nothing from elsewhere', async () => {
    for (const path of ['/', '/tenants/1x', '/style.css']) {
      const { headers } = await example.fetch(path)
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self'/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.has('x-powered-by')).toBe(false)
    }
    expect((await example.fetch('/style.css')).headers.get('content-type')).toMatch(/^text\/css/)
  })

  test('a client that can read neither pages nor JSON is told so before anything is done', async () => {
    const response = await example.fetch('/tenants', {
      method: 'POST',
      headers: { accept: 'image/png' },
      body: new URLSearchParams({ 'tenant[name]': 'Unread' }),
    })
    expect(response.status).toBe(406)
    expect(JSON.stringify((await example.json('GET', '/tenants')).body)).not.toContain('Unread')
  })

  describe('a change that a page asks for', () => {
    test.each([
      ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }, 403],
      ['a neighbour', { 'sec-fetch-site': 'same-site' }, 403],
      ['an older browser on another site', { origin: 'https://evil.test' }, 403],
      ['a page without an origin', { origin: 'null' }, 403],
      ['a page of here', { 'sec-fetch-site': 'same-origin' }, 303],
      ['no browser', {}, 303],
    ])('by %s gets its answer', async (who, headers, expected) => {
      const { status } = await example.fetch('/tenants', {
        method: 'POST',
        headers: { accept: 'text/html', ...headers } as Record<string, string>,
        body: new URLSearchParams({ 'tenant[name]': who }),
      })
      expect(status).toBe(expected)
      const { body } = await example.json('GET', '/tenants')
      expect(body.tenants.some(({ name }: { name: string }) => name === who)).toBe(expected === 303)
    })

    test('is refused for every method, and reading is not', async () => {
      const headers = { 'sec-fetch-site': 'cross-site' }
      for (const method of ['PUT', 'PATCH', 'DELETE'])
        expect((await example.fetch(tenant, { method, headers })).status).toBe(403)
      expect((await example.fetch(tenant, { headers })).status).toBe(200)
    })
  })

  test('a method is taken from a POST of a form only', async () => {
    expect((await example.fetch(`${tenant}?_method=delete`)).status).toBe(200)
    expect((await example.json('POST', tenant, { _method: 'delete' })).status).toBe(404)
    expect((await example.submit(tenant, { _method: 'trace' })).status).toBe(404)
    expect(await example.hasSchema(tenant)).toBe(true)
  })
})
