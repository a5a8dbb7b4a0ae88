import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)('the report of the example on $name', (server) => {
  const example = new Example(server, 'report')
  beforeAll(() => example.start())
  afterAll(() => example.stop())

  async function addWidgets(tenant: string, type: string, count: number): Promise<void> {
    const made = await example.json('POST', `${tenant}/widget-types`, { widget_type: { name: type } })
    const widget = { name: 'bolt', widget_type_id: made.body.widget_type.id }
    for (let left = count; left > 0; left -= 1) await example.json('POST', `${tenant}/widgets`, { widget })
  }

  test('counts the widgets of each tenant also for many requests at once', async () => {
    const [acme, globex] = [await example.tenant('Acme'), await example.tenant('Globex')]
    await addWidgets(acme, 'round', 2)
    await addWidgets(globex, 'square', 3)
    await example.json('POST', `${globex}/widgets`, { widget: { name: 'loose' } })
    const expected = {
      [acme]: [{ widget_type: 'round', widgets: 2 }],
      [globex]: [
        { widget_type: 'square', widgets: 3 },
        { widget_type: null, widgets: 1 },
      ],
    }
    const turns = Array.from({ length: 40 }, (_, index) => (index % 2 ? acme : globex))
    const answers = await Promise.all(turns.map((tenant) => example.json('GET', `${tenant}/widgets/report`)))
    expect(answers.map(({ body }) => body.report)).toEqual(turns.map((tenant) => expected[tenant]))
    expect(await (await example.page(`${globex}/widgets/report`)).text()).toMatch(
      /Widget report[^]*square[^]*3[^]*without a type[^]*1/,
    )
  })

  test('is empty for a tenant without widgets, and not there for one that does not exist', async () => {
    const empty = await example.tenant('Empty')
    expect((await example.json('GET', `${empty}/widgets/report`)).body).toEqual({ report: [] })
    expect(await (await example.page(`${empty}/widgets/report`)).text()).toContain(
      'Empty has no widgets yet.',
    )
    expect((await example.json('GET', '/tenants/77777/widgets/report')).status).toBe(404)
  })
})
