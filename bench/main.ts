import { cpus } from 'node:os'
import { provideMysql } from '../scripts/embedded-mysql/provide'
import { providePostgres } from '../scripts/embedded-postgres/provide'
import { startDelayProxy } from './delay-proxy'
import { benchFleet } from './fleet'
import { measure } from './measure'
import type { Measured } from './measure'
import { openMysqlExecutes, openMysqlQueries } from './mysql-strategies'
import { nanosOfCheck, observeMysql, observePostgres } from './observe'
import { openPostgres } from './postgres-strategies'
import { openSlonik } from './slonik-strategies'
import { benchStartup } from './startup'
import type { Strategy } from './strategy'
import {
  createMysqlTenants,
  createPostgresTenants,
  dropMysqlTenants,
  dropPostgresTenants,
  TENANTS,
} from './tenants'

const POOL_SIZE = 10
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15)

/** Opens the ways of a group over a server behind this URL. */
type Open = (url: string) => readonly Strategy[] | Promise<readonly Strategy[]>
type Groups = Readonly<Record<string, Open>>

const POSTGRES: Groups = {
  'pg, pool.query': (url) => openPostgres({ connectionString: url, max: POOL_SIZE }),
  'slonik, pool.one': (url) => openSlonik(url, POOL_SIZE),
}
const MYSQL: Groups = {
  'mysql2, pool.query': (uri) => openMysqlQueries({ uri, connectionLimit: POOL_SIZE }),
  'mysql2, pool.execute': (uri) => openMysqlExecutes({ uri, connectionLimit: POOL_SIZE }),
}

/** Prints how much slower than hand-written, qualified SQL each way of scoping is. Ratios, since machines differ. */
async function main(): Promise<void> {
  const only = process.argv[2]
  if (only === 'fleet') return benchFleet(process.argv[3])
  if (only === 'startup') return benchStartup(ROUNDS)
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, ${TENANTS} tenants, medians of ${ROUNDS} alternated ` +
      "rounds; every row was checked to be the right tenant's",
  )
  if (only === undefined || only === 'postgres') await benchPostgres(POSTGRES)
  if (only === undefined || only === 'mysql') await benchMysql(MYSQL)
  if (only === 'observe') {
    console.log(`to ask whether anybody listens: ${nanosOfCheck().toFixed(1)} ns`)
    await benchPostgres({ 'pg, pool.query': (url) => observePostgres(url, POOL_SIZE) })
    await benchMysql({ 'mysql2, pool.query': (url) => observeMysql(url, POOL_SIZE) })
  }
}

async function benchPostgres(groups: Groups): Promise<void> {
  const server = await providePostgres()
  try {
    console.log(`\n## PostgreSQL ${await createPostgresTenants(server.ownerUrl)}`)
    await benchAll(server.ownerUrl, groups)
    await dropPostgresTenants(server.ownerUrl)
  } finally {
    await server.stop()
  }
}

async function benchMysql(groups: Groups): Promise<void> {
  const server = await provideMysql()
  try {
    console.log(`\n## ${server.version}`)
    await createMysqlTenants(server.ownerUrl)
    await benchAll(server.ownerUrl, groups)
    await dropMysqlTenants(server.ownerUrl)
  } finally {
    await server.stop()
  }
}

async function benchAll(serverUrl: string, groups: Groups): Promise<void> {
  const url = new URL(serverUrl)
  const proxy = await startDelayProxy(Number(url.port), 1)
  try {
    for (const [name, open] of Object.entries(groups)) {
      for (const latency of ['1 ms', '0 ms']) {
        const via = new URL(url)
        if (latency === '1 ms') via.port = String(proxy.port)
        for (const requesters of [1, 50]) await bench(name, await open(via.href), latency, requesters)
      }
    }
  } finally {
    await proxy.close()
  }
}

async function bench(
  name: string,
  strategies: readonly Strategy[],
  latency: string,
  requesters: number,
): Promise<void> {
  const queries = latency === '1 ms' && requesters === 1 ? 300 : 2000
  const results = await measure(strategies, { requesters, tenants: TENANTS, queries, rounds: ROUNDS })
  await Promise.all(strategies.map((strategy) => strategy.end()))
  const who = requesters === 1 ? 'one requester' : `${requesters} requesters on a pool of ${POOL_SIZE}`
  console.log(table(`${name}: ${latency} latency, ${who}`, results))
}

function table(title: string, results: readonly Measured[]): string {
  const rows = results.map(
    ({ name, micros, ratio }) => `| ${name} | ${micros.toFixed(0)} | ${ratio.toFixed(2)} |`,
  )
  return [`\n### ${title}\n`, '| way | us per query | ratio to the floor |', '|---|---|---|', ...rows].join(
    '\n',
  )
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
