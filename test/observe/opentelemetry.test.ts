import { EngineTown } from '../engines/support/engine-town'
import { ENGINE_SERVERS } from '../support/engines'
import { spansOf } from './support/spans'
import type { ToldSpan } from './support/spans'

/** One of each engine: what is instrumented is the driver. */
const SERVERS = ['postgres', 'mysql'].flatMap((engine) =>
  ENGINE_SERVERS.filter((server) => server.engine === engine).slice(0, 1),
)

describe.each(SERVERS)('spans of two tenants on $name', (server) => {
  const town = new EngineTown(server, 'spans')
  let spans: ToldSpan[]
  /** Of a processor that reads the tenant of the running context. */
  let naiveSpans: ToldSpan[]

  beforeAll(async () => {
    for (const id of ['acme', 'globex']) await town.tenancy.create(id)
    const task = { engine: server.engine, url: server.appUrl, prefix: town.prefix }
    ;[spans, naiveSpans] = await Promise.all([spansOf(task), spansOf({ ...task, isNaive: true })])
  })
  afterAll(() => town.close())

  const ofQueries = (whose: string): ToldSpan[] =>
    spans.filter(({ kind, text }) => kind === 'CLIENT' && text.includes(`/* ${whose} */`))

  test.each(['acme', 'globex'])('each query of %s has its id, and no other', (id) => {
    const queries = ofQueries(id)
    expect(queries.length).toBeGreaterThanOrEqual(6 * (server.engine === 'mysql' ? 5 : 4) + 1)
    expect([...new Set(queries.map(({ tenant }) => tenant))]).toEqual([id])
  })

  test('what runs without a tenant has none, and neither has the plain pool of one', () => {
    for (const whose of ['shared', 'nobody']) {
      expect(ofQueries(whose).length).toBeGreaterThan(0)
      expect([...new Set(ofQueries(whose).map(({ tenant }) => tenant))]).toEqual([undefined])
    }
  })

  test.each(['acme', 'globex'])('spans that the code of %s starts have its id', (id) => {
    const own = spans.filter(({ name }) => name === `custom ${id}`)
    expect(own.map(({ tenant }) => tenant)).toEqual(Array.from({ length: 6 }, () => id))
  })

  test('the span of a request has the tenant that it was let in to', () => {
    const requests = spans.filter(({ kind }) => kind === 'SERVER')
    expect(requests.map(({ text, tenant }) => `${text} ${tenant}`).sort()).toEqual([
      '/acme acme',
      '/globex globex',
    ])
  })

  test('a remote call has what the span around it has', () => {
    const tenantsOf = (start: string): string[] =>
      spans.filter(({ name }) => name.startsWith(start)).map(({ name, tenant }) => `${name} ${tenant}`)
    expect(tenantsOf('inside').sort()).toEqual(['inside acme acme', 'inside globex globex'])
    // The span of a job was there before the tenant was.
    expect(tenantsOf('remote')).toHaveLength(12)
    expect(tenantsOf('remote').every((text) => text.endsWith('undefined'))).toBe(true)
  })

  test('who reads the tenant of the running context instead has strangers in it', () => {
    const wrong = naiveSpans.filter(
      ({ text, tenant }) => /\/\* (acme|globex) \*\//.test(text) && !text.includes(`/* ${tenant} */`),
    )
    expect(wrong.length).toBeGreaterThan(0)
  })

  test('each tenant has its own rows', async () => {
    for (const id of ['acme', 'globex']) {
      const names = await town.kept(id)
      expect(names).toHaveLength(24)
      expect(names.every((name) => name.startsWith(id))).toBe(true)
    }
  })
})
