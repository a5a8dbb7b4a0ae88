import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import type { Connection } from 'mysql2/promise'
import { createTenancy } from 'rowhouse'
import { mysql } from 'rowhouse/mysql'
import { medianRatio } from './alternate'
import type { Contest, Result } from './alternate'

const WORKERS = 4
const MIGRATIONS = 10
const TENANTS_PER_ROUND = Number(process.env.BENCH_NEW_TENANTS ?? 120)
/** What takes a tenth of a second is measured more often: three rounds of it told from 17 to 24 times as fast. */
const IDLE_ROUNDS = 3
const TENANTS_IDLE = Number(process.env.BENCH_TENANTS ?? 1000)

interface Server {
  readonly uri: string
  readonly owner: Connection
}

/**
 * What a fleet of tenants costs on MariaDB: ten migrations that each make a table, against the same DDL as one script per
 * tenant, and a run with nothing to do, against one new connection and one look-up per tenant.
 */
export async function benchMysqlFleet(uri: string, rounds: number): Promise<readonly Result[]> {
  const owner = await createConnection({ uri, multipleStatements: true })
  try {
    return [
      ...(await benchIdle({ uri, owner }, rounds * IDLE_ROUNDS)),
      await benchTables({ uri, owner }, rounds),
    ]
  } finally {
    await owner.end()
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

/** On tenants of their own in each round. */
async function benchTables({ uri, owner }: Server, rounds: number): Promise<Result> {
  const folder = writeMigrations(tables())
  const ids = idsOf(TENANTS_PER_ROUND)
  const script = tables().join('; ')
  const connect = (): Promise<Connection> => createConnection({ uri, multipleStatements: true })
  const connections = await Promise.all(Array.from({ length: WORKERS }, connect))
  const dropAll = async (round: number): Promise<void> => {
    for (const id of ids) {
      await owner.query(
        `drop database if exists bare${round}_${id}; drop database if exists ours${round}_${id}`,
      )
    }
  }
  const contest: Contest = {
    name: `${MIGRATIONS} migrations that make tables`,
    async prepare(round) {
      if (round > 0) await dropAll(round - 1)
      for (const id of ids) await owner.query(`create database bare${round}_${id}`)
      await createTenants({ uri, prefix: `ours${round}_`, folder }, ids)
    },
    async theirs(round) {
      const todo = [...ids]
      const work = async (connection: Connection): Promise<void> => {
        for (let id = todo.pop(); id !== undefined; id = todo.pop())
          await connection.query(`use bare${round}_${id}; ${script}`)
      }
      await Promise.all(connections.map(work))
    },
    ours: (round) => migrateAll({ uri, prefix: `ours${round}_`, folder }, ids.length),
  }
  try {
    return await medianRatio(contest, `one bare script per tenant, ${WORKERS} connections`, rounds)
  } finally {
    await dropAll(rounds)
    await Promise.all(connections.map((connection) => connection.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As the server comes, and with caches for the tables of all, which `rowhouse doctor` asks for. */
async function benchIdle({ uri, owner }: Server, rounds: number): Promise<readonly Result[]> {
  // Only the books count here, and 1,000 tenants with ten tables each would take minutes to make.
  const folder = writeMigrations(tables().map(() => 'do 0'))
  const place = { uri, prefix: 'idle_', folder }
  const ids = idsOf(TENANTS_IDLE)
  const against = 'a new connection and a look-up per tenant, serial'
  const contest: Contest = {
    name: 'nothing pending',
    theirs: () => lookAll(place, ids),
    ours: () => migrateAll(place, ids.length),
  }
  try {
    await createTenants(place, ids)
    await migrateAll(place, ids.length)
    const asItComes = await medianRatio(contest, against, rounds)
    await owner.query('set global table_open_cache = 20000, global table_definition_cache = 20000')
    const name = `${contest.name}, caches for all tables`
    return [asItComes, await medianRatio({ ...contest, name }, against, rounds)]
  } finally {
    await owner.query('set global table_open_cache = default, global table_definition_cache = default')
    for (const id of ids) await owner.query(`drop database if exists idle_${id}`)
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Place {
  readonly uri: string
  readonly prefix: string
  readonly folder: string
}

async function migrateAll({ uri, prefix, folder }: Place, tenants: number): Promise<void> {
  const tenancy = createTenancy({ engine: mysql({ uri }), prefix, migrations: folder })
  const { ok, failed } = await tenancy.migrateAll({ concurrency: WORKERS }).report()
  await tenancy.close()
  if (ok !== tenants || failed > 0) throw new Error(`${ok} of ${tenants} were migrated, ${failed} failed.`)
}

/** One after another, each on a connection of its own: what a migration tool of one database does. */
async function lookAll({ uri, prefix }: Place, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const url = new URL(uri)
    url.pathname = `/${prefix}${id}`
    const connection = await createConnection(url.href)
    await connection.query('select name from schema_migrations where number = 0 order by run_order')
    await connection.end()
  }
}

async function createTenants({ uri, prefix, folder }: Place, ids: readonly string[]): Promise<void> {
  const tenancy = createTenancy({ engine: mysql({ uri }), prefix, migrations: folder })
  for (const id of ids) await tenancy.create(id, { migrate: false })
  await tenancy.close()
}

function idsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `t${at}`)
}
