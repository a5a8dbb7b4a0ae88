import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)('the admin page of the example on $name', (server) => {
  const example = new Example(server, 'admin')
  beforeAll(() => example.start())
  afterAll(() => example.stop())

  test('shows the tenants that the application has', async () => {
    const path = await example.signUp('Acme')
    const response = await example.page('/admin')
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).toContain('Where tenants stand')
    expect(text).toContain(`/admin/tenant?id=${path.split('/').pop()}`)
  })

  test('is served as it wants to be: with its own policy, and to a reader of events', async () => {
    const { headers } = await example.page('/admin')
    expect(headers.get('content-security-policy')).toContain("script-src 'self'")
    const events = await example.fetch('/admin/nothing', { headers: { accept: 'text/event-stream' } })
    expect(events.status).toBe(404)
  })

  test('is nothing for the sites of tenants', async () => {
    expect((await example.at('acme.localhost', '/admin')).status).toBe(403)
    expect((await example.at('nobody.localhost', '/admin')).status).toBe(403)
  })

  test('takes no form of another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }
    const body = new URLSearchParams({ id: 'forced' })
    const { status } = await example.fetch('/admin/create', { method: 'POST', headers, body })
    expect(status).toBe(403)
    expect((await example.tenancy.list()).map(({ tenant }) => tenant)).not.toContain('forced')
  })
})
