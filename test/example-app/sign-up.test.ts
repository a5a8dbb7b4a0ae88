import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)('sign-up to the example on $name', (server) => {
  const example = new Example(server, 'sign up')
  beforeAll(() => example.start())
  afterAll(() => example.stop())

  const rows = (): Promise<any[]> => example.sql('select id, name, subdomain from tenants order by id')

  /** The answer to a program that signs up. */
  const signUp = (name: string, subdomain = '') =>
    example.json('POST', '/sign-up', { sign_up: { name, subdomain } })

  test('makes a tenant with a schema and all migrations, by a form, and says so on its page', async () => {
    expect(await (await example.page('/sign-up')).text()).toMatch(/Sign up[^]*Company[^]*Address/)
    const made = await example.submit('/sign-up', {
      'sign_up[name]': 'Acme & Sons',
      'sign_up[subdomain]': '',
    })
    expect(made.status).toBe(303)
    const path = made.headers.get('location')!
    expect(path).toMatch(/^\/tenants\/\d+$/)
    const cookie = made.headers.getSetCookie()[0]!.split(';')[0]!
    const text = await (await example.page(path, { cookie })).text()
    expect(text).toMatch(/Acme &amp; Sons is ready\. It took \d+ ms\./)
    expect(text).toContain(`href="http://acme-sons.localhost:${example.port}"`)
    expect(await example.hasSchema(path)).toBe(true)
    expect(await example.widgets(path)).toEqual([])
  })

  test('makes one for a program, at the address that it chooses, in any case', async () => {
    const { status, body } = await signUp('Globex Corporation', 'Globex')
    expect([status, body.tenant]).toMatchObject([201, { name: 'Globex Corporation', subdomain: 'globex' }])
    expect(await example.json('GET', `/tenants/${body.tenant.id}`)).toMatchObject({
      status: 200,
      body: { tenant: { subdomain: 'globex' } },
    })
    expect((await example.json('GET', '/sign-up')).body).toEqual({ sign_up: { name: '', subdomain: '' } })
  })

  test('refuses a name that is taken, makes nothing, and takes it with another address', async () => {
    await signUp('Initech')
    const before = [await rows(), await server.schemas(example.prefix)]
    for (const name of ['Initech', 'INITECH', ' initech! ']) {
      expect(await signUp(name)).toMatchObject({
        status: 422,
        body: {
          error: {
            fields: {
              name: ['makes the address "initech", which is taken. Choose one below.'],
              subdomain: ["can't be blank here"],
            },
          },
        },
      })
    }
    const page = await example.submit('/sign-up', {
      'sign_up[name]': 'Other',
      'sign_up[subdomain]': 'initech',
    })
    const text = await page.text()
    expect(page.status).toBe(422)
    expect(text).toMatch(/value="Other"[^]*value="initech"[^]*is taken/)
    expect([await rows(), await server.schemas(example.prefix)]).toEqual(before)
    expect((await signUp('Initech', 'initech-2')).status).toBe(201)
  })

  test('gives an address to one of many who want it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => signUp('Umbrella')))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(422)])
    expect((await rows()).filter(({ subdomain }) => subdomain === 'umbrella')).toHaveLength(1)
  })

  test.each([
    ['Acme', 'a.b', { subdomain: [expect.stringMatching(/^should have letters/)] }],
    ['Acme', "x'; drop table tenants --", { subdomain: [expect.stringMatching(/^should have letters/)] }],
    ['Acme', 'a'.repeat(64), { subdomain: ['should be at most 63 characters'] }],
    ['Acme', 'admin', { subdomain: ['is reserved'] }],
    ['Admin', '', { name: ['makes the address "admin", which is reserved. Choose one below.'] }],
    ['東京', '', { name: ['makes no address. Choose one below.'] }],
    ['', 'fine', { name: ["can't be blank"] }],
    ['a\0b', 'fine', { name: ['is invalid'] }],
  ])('refuses %j at %j', async (name, subdomain, fields) => {
    const before = await rows()
    expect(await signUp(name, subdomain)).toMatchObject({ status: 422, body: { error: { fields } } })
    expect(await rows()).toEqual(before)
  })

  test('takes a hostile name as text, and its schema has a name of our own', async () => {
    const name = `"; drop schema public cascade; --<img src=x onerror=alert(1)>`
    const { status, body } = await signUp(name)
    expect(status).toBe(201)
    const path = `/tenants/${body.tenant.id}`
    expect(body.tenant.id).toMatch(/^\d+$/)
    const text = await (await example.page(path)).text()
    expect(text).not.toContain('<img')
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(await example.hasSchema(path)).toBe(true)
  })

  test('refuses a form of another site, and one without the parameter', async () => {
    const before = await rows()
    const headers = { accept: 'text/html', 'sec-fetch-site': 'cross-site' }
    const body = new URLSearchParams({ 'sign_up[name]': 'Forced' })
    expect((await example.fetch('/sign-up', { method: 'POST', headers, body })).status).toBe(403)
    expect((await example.json('POST', '/sign-up', { name: 'x' })).status).toBe(400)
    expect(await rows()).toEqual(before)
  })

  test('leaves no row where the schema can not be made, so that the name stays free', async () => {
    const failing = jest.spyOn(example.tenancy, 'create').mockRejectedValueOnce(new Error('disk full'))
    expect((await signUp('Unlucky')).status).toBe(500)
    failing.mockRestore()
    expect(example.logged.splice(0)).toEqual([new Error('disk full')])
    expect((await signUp('Unlucky')).status).toBe(201)
  })

  test('is not needed for a tenant, and the second of a name has no address of its own', async () => {
    const paths = [await example.tenant('Twice'), await example.tenant('Twice'), await example.tenant('www')]
    const tenants = await Promise.all(
      paths.map(async (path) => (await example.json('GET', path)).body.tenant),
    )
    expect(tenants.map(({ subdomain }) => subdomain)).toEqual(['twice', null, null])
    expect(await (await example.page(paths[1]!)).text()).toContain('<span class="none">none</span>')
  })
})
