import { context, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { TENANT_ATTRIBUTE, tenantSpans } from '../../src/opentelemetry'
import { postgres } from '../../src/postgres/postgres'
import { fromHeader } from '../../src/request/from-header'
import { createTenancy } from '../../src/tenancy'
import { SERVERS } from '../support/servers'

/** Of one server; nothing is asked there, since the directory answers. */
const [shop, billing] = ['shop', 'billing'].map((name) =>
  createTenancy({
    engine: postgres({ connectionString: SERVERS[0]!.appUrl }),
    name,
    directory: async (id) => ({ id: String(id) }),
  }),
) as [Tenancy, Tenancy]
type Tenancy = ReturnType<typeof createTenancy>

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({
  spanProcessors: [tenantSpans(shop), new SimpleSpanProcessor(exporter)],
})
beforeAll(() => provider.register())
afterAll(async () => {
  await provider.shutdown()
  trace.disable()
  context.disable()
  await shop.close()
  await billing.close()
})

const admit = (tenancy: Tenancy, id: string): Promise<unknown> =>
  new Promise((resolve) =>
    tenancy.middleware({ resolve: fromHeader('x-tenant'), trustResolution: true })(
      { headers: { 'x-tenant': id }, params: {} },
      { setHeader: () => {} },
      resolve,
    ),
  )

test('the span of a request has the tenant of the tenancy that the processor is of, not of another', async () => {
  const visit = (name: string, visits: readonly [Tenancy, string][]): Promise<void> =>
    trace.getTracer('test').startActiveSpan(name, async (span) => {
      for (const [tenancy, id] of visits) expect(await admit(tenancy, id)).toBeUndefined()
      span.end()
    })
  await visit('both', [
    [shop, 'acme'],
    [billing, 'globex'],
  ])
  await visit('billing alone', [[billing, 'globex']])
  const told = exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes[TENANT_ATTRIBUTE]])
  expect(told).toEqual([
    ['both', 'acme'],
    ['billing alone', undefined],
  ])
})
