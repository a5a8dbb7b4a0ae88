import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)('tenants of the example on $name', (server) => {
  const example = new Example(server, 'tenants')
  beforeAll(() => example.start())
  afterAll(() => example.stop())

  const rowsOf = async (): Promise<string[]> =>
    (await example.sql('select name from tenants order by id')).map(({ name }) => name)

  test('the first page leads to the tenants', async () => {
    const text = await (await example.page('/')).text()
    expect(text).toContain('Welcome to Rowhouse!')
    expect(text).toMatch(/<a [^>]*href="\/tenants">Tenants<\/a>/)
    expect((await example.json('GET', '/')).body).toEqual({ tenants: '/tenants' })
  })

  test('a tenant is made with its schema, by a form, and the next page says so once', async () => {
    const made = await example.submit('/tenants', { 'tenant[name]': 'Acme' })
    expect([made.status, made.headers.get('location')]).toEqual([303, '/tenants'])
    const cookie = made.headers.getSetCookie()[0]!
    expect(cookie).toMatch(/HttpOnly; SameSite=Lax/)

    const list = await example.page('/tenants', { cookie: cookie.split(';')[0]! })
    const text = await list.text()
    expect(text).toContain('Tenant created successfully.')
    expect(text).toMatch(/Listing tenants[^]*New tenant[^]*Acme/)
    expect(list.headers.getSetCookie()[0]).toMatch(/^flash=;.*Expires=Thu, 01 Jan 1970/)
    expect(await (await example.page('/tenants')).text()).not.toContain('successfully')

    const { body } = await example.json('GET', '/tenants')
    const { id } = body.tenants.find(({ name }: { name: string }) => name === 'Acme')
    expect(await example.hasSchema(`/tenants/${id}`)).toBe(true)
    expect((await example.tenancy.status(id)).versions).toEqual([20151002234250, 20151002234255])
  })

  test('a program gets JSON, with the address of what it made', async () => {
    const made = await example.fetch('/tenants', {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: '{"tenant":{"name":"Globex"}}',
    })
    const { tenant } = (await made.json()) as { tenant: { id: string } }
    const path = `/tenants/${tenant.id}`
    expect([made.status, made.headers.get('location')]).toEqual([201, path])
    expect(await example.json('GET', path)).toMatchObject({
      status: 200,
      body: { tenant: { name: 'Globex' } },
    })
    expect(await example.json('GET', '/tenants/new')).toMatchObject({ body: { tenant: { name: '' } } })
    expect(await example.json('GET', `${path}/edit`)).toMatchObject({ body: { tenant } })
  })

  test('another name shows at once, also where the tenant was just looked up, and the schema stays', async () => {
    const path = await example.tenant('Before')
    expect(await (await example.page(`${path}/widgets`)).text()).toContain('Before has no widgets yet.')
    expect(await (await example.page(`${path}/edit`)).text()).toMatch(/Edit tenant[^]*value="Before"/)
    const saved = await example.submit(path, { _method: 'put', 'tenant[name]': 'After' })
    expect([saved.status, saved.headers.get('location')]).toEqual([303, path])
    expect(await (await example.page(path)).text()).toMatch(/Show tenant[^]*After/)
    expect(await (await example.page(`${path}/widgets`)).text()).toContain('After has no widgets yet.')
    expect(await example.json('PATCH', path, { tenant: { name: 'Third' } })).toMatchObject({
      status: 200,
      body: { tenant: { name: 'Third' } },
    })
    expect(await example.hasSchema(path)).toBe(true)
  })

  test('a deleted tenant takes its schema along, and its pages are gone', async () => {
    const [form, json] = [await example.tenant('Form'), await example.tenant('JSON')]
    await example.json('POST', `${form}/widgets`, { widget: { name: 'bolt' } })
    expect((await example.submit(form, { _method: 'delete' })).headers.get('location')).toBe('/tenants')
    expect(await example.json('DELETE', json)).toEqual({ status: 204, body: undefined })
    for (const path of [form, json]) {
      expect(await example.hasSchema(path)).toBe(false)
      for (const page of [path, `${path}/widgets`]) expect((await example.page(page)).status).toBe(404)
      expect((await example.json('DELETE', path)).status).toBe(404)
    }
  })

  test('a row without a schema has no widgets, and can be deleted', async () => {
    const path = await example.tenant('Halved')
    await example.tenancy.drop(path.split('/').pop()!, { keep: '1 day' })
    expect(await example.json('GET', path)).toMatchObject({ status: 200 })
    expect(await example.json('GET', `${path}/widgets`)).toMatchObject({
      status: 404,
      body: { error: { code: 'ROWHOUSE_TENANT_NOT_FOUND' } },
    })
    expect((await example.json('DELETE', path)).status).toBe(204)
    expect(await rowsOf()).not.toContain('Halved')
  })

  test('a tenant whose schema is dropped elsewhere loses its row', async () => {
    const path = await example.signUp('Elsewhere')
    await example.tenancy.drop(path.split('/').pop()!)
    expect((await example.page(path)).status).toBe(404)
    expect(await rowsOf()).not.toContain('Elsewhere')
  })

  test('a schema without a row is no tenant, and is not dropped as one', async () => {
    await example.tenancy.create('900000')
    expect((await example.json('GET', '/tenants/900000/widgets')).status).toBe(404)
    expect((await example.json('DELETE', '/tenants/900000')).status).toBe(404)
    expect(await example.hasSchema('/tenants/900000')).toBe(true)
  })

  test.each([
    ['of this tenancy', (id: string) => example.tenancy.create(id)],
    ['of somebody else', (id: string) => example.sql(`create schema ${example.prefix}${id}`)],
  ])('a schema %s in the way leaves no row, and stays', async (whose, make) => {
    const last = await example.tenant(`Before the one ${whose}`)
    const next = String(Number(last.split('/').pop()) + 1)
    await make(next)
    const { status, body } = await example.json('POST', '/tenants', { tenant: { name: 'Unborn' } })
    expect([status, body.error.message]).toEqual([409, `The schema of id ${next} is taken. Try again.`])
    expect(await rowsOf()).not.toContain('Unborn')
    expect(await example.hasSchema(`/tenants/${next}`)).toBe(true)
    expect((await example.json('POST', '/tenants', { tenant: { name: whose } })).status).toBe(201)
  })

  test('a database that fails answers 500, tells only the log why, and leaves no row', async () => {
    const failing = jest.spyOn(example.tenancy, 'create').mockRejectedValueOnce(new Error('disk full'))
    const response = await example.submit('/tenants', { 'tenant[name]': 'Unlucky' })
    failing.mockRestore()
    const text = await response.text()
    expect([response.status, text.includes('Server internal error'), text.includes('disk full')]).toEqual([
      500,
      true,
      false,
    ])
    expect(example.logged.splice(0)).toEqual([new Error('disk full')])
    expect(await rowsOf()).not.toContain('Unlucky')
  })

  test.each(['0', '-1', '01', 'abc', '1.5', '9223372036854775808', '99999', '%00', "1'--", '1'.repeat(500)])(
    'there is no tenant %s, as a page and as JSON',
    async (id) => {
      for (const path of [`/tenants/${id}`, `/tenants/${id}/edit`, `/tenants/${id}/widgets`]) {
        const page = await example.page(path)
        expect([page.status, (await page.text()).includes('Page not found')]).toEqual([404, true])
        expect(await example.json('GET', path)).toMatchObject({
          status: 404,
          body: { error: { status: 404, message: 'Page not found' } },
        })
      }
    },
  )

  test('the table of tenants can be set up again, by several at once, and keeps its rows', async () => {
    const before = await rowsOf()
    await Promise.all([example.setUp(), example.setUp(), example.setUp()])
    expect(await rowsOf()).toEqual(before)
  })
})
