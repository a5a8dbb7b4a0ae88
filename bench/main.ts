import { cpus } from 'node:os'
import { Client } from 'pg'
import { providePostgres } from '../scripts/embedded-postgres/provide'
import { startDelayProxy } from './delay-proxy'
import { measure } from './measure'
import type { Measured } from './measure'
import { openStrategies } from './strategies'

const TENANTS = 200
const POOL_SIZE = 10

/** Prints how much slower than hand-written, schema-qualified SQL each way of scoping is. Ratios, since machines differ. */
async function main(): Promise<void> {
  const server = await providePostgres()
  try {
    await withClient(server.ownerUrl, createTenants)
    const url = new URL(server.ownerUrl)
    const proxy = await startDelayProxy(Number(url.port || 5432), 0.5)
    try {
      await printHeader(server.ownerUrl)
      for (const latency of ['1 ms', '0 ms']) {
        const via = new URL(url)
        if (latency === '1 ms') via.port = String(proxy.port)
        for (const requesters of [1, 50]) await bench(via.href, latency, requesters)
      }
    } finally {
      await proxy.close()
    }
    await withClient(server.ownerUrl, dropTenants)
  } finally {
    await server.stop()
  }
}

async function bench(connectionString: string, latency: string, requesters: number): Promise<void> {
  const strategies = openStrategies({ connectionString, max: POOL_SIZE })
  const rounds = Number(process.env.BENCH_ROUNDS ?? 15)
  const queries = latency === '1 ms' && requesters === 1 ? 300 : 2000
  const results = await measure(strategies, { requesters, tenants: TENANTS, queries, rounds })
  await Promise.all(strategies.map((strategy) => strategy.end()))
  console.log(
    table(
      `${latency} latency, ${requesters === 1 ? 'one requester' : `${requesters} requesters on a pool of ${POOL_SIZE}`}`,
      results,
    ),
  )
}

function table(title: string, results: readonly Measured[]): string {
  const rows = results.map(
    ({ name, micros, ratio }) => `| ${name} | ${micros.toFixed(0)} | ${ratio.toFixed(2)} |`,
  )
  return [`\n### ${title}\n`, '| way | us per query | ratio to the floor |', '|---|---|---|', ...rows].join(
    '\n',
  )
}

async function printHeader(connectionString: string): Promise<void> {
  await withClient(connectionString, async (client) => {
    const { rows } = await client.query('show server_version')
    console.log(
      `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, PostgreSQL ${rows[0].server_version}, ${TENANTS} tenants, medians of ` +
        `${process.env.BENCH_ROUNDS ?? 15} alternated rounds; every row was checked to be the right tenant's`,
    )
  })
}

async function createTenants(client: Client): Promise<void> {
  await dropTenants(client)
  for (let number = 1; number <= TENANTS; number += 1) {
    await client.query(
      `create schema tenant_${number}; create table tenant_${number}.users (id int primary key, name text);
       insert into tenant_${number}.users select i, 't${number}_u' || i from generate_series(1, 10) i; analyze tenant_${number}.users`,
    )
  }
}

async function dropTenants(client: Client): Promise<void> {
  for (let number = 1; number <= TENANTS; number += 1)
    await client.query(`drop schema if exists tenant_${number} cascade`)
}

async function withClient(connectionString: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString })
  client.on('notice', () => {})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
