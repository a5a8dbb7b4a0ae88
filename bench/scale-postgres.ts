import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { createTenancy } from 'rowhouse'
import { postgres } from 'rowhouse/postgres'
import { providePostgres } from '../scripts/embedded-postgres/provide'
import { POOL_SIZE, TENANTS, visitAll } from './visits'

const BATCH = 500

/** What many tenants cost on PostgreSQL: this process for each of them, and the server's processes that have seen them. */
export async function scalePostgres(): Promise<void> {
  const server = await providePostgres()
  try {
    await withClient(server.ownerUrl, createTenants)
    console.log(
      '| maxTenantsPerConnection | our heap, bytes per tenant | same, second visit | MiB of all backends | us per query |',
    )
    console.log('|---|---|---|---|---|')
    for (const limit of [Infinity, undefined, 100]) await row(server.ownerUrl, limit)
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

async function row(url: string, maxTenantsPerConnection: number | undefined): Promise<void> {
  const name = `scale ${maxTenantsPerConnection ?? 'default'}`
  const connection = { connectionString: url, max: POOL_SIZE, application_name: name }
  const tenancy = createTenancy({ engine: postgres({ ...connection, maxTenantsPerConnection }) })
  const { grown, microsPerQuery } = await visitAll((tenant) =>
    tenancy.run(tenant, () => tenancy.pool.query('select * from users')),
  )
  const mebibytes = await withClient(url, (client) => memoryOf(client, name))
  const figures = [...grown, mebibytes, microsPerQuery].map((figure) => figure.toFixed(0))
  console.log(`| ${maxTenantsPerConnection ?? 'default'} | ${figures.join(' | ')} |`)
  await tenancy.close()
}

/** MiB of the server's processes behind these connections, anonymous memory: what they share is no part of it. Linux only. */
async function memoryOf(client: Client, applicationName: string): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    'select pid from pg_stat_activity where application_name = $1',
    [applicationName],
  )
  const kibibytes = rows.map(({ pid }) =>
    Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  )
  return kibibytes.reduce((sum, each) => sum + each, 0) / 1024
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
