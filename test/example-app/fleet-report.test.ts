import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)('the report over all tenants of the example on $name', (server) => {
  const example = new Example(server, 'fleet')
  beforeAll(() => example.start())
  afterAll(() => example.stop())

  async function tenantWith(name: string, widgets: number): Promise<string> {
    const path = await example.tenant(name)
    for (let left = widgets; left > 0; left -= 1)
      await example.json('POST', `${path}/widgets`, { widget: { name: 'bolt' } })
    return path
  }

  const report = async (): Promise<unknown[]> =>
    (await example.json('GET', '/report')).body.report.map((count: any) => [
      count.tenant.name,
      count.widgets,
      count.widget_types,
    ])

  test('is empty where there are none', async () => {
    expect(await report()).toEqual([])
    expect(await (await example.page('/report')).text()).toContain('There are no tenants yet.')
  })

  test('counts what each has, the largest first, with the names of now', async () => {
    await tenantWith('Small', 1)
    const large = await tenantWith('Large', 3)
    await tenantWith('None <b>', 0)
    await example.json('POST', `${large}/widget-types`, { widget_type: { name: 'round' } })
    await example.json('PATCH', large, { tenant: { name: 'Largest' } })
    expect(await report()).toEqual([
      ['Largest', 3, 1],
      ['Small', 1, 0],
      ['None <b>', 0, 0],
    ])
    const text = await (await example.page('/report')).text()
    expect(text).toContain('4 widgets of 3 tenants')
    expect(text).toMatch(/Largest[^]*max="3"\s+value="3"[^]*Small[^]*max="3"\s+value="1"[^]*None &lt;b&gt;/)
  })

  test('leaves out schemas that are no tenant of the application, and rows that have no schema', async () => {
    await example.tenancy.create('900000')
    const halved = await tenantWith('Halved', 1)
    await example.tenancy.drop(halved.split('/').pop()!, { keep: '1 day' })
    expect((await report()).map((row) => (row as unknown[])[0])).toEqual(['Largest', 'Small', 'None <b>'])
  })
})
