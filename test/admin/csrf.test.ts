import express from 'express'
import { AdminTown, ADMIN_SERVERS, wordsOf } from './support/admin-town'
import type { AdminTownOptions, Answer } from './support/admin-town'

const server = ADMIN_SERVERS[0]!

describe('changes from elsewhere', () => {
  let admin: AdminTown
  let others: AdminTown[] = []
  afterEach(async () => {
    for (const other of others) await other.stop()
    others = []
    await admin.stop()
  })

  async function open(title: string, options?: AdminTownOptions): Promise<void> {
    admin = await new AdminTown(server, title, options).start()
    await admin.tenancy.create('acme')
  }

  async function token(of = admin): Promise<string> {
    const { text } = await of.get('/tenant/suspend?id=acme')
    return /name="_token" value="([^"]+)"/.exec(text)![1]!
  }

  async function expectRefused(answer: Answer, why: RegExp): Promise<void> {
    expect(answer.status).toBe(403)
    expect(wordsOf(answer)).toMatch(why)
    expect(wordsOf(answer)).toContain('Nothing was changed.')
    expect(await admin.tenancy.status('acme')).toMatchObject({ state: 'active' })
  }

  test('without a token, with another browser’s, or with another cookie they are refused', async () => {
    await open('tokens')
    await expectRefused(await admin.post('/tenant/suspend', { id: 'acme' }), /without the cookie/)
    const own = await token()
    await expectRefused(
      await admin.post('/tenant/suspend', { id: 'acme' }),
      /does not belong to this browser/,
    )
    await expectRefused(await admin.post('/tenant/suspend', { id: 'acme', _token: 'x' }), /does not belong/)
    // A stolen token with the cookie of the thief, and one that the thief has made up together with a cookie.
    const thief = await fetch(`${admin.origin}/admin/create`)
    const [theirs] = thief.headers.getSetCookie()[0]!.split(';')
    for (const cookie of [theirs!, 'rowhouse_admin=AAAAAAAAAAAAAAAAAAAAAAAA', 'rowhouse_admin=x'])
      await expectRefused(
        await admin.post('/tenant/suspend', { id: 'acme', _token: own }, { cookie }),
        /does not belong|without the cookie/,
      )
    expect((await admin.post('/tenant/suspend', { id: 'acme', _token: own })).status).toBe(303)
    // Another page of the application with a cookie of the same name does not hide ours.
    const both = `${theirs}; ${admin.cookies}`
    const answer = await admin.post('/tenant/unsuspend', { id: 'acme', _token: own }, { cookie: both })
    expect(answer.status).toBe(303)
  })

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': '', origin: 'https://evil.example' },
    { 'sec-fetch-site': '', origin: 'null' },
    { 'sec-fetch-site': '', origin: 'http://127.0.0.1.evil.example' },
  ])('with a good token all the same, from a page of another site: %j', async ({ ...headers }) => {
    await open(`sites ${JSON.stringify(headers)}`)
    const fields = { id: 'acme', _token: await token() }
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''))
    const body = new URLSearchParams(fields)
    const response = await admin.fetch('/tenant/suspend', { method: 'POST', headers: given, body })
    const answer = { status: response.status, headers: response.headers, text: await response.text() }
    await expectRefused(answer, /by a page of another site/)
  })

  test('behind a proxy that is trusted, the name that the browser sees is our own', async () => {
    await open('proxy', {
      app: (router) => {
        const app = express().set('trust proxy', true)
        return app.use('/admin', router)
      },
    })
    const fields = { id: 'acme', _token: await token() }
    const forwarded = { 'x-forwarded-host': 'ops.example', 'x-forwarded-proto': 'https' }
    const headers = { origin: 'https://ops.example', ...forwarded }
    const body = new URLSearchParams(fields)
    expect((await admin.fetch('/tenant/suspend', { method: 'POST', headers, body })).status).toBe(303)
    const page = await admin.fetch('/create', { headers: { cookie: '', ...forwarded } })
    expect(page.headers.getSetCookie()[0]).toMatch(
      /^rowhouse_admin=[\w-]{24}; Path=\/admin; HttpOnly; SameSite=Strict; Secure$/,
    )
    const plain = await admin.fetch('/create', { headers: { cookie: '' } })
    expect(plain.headers.getSetCookie()[0]).toMatch(/; SameSite=Strict$/)
  })

  test('processes of one `secret` take each other’s forms, those of another don’t', async () => {
    const secret = 'a secret of more than thirty-two characters'
    await open('one secret', { admin: { secret } })
    const twin = await new AdminTown(server, 'same secret', { admin: { secret } }).start()
    const stranger = await new AdminTown(server, 'other secret').start()
    others = [twin, stranger]
    const fields = { _token: await token(), id: 'made' }
    const { cookies: cookie } = admin
    expect((await stranger.post('/create', fields, { cookie })).status).toBe(403)
    expect(await stranger.tenancy.exists('made')).toBe(false)
    expect((await twin.post('/create', fields, { cookie })).status).toBe(303)
  })

  test('nothing is changed by reading', async () => {
    await open('reading')
    const before = await admin.tenancy.statusAll()
    const fields = new URLSearchParams({
      id: 'acme',
      _token: await token(),
      confirm: 'acme',
      keep: 'none',
      to: 'all',
    })
    const names = ['migrate', 'rollback', 'suspend', 'unsuspend', 'drop'].map((name) => `/tenant/${name}`)
    for (const path of [...names, '/create', '/undrop', '/migrate', '/run/cancel'])
      for (const method of ['GET', 'HEAD'])
        expect((await admin.fetch(`${path}?${fields.toString()}`, { method })).status).toBeLessThan(400)
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const response = await admin.fetch(`/tenant/drop?${fields.toString()}`, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
    }
    const posted = await admin.post('/tenant', {})
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await admin.tenancy.statusAll()).toEqual(before)
  })

  test('what is no form, or too large a one, is not read', async () => {
    await open('bodies')
    const _token = await token()
    const send = async (type: string, body: string): Promise<number> => {
      const headers = { 'content-type': type, 'sec-fetch-site': 'same-origin' }
      return (await admin.fetch('/tenant/suspend', { method: 'POST', headers, body })).status
    }
    const form = 'application/x-www-form-urlencoded'
    expect(await send('application/json', JSON.stringify({ id: 'acme', _token }))).toBe(415)
    expect(await send('text/plain', `id=acme&_token=${_token}`)).toBe(415)
    expect(await send(form, `id=acme&_token=${_token}&more=${'x'.repeat(20_000)}`)).toBe(413)
    expect(await send(form, '')).toBe(403)
    expect(await admin.tenancy.status('acme')).toMatchObject({ state: 'active' })
    expect(await send(`${form}; charset=utf-8`, `id=acme&_token=${_token}&id=other`)).toBe(303)
    expect(await admin.tenancy.status('acme')).toMatchObject({ state: 'suspended' })
  })
})
