import { setTimeout as sleep } from 'node:timers/promises'
import { ENGINE_SERVERS } from '../support/engines'
import { Example } from './support/example'

describe.each(ENGINE_SERVERS)('imports of the example on $name', (server) => {
  const example = new Example(server, 'imports')
  beforeAll(() => example.start())
  afterAll(() => example.stop())

  const begin = (tenant: string, widgets: unknown) =>
    example.json('POST', `${tenant}/imports`, { import: { widgets } })

  const importsOf = async (tenant: string): Promise<any[]> =>
    (await example.json('GET', `${tenant}/imports`)).body.imports

  async function settled(tenant: string): Promise<any[]> {
    for (;;) {
      const imports = await importsOf(tenant)
      if (imports.every(({ state }) => state === 'done' || state === 'failed')) return imports
      await sleep(10)
    }
  }

  test('make widgets after the request, by a form, and the page says how far they are', async () => {
    const tenant = await example.tenant('Acme')
    const begun = await example.submit(`${tenant}/imports`, { 'import[widgets]': '10' })
    expect([begun.status, begun.headers.get('location')]).toEqual([303, `${tenant}/imports`])
    expect(await settled(tenant)).toEqual([{ id: 1, state: 'done', done: 10, widgets: 10 }])
    expect(await example.widgets(tenant)).toHaveLength(10)
    expect(await (await example.page(`${tenant}/imports`)).text()).toMatch(
      /Imports of Acme[^]*Import 1[^]*done[^]*10 of 10[^]*<progress\s+value="10"\s+max="10"/,
    )
  })

  test('of several tenants at once go into their own, and none sees the others', async () => {
    const tenants = await Promise.all(['One', 'Two', 'Three'].map((name) => example.tenant(name)))
    await Promise.all([0, 1, 2, 0, 1, 2].map((index) => begin(tenants[index]!, 3 + index)))
    for (const [index, tenant] of tenants.entries()) {
      expect(await settled(tenant)).toEqual(
        [2, 1].map((id) => ({ id, state: 'done', done: 3 + index, widgets: 3 + index })),
      )
      expect(await example.widgets(tenant)).toHaveLength(2 * (3 + index))
    }
    expect(await importsOf(await example.tenant('Four'))).toEqual([])
  })

  test('whose tenant is in what was sent are those of the address', async () => {
    const [mine, other] = [await example.tenant('Mine'), await example.tenant('Other')]
    const id = other.split('/').pop()
    const body = { tenant: id, import: { widgets: 2, tenant: id } }
    expect((await example.json('POST', `${mine}/imports`, body)).status).toBe(201)
    await settled(mine)
    expect([await example.widgets(mine), await example.widgets(other)]).toMatchObject([{ length: 2 }, []])
  })

  test.each(['', '0', '501', '-1', '1.5', '1e2', 'many', '99999999999999999999', ['3']])(
    'of %j widgets are refused',
    async (widgets) => {
      const tenant = await example.tenant('Refused')
      expect(await begin(tenant, widgets)).toMatchObject({
        status: 422,
        body: { error: { fields: { widgets: ['should be a number from 1 to 500'] } } },
      })
      expect(await importsOf(tenant)).toEqual([])
    },
  )

  test('of one tenant can not fill the queue, and wait for each other', async () => {
    const [greedy, modest] = [await example.tenant('Greedy'), await example.tenant('Modest')]
    const statuses: number[] = []
    for (let round = 0; round < 8; round += 1) statuses.push((await begin(greedy, 100)).status)
    expect(statuses).toContain(201)
    expect(statuses.at(-1)).toBe(429)
    expect((await begin(modest, 1)).status).toBe(201)
    const begun = statuses.filter((status) => status === 201).length
    expect((await settled(modest)).map(({ state }) => state)).toEqual(['done'])
    expect(await example.widgets(greedy)).toHaveLength(100 * begun)
  })

  test('of a tenant that is deleted meanwhile fail, are told to the log, and the next one goes on', async () => {
    const [doomed, next] = [await example.tenant('Doomed'), await example.tenant('Next')]
    await begin(next, 200)
    await begin(doomed, 5)
    await example.json('DELETE', doomed)
    await begin(next, 1)
    expect((await settled(next)).map(({ state }) => state)).toEqual(['done', 'done'])
    expect(example.logged.splice(0)).toMatchObject([{ code: 'ROWHOUSE_TENANT_NOT_FOUND' }])
  })

  test('are not there for a tenant that is not', async () => {
    expect((await example.json('GET', '/tenants/77777/imports')).status).toBe(404)
    expect((await begin('/tenants/77777', 1)).status).toBe(404)
  })
})

test.each(ENGINE_SERVERS)('an application on $name that is closed lets no import run on', async (server) => {
  const example = new Example(server, 'closed')
  await example.start()
  const tenant = await example.tenant('Acme')
  await example.json('POST', `${tenant}/imports`, { import: { widgets: 500 } })
  await example.json('POST', `${tenant}/imports`, { import: { widgets: 500 } })
  await example.stop()
  expect(example.logged).toMatchObject([{ name: 'AbortError' }])
})
