import { context, SpanKind, trace } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { MySQL2Instrumentation } from '@opentelemetry/instrumentation-mysql2'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import type { AddressInfo } from 'node:net'
import type { TenantSpanProcessor } from 'rowhouse/opentelemetry'
import type { SpansTask, ToldSpan } from './spans'

/*
 * Instrumentation of drivers hooks `require`, which Jest replaces: so this is a process of its own, and everything that is
 * instrumented is required once the hooks are there.
 */
const task = JSON.parse(process.env['SPANS_TASK']!) as SpansTask
const exporter = new InMemorySpanExporter()

async function main(): Promise<void> {
  registerInstrumentations({
    instrumentations: [new PgInstrumentation(), new MySQL2Instrumentation(), new HttpInstrumentation()],
  })
  const { createTenancy, fromHeader } = await import('rowhouse')
  const { postgres } = await import('rowhouse/postgres')
  const { mysql } = await import('rowhouse/mysql')
  const { TENANT_ATTRIBUTE, tenantSpans } = await import('rowhouse/opentelemetry')
  const { url, prefix } = task
  // One connection, so that the queries of all wait for each other, and are sent in each other's contexts.
  const engine =
    task.engine === 'postgres'
      ? postgres({ connectionString: url, max: 1, maxPerTenant: 1 })
      : mysql({ uri: url, connectionLimit: 1, maxPerTenant: 1 })
  const tenancy = createTenancy({
    engine: engine as ReturnType<typeof postgres>,
    prefix,
    directory: async (id) => ({ id }),
  })
  /** Reads the tenant where the driver's instrumentation runs. */
  const naive: TenantSpanProcessor = {
    onStart: (span) => void span.setAttribute(TENANT_ATTRIBUTE, tenancy.current()?.id ?? 'none'),
    onEnd() {},
    async forceFlush() {},
    async shutdown() {},
  }
  new NodeTracerProvider({
    spanProcessors: [task.isNaive ? naive : tenantSpans(tenancy), new SimpleSpanProcessor(exporter)],
  }).register()
  const tracer = trace.getTracer('test')
  const pool = tenancy.pool as unknown as Pool
  const value = task.engine === 'postgres' ? '$1' : '?'

  /** What a request of a tenant does; each text says whose it is. */
  const work = async (id: string, turn: number): Promise<void> => {
    const mark = `/* ${id} */`
    await pool.query(`select ${value} as n ${mark}`, [turn])
    await pool.query(`insert into widgets (name) values (${value}) ${mark}`, [`${id}-${turn}`])
    const client = task.engine === 'postgres' ? await pool.connect!() : await pool.getConnection!()
    await client.query(`select ${value} as lent ${mark}`, [turn])
    client.release()
    await tenancy.transaction(async () => {
      await pool.query(`insert into widgets (name) values (${value}) ${mark}`, [`${id}-t${turn}`])
    })
    if (pool.execute) await pool.execute(`select ${value} as n ${mark}`, [turn])
    await (tenancy.admin as unknown as Pool).query(`select ${value} as n /* nobody */`, [turn])
    tracer.startSpan(`custom ${id}`).end()
    tracer.startSpan(`remote ${id}`, { kind: SpanKind.CLIENT }).end()
  }

  const inTrace = (id: string, turn: number): Promise<void> =>
    tracer.startActiveSpan(`job ${id}`, async (span) => {
      await tenancy.run(id, () => work(id, turn))
      span.end()
    })
  await Promise.all(
    Array.from({ length: 12 }, (_, turn) => inTrace(turn % 2 === 0 ? 'acme' : 'globex', turn)),
  )
  await tenancy.withoutTenant(() => pool.query('select 1 as n /* shared */'))

  const express = (await import('express')).default
  const app = express()
  app.use(tenancy.middleware({ resolve: fromHeader('x-tenant'), trustResolution: true }))
  app.get('/:id', async (_req, res) => {
    await pool.query(`select 1 as n /* ${tenancy.require().id} */`)
    tracer.startSpan(`inside ${tenancy.require().id}`, { kind: SpanKind.CLIENT }).end()
    res.end()
  })
  const server = app.listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  // Its own spans, of kind CLIENT, are begun outside every tenant.
  await context.with(context.active(), () =>
    Promise.all(
      ['acme', 'globex'].map((id) =>
        fetch(`http://127.0.0.1:${port}/${id}`, { headers: { 'x-tenant': id } }),
      ),
    ),
  )
  await new Promise((resolve) => server.close(resolve))
  await tenancy.close()
  process.stdout.write(
    JSON.stringify(exporter.getFinishedSpans().map((span) => tell(span, TENANT_ATTRIBUTE))),
  )
}

interface Pool {
  query(sql: string, values?: unknown[]): Promise<unknown>
  execute?(sql: string, values?: unknown[]): Promise<unknown>
  connect?(): Promise<{ query: Pool['query']; release(): void }>
  getConnection?(): Promise<{ query: Pool['query']; release(): void }>
}

function tell({ name, kind, attributes }: ReadableSpan, attribute: string): ToldSpan {
  const text =
    attributes['db.query.text'] ??
    attributes['db.statement'] ??
    attributes['http.target'] ??
    attributes['url.path'] ??
    attributes['http.url'] ??
    ''
  return {
    name,
    kind: SpanKind[kind],
    text: String(text),
    tenant: attributes[attribute] as string | undefined,
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
