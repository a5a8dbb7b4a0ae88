import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Client } from 'pg'
import { createTenancy } from 'rowhouse'
import { postgres } from 'rowhouse/postgres'
import { providePostgres } from '../scripts/embedded-postgres/provide'

const TENANTS = Number(process.env.SCALE_TENANTS ?? 10_000)
const BATCH = 500
const POOL_SIZE = 10
const WARM_UP = 200

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Shows what many tenants cost: this process for each of them, and the server's processes that have seen them. */
async function main(): Promise<void> {
  const server = await providePostgres()
  try {
    await withClient(server.ownerUrl, createTenants)
    console.log(
      `${TENANTS} tenants of one table each, visited once by a pool of ${POOL_SIZE}, and once more\n`,
    )
    console.log(
      '| maxTenantsPerConnection | our heap, bytes per tenant | same, second visit | MiB of all backends | us per query |',
    )
    console.log('|---|---|---|---|---|')
    for (const limit of [Infinity, undefined, 100]) await visitAll(server.ownerUrl, limit)
  } finally {
    await server.stop()
  }
}

async function createTenants(client: Client): Promise<void> {
  for (let first = 1; first <= TENANTS; first += BATCH) {
    await client.query(
      `do $$ begin for n in ${first}..${Math.min(TENANTS, first + BATCH - 1)} loop
         execute format('create schema %I', 'tenant_' || n);
         execute format('create table %I.users (id int primary key, name text)', 'tenant_' || n);
       end loop; end $$`,
    )
  }
}

async function visitAll(url: string, maxTenantsPerConnection: number | undefined): Promise<void> {
  const name = `scale ${maxTenantsPerConnection ?? 'default'}`
  const connection = { connectionString: url, max: POOL_SIZE, application_name: name }
  const tenancy = createTenancy({ engine: postgres({ ...connection, maxTenantsPerConnection }) })
  const visit = async (first: number, last: number): Promise<void> => {
    let next = first
    const work = async (): Promise<void> => {
      while (next <= last) await tenancy.run(String(next++), () => tenancy.pool.query('select * from users'))
    }
    await Promise.all(Array.from({ length: POOL_SIZE }, work))
  }
  await visit(1, WARM_UP)
  const before = heap()
  const start = process.hrtime.bigint()
  await visit(WARM_UP + 1, TENANTS)
  const micros = Number(process.hrtime.bigint() - start) / 1000 / (TENANTS - WARM_UP)
  const between = heap()
  await visit(WARM_UP + 1, TENANTS)
  const grown = [between - before, heap() - between].map((bytes) => (bytes / (TENANTS - WARM_UP)).toFixed(0))
  const mebibytes = await withClient(url, (client) => memoryOf(client, name))
  console.log(
    `| ${maxTenantsPerConnection ?? 'default'} | ${grown.join(' | ')} | ${mebibytes} | ${micros.toFixed(0)} |`,
  )
  await tenancy.close()
}

function heap(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Of the server's processes behind these connections, anonymous memory: what they share is no part of it. Linux only. */
async function memoryOf(client: Client, applicationName: string): Promise<string> {
  const { rows } = await client.query<{ pid: number }>(
    'select pid from pg_stat_activity where application_name = $1',
    [applicationName],
  )
  const kibibytes = rows.map(({ pid }) =>
    Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  )
  return (kibibytes.reduce((sum, each) => sum + each, 0) / 1024).toFixed(0)
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
