import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)('widgets of the example on $name', (server) => {
  const example = new Example(server, 'widgets')
  let [acme, globex] = ['', '']

  beforeAll(async () => {
    await example.start()
    acme = await example.tenant('Acme')
    globex = await example.tenant('Globex')
  })
  afterAll(() => example.stop())

  async function addWidget(tenant: string, widget: object): Promise<any> {
    return (await example.json('POST', `${tenant}/widgets`, { widget })).body.widget
  }

  async function addType(tenant: string, name: string): Promise<any> {
    return (await example.json('POST', `${tenant}/widget-types`, { widget_type: { name } })).body.widget_type
  }

  test('each tenant sees its own widgets, although no query says whose', async () => {
    const made = await example.submit(`${acme}/widgets`, { 'widget[name]': 'bolt' })
    expect([made.status, made.headers.get('location')]).toEqual([303, `${acme}/widgets`])
    expect(decodeURIComponent(made.headers.getSetCookie()[0]!)).toContain('Widget created successfully.')
    await example.submit(`${globex}/widgets`, { 'widget[name]': 'nut' })

    const [first, second] = await Promise.all([
      (await example.page(`${acme}/widgets`)).text(),
      (await example.page(`${globex}/widgets`)).text(),
    ])
    expect(first).toMatch(/Listing widgets[^]*Widgets of Acme[^]*bolt/)
    expect(second).toMatch(/Listing widgets[^]*Widgets of Globex[^]*nut/)
    expect([first.includes('nut'), second.includes('bolt')]).toEqual([false, false])
  })

  test('40 requests at once, of two tenants in turn, each see their own', async () => {
    const [one, two] = [await example.tenant('One'), await example.tenant('Two')]
    const turns = Array.from({ length: 40 }, (_, index) => (index % 2 ? one : two))
    await Promise.all(turns.map((tenant, index) => addWidget(tenant, { name: `${tenant} ${index}` })))
    const seen = await Promise.all(turns.map((tenant) => example.widgets(tenant)))
    seen.forEach((names, index) => {
      expect(names).toHaveLength(20)
      expect(names.every((name) => name.startsWith(`${turns[index]} `))).toBe(true)
    })
  })

  test('a widget is shown, changed and deleted', async () => {
    const { id } = await addWidget(acme, { name: 'washer' })
    const path = `${acme}/widgets/${id}`
    expect(await (await example.page(path)).text()).toMatch(/Show widget[^]*washer/)
    expect(await (await example.page(`${path}/edit`)).text()).toMatch(/Edit widget[^]*value="washer"/)
    const saved = await example.submit(path, { _method: 'PATCH', 'widget[name]': 'spring washer' })
    expect([saved.status, saved.headers.get('location')]).toEqual([303, path])
    expect(await example.json('GET', path)).toMatchObject({ body: { widget: { name: 'spring washer' } } })
    const deleted = await example.submit(path, { _method: 'delete' })
    expect([deleted.status, deleted.headers.get('location')]).toEqual([303, `${acme}/widgets`])
    expect(decodeURIComponent(deleted.headers.getSetCookie()[0]!)).toContain('Widget deleted successfully.')
    for (const method of ['GET', 'DELETE']) expect((await example.json(method, path)).status).toBe(404)
    expect((await example.json('PUT', path, { widget: { name: 'x' } })).status).toBe(404)
  })

  test.each(['x', '0', '77777', '9223372036854775808', '%00'])('there is no widget %s', async (id) => {
    for (const path of [
      `${acme}/widgets/${id}`,
      `${acme}/widgets/${id}/edit`,
      `${acme}/widget-types/${id}`,
    ]) {
      const page = await example.page(path)
      expect([page.status, (await page.text()).includes('Page not found')]).toEqual([404, true])
    }
  })

  test("a widget's id means nothing to another tenant", async () => {
    const { id } = await addWidget(acme, { name: 'only here' })
    expect((await example.json('GET', `${globex}/widgets/${id}`)).body.widget?.name).not.toBe('only here')
    await example.json('DELETE', `${globex}/widgets/${id}`)
    expect(await example.widgets(acme)).toContain('only here')
  })

  test('a type is made, given to a widget, renamed, and taken away again', async () => {
    const made = await example.submit(`${acme}/widget-types`, { 'widget_type[name]': 'round' })
    expect(made.headers.get('location')).toBe(`${acme}/widget-types`)
    const list = await example.json('GET', `${acme}/widget-types`)
    const { id } = list.body.widget_types.find(({ name }: { name: string }) => name === 'round')
    const type = `${acme}/widget-types/${id}`
    expect(await (await example.page(`${acme}/widgets/new`)).text()).toContain(`<option value="${id}" >round`)

    const { id: widgetId } = await addWidget(acme, { name: 'ring', widget_type_id: id })
    const widget = `${acme}/widgets/${widgetId}`
    expect(await (await example.page(`${widget}/edit`)).text()).toContain(`value="${id}" selected>round`)
    expect((await example.submit(type, { _method: 'put', 'widget_type[name]': 'circular' })).status).toBe(303)
    expect(await example.json('GET', widget)).toMatchObject({ body: { widget: { widget_type: 'circular' } } })
    // A field that isn't sent stays as it is; an empty one is none.
    await example.json('PATCH', widget, { widget: { name: 'hoop' } })
    expect(await example.json('GET', widget)).toMatchObject({ body: { widget: { widget_type_id: id } } })
    await example.submit(widget, { _method: 'put', 'widget[name]': 'hoop', 'widget[widget_type_id]': '' })
    expect(await example.json('GET', widget)).toMatchObject({ body: { widget: { widget_type: null } } })
    expect((await example.json('DELETE', type)).status).toBe(204)
  })

  test('a type that widgets have can not be deleted', async () => {
    const { id } = await addType(acme, 'square')
    await addWidget(acme, { name: 'tile', widget_type_id: id })
    const response = await example.submit(`${acme}/widget-types/${id}`, { _method: 'delete' })
    expect(response.status).toBe(409)
    expect(await response.text()).toContain('This widget type can&#39;t be deleted while widgets are of it.')
    expect((await example.json('GET', `${acme}/widget-types/${id}`)).status).toBe(200)
  })

  test.each(['1234567', 'round', '-1', '9223372036854775808'])(
    'a widget can not have the type %s',
    async (id) => {
      const { status, body } = await example.json('POST', `${acme}/widgets`, {
        widget: { name: 'odd', widget_type_id: id },
      })
      expect([status, body.error.fields]).toEqual([422, { widget_type_id: ['does not exist'] }])
      expect(await example.widgets(acme)).not.toContain('odd')
    },
  )

  test('the forms of things that are to be are there as JSON, too', async () => {
    await addType(globex, 'long')
    expect((await example.json('GET', `${globex}/widgets/new`)).body).toMatchObject({
      widget: { name: '', widget_type_id: null },
      widget_types: [{ name: 'long' }],
    })
    expect((await example.json('GET', `${globex}/widget-types/new`)).body).toEqual({
      widget_type: { name: '' },
    })
  })
})
