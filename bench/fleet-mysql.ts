import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { createTenancy } from 'rowhouse'
import { mysql } from 'rowhouse/mysql'
import { provideMysql } from '../scripts/embedded-mysql/provide'
import type { FleetRun } from './fleet-worker-loop'
import { openWorkerLoop } from './fleet-worker-loop'

const WORKERS = 4
const MIGRATIONS = 10
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const TENANTS_PER_ROUND = Number(process.env.BENCH_FLEET_TABLES ?? 40)
const TENANTS_IDLE = Number(process.env.BENCH_FLEET_IDLE ?? 1000)

/** How a fleet is migrated: `migrateAll` of a tenancy, or the members of its workers themselves. */
export type OpenFleet = (uri: string, prefix: string, folder: string) => FleetRun

interface Server {
  readonly uri: string
  readonly owner: Connection
  readonly folder: string
  readonly open: OpenFleet
}

/** What one way took in each round, in milliseconds per tenant. */
type Times = Record<'floor' | 'ours', number[]>

/**
 * Prints what a fleet of tenants costs on MariaDB: ten migrations that each make a table, against the same DDL as one script
 * per tenant, and a run with nothing to do, against one new connection and one look-up per tenant.
 */
export async function fleetMysql(
  open: OpenFleet = openWorkerLoop,
  settings: readonly string[] = [],
): Promise<void> {
  const server = await provideMysql({ settings })
  const owner = await createConnection({ uri: server.ownerUrl, multipleStatements: true })
  const folder = writeMigrations(tables())
  // Only the books count there, and 1,000 tenants with ten tables each would take minutes to make.
  const idle = writeMigrations(tables().map(() => 'do 0'))
  try {
    const [rows] = await owner.query<RowDataPacket[]>('select @@innodb_flush_log_at_trx_commit as flush')
    console.log(
      `\n## Fleet, MariaDB ${server.version}, innodb_flush_log_at_trx_commit = ${String(rows[0]?.['flush'])}\n`,
    )
    console.log('| | ms per tenant | floor | ratio |\n|---|---|---|---|')
    const shared = { uri: server.ownerUrl, owner, folder, open }
    report(`${MIGRATIONS} migrations that make a table, ${WORKERS} connections`, await measureTables(shared))
    report(`nothing pending, ${TENANTS_IDLE} tenants`, await measureIdle({ ...shared, folder: idle }))
  } finally {
    await owner.end()
    for (const path of [folder, idle]) rmSync(path, { recursive: true, force: true })
    await server.stop()
  }
}

/** A file for each statement. @returns their folder */
function writeMigrations(statements: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-fleet-'))
  for (const [at, sql] of statements.entries())
    writeFileSync(join(folder, `2026010100${String(at).padStart(4, '0')}_t${at}.sql`), `${sql};\n`)
  return folder
}

function tables(): readonly string[] {
  return Array.from(
    { length: MIGRATIONS },
    (_, at) =>
      `create table t${at} (id int auto_increment primary key, name varchar(255) not null, other int, key t${at}_name (name))`,
  )
}

/** Both ways in turn, on tenants of their own. */
async function measureTables(server: Server): Promise<Times> {
  const times: Times = { floor: [], ours: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    const bare = async (): Promise<void> => void times.floor.push(await scriptAll(server, `bare${round}_`))
    const ours = async (): Promise<void> => void times.ours.push(await migrateAll(server, `ours${round}_`))
    for (const way of round % 2 === 0 ? [bare, ours] : [ours, bare]) await way()
  }
  return times
}

async function scriptAll({ uri, owner }: Server, prefix: string): Promise<number> {
  const ids = idsOf(TENANTS_PER_ROUND)
  for (const id of ids) await owner.query(`create database ${prefix}${id}`)
  const script = tables().join('; ')
  const open = Array.from({ length: WORKERS }, () => createConnection({ uri, multipleStatements: true }))
  const connections = await Promise.all(open)
  const todo = [...ids]
  const work = async (connection: Connection): Promise<void> => {
    for (let id = todo.pop(); id !== undefined; id = todo.pop())
      await connection.query(`use ${prefix}${id}; ${script}`)
  }
  const took = await timed(() => Promise.all(connections.map(work)))
  await Promise.all(connections.map((connection) => connection.end()))
  await drop(owner, prefix, ids)
  return took / ids.length
}

async function migrateAll(server: Server, prefix: string): Promise<number> {
  const ids = await createTenants(server, prefix, TENANTS_PER_ROUND, false)
  const fleet = server.open(server.uri, prefix, server.folder)
  const took = await timed(async () => {
    const done = await fleet.run(WORKERS)
    if (done !== ids.length) throw new Error(`${done} of ${ids.length} tenants were migrated.`)
  })
  await fleet.close()
  await drop(server.owner, prefix, ids)
  return took / ids.length
}

async function measureIdle(server: Server): Promise<Times> {
  const prefix = 'idle_'
  const ids = await createTenants(server, prefix, TENANTS_IDLE, false)
  const first = server.open(server.uri, prefix, server.folder)
  await first.run(WORKERS)
  await first.close()
  const times: Times = { floor: [], ours: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    const look = async (): Promise<void> =>
      void times.floor.push((await timed(() => lookAll(server, prefix, ids))) / ids.length)
    const ours = async (): Promise<void> => {
      const fleet = server.open(server.uri, prefix, server.folder)
      times.ours.push((await timed(() => fleet.run(WORKERS))) / ids.length)
      await fleet.close()
    }
    for (const way of round % 2 === 0 ? [look, ours] : [ours, look]) await way()
  }
  await drop(server.owner, prefix, ids)
  return times
}

/** One after another, each on a connection of its own: what a migration tool of one database does. */
async function lookAll({ uri }: Server, prefix: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const url = new URL(uri)
    url.pathname = `/${prefix}${id}`
    const connection = await createConnection(url.href)
    await connection.query('select name from schema_migrations where number = 0 order by run_order')
    await connection.end()
  }
}

async function createTenants(
  { uri, folder }: Server,
  prefix: string,
  count: number,
  migrate: boolean,
): Promise<readonly string[]> {
  const tenancy = createTenancy({ engine: mysql({ uri }), prefix, migrations: folder })
  const ids = idsOf(count)
  for (const id of ids) await tenancy.create(id, { migrate })
  await tenancy.close()
  return ids
}

function idsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `t${at}`)
}

async function drop(owner: Connection, prefix: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await owner.query(`drop database ${prefix}${id}`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e6
}

function report(what: string, { floor, ours }: Times): void {
  const ratio = median(ours.map((time, round) => time / floor[round]!))
  console.log(`| ${what} | ${median(ours).toFixed(2)} | ${median(floor).toFixed(2)} | ${ratio.toFixed(2)} |`)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

if (require.main === module) {
  fleetMysql(openWorkerLoop, process.argv.slice(2)).catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
}
