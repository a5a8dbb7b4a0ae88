import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import { Client } from 'pg'
import { postgres } from 'rowhouse/postgres'
import { createTenancy } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import { medianRatio } from './alternate'
import type { Contest, Result } from './alternate'

const PREFIX = 'fleet_'
const TENANTS = Number(process.env.BENCH_TENANTS ?? 1000)
const NEW_TENANTS = Number(process.env.BENCH_NEW_TENANTS ?? 200)
const CONNECTIONS = 4
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
/** Three tables, as in a small application. */
const SMALL = `create table users (id serial primary key, name text not null);
  create table posts (id serial primary key, user_id int references users, title text);
  create index posts_user on posts (user_id); create table tags (id serial primary key, name text)`

/** Ten tables with 29 indexes and 9 foreign keys, as ten migrations. */
const TABLES = Array.from({ length: 10 }, (_, index) => {
  const reference = index === 0 ? '' : `, parent_id int references t${index - 1}`
  const more = index === 0 ? '' : `create index t${index}_parent on t${index} (parent_id);`
  return `create table t${index} (id serial primary key, name text not null, amount numeric, at timestamptz default now()${reference});
    create index t${index}_name on t${index} (name); ${more}`
})

/** A folder of SQL migrations, removed in the end. */
class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'rowhouse-bench-'))
  #count = 0

  add(sql: string): void {
    this.#count += 1
    const version = 20260101000000 + this.#count
    writeFileSync(join(this.path, `${version}_m.sql`), sql)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Fleets on one server: what a command of ours takes, and what the usual way does. */
export async function benchPostgresFleet(url: string, rounds: number): Promise<readonly Result[]> {
  const owner = new Client({ connectionString: url })
  owner.on('notice', () => {})
  await owner.connect()
  try {
    await owner.query('create extension if not exists plpgsql')
    await dropAll(owner)
    return [...(await benchOld(url, rounds)), ...(await benchNew(url, owner, rounds))]
  } finally {
    await dropAll(owner)
    await owner.end()
  }
}

/** Tenants that are there: nothing to do, and one small migration. */
async function benchOld(url: string, rounds: number): Promise<readonly Result[]> {
  const [ours, plain] = [new Folder(), new Folder()]
  ours.add(SMALL)
  const tenancy = open(url, ours)
  try {
    const ids = Array.from({ length: TENANTS }, (_, index) => `a${index}`)
    await inTurn(ids, CONNECTIONS, (id) => tenancy.create(id))
    plain.add('select 1')
    const migrate = (): Promise<void> => expectDone(tenancy, TENANTS)
    const serial = async (): Promise<void> => {
      for (const id of ids) await runPlain(url, plain, PREFIX + id)
    }
    await serial()
    const nothing: Contest = { name: 'nothing pending', ours: migrate, theirs: serial }
    const small: Contest = {
      name: 'one small migration',
      prepare(round) {
        ours.add(`alter table users add column ours_${round} int`)
        plain.add(`alter table users add column theirs_${round} int`)
      },
      ours: migrate,
      theirs: serial,
    }
    const theirs = `node-pg-migrate's runner() in a serial loop`
    return [await medianRatio(nothing, theirs, rounds), await medianRatio(small, theirs, rounds)]
  } finally {
    await tenancy.close()
    ours.remove()
    plain.remove()
  }
}

/** Tenants that come: ten migrations, and `create`. */
async function benchNew(url: string, owner: Client, rounds: number): Promise<readonly Result[]> {
  const folder = new Folder()
  for (const sql of TABLES) folder.add(sql)
  const tenancy = open(url, folder)
  const clients = Array.from({ length: CONNECTIONS }, () => new Client({ connectionString: url }))
  await Promise.all(clients.map((client) => client.connect()))
  const bare = TABLES.join(';')
  const ids = (kind: string, round: number): string[] =>
    Array.from({ length: NEW_TENANTS }, (_, index) => `${kind}${round}_${index}`)
  try {
    const tables: Contest = {
      name: 'ten migrations that make tables',
      async prepare(round) {
        await dropAll(owner)
        await inTurn(ids('b', round), CONNECTIONS, (id) => tenancy.create(id, { migrate: false }))
        for (const id of ids('c', round)) await owner.query(`create schema ${PREFIX}${id}`)
      },
      ours: () => expectDone(tenancy, NEW_TENANTS),
      theirs: (round) =>
        inTurn(ids('c', round), CONNECTIONS, async (id, worker) => {
          await clients[worker]!.query(`set search_path to ${PREFIX}${id}; ${bare}`)
        }),
    }
    const create: Contest = {
      name: 'create, with the same ten',
      prepare: () => dropAll(owner),
      ours: (round) => inTurn(ids('d', round), 1, (id) => tenancy.create(id)),
      theirs: (round) =>
        inTurn(ids('e', round), 1, async (id) => {
          await owner.query(`create schema ${PREFIX}${id}; set search_path to ${PREFIX}${id}; ${bare}`)
        }),
    }
    return [
      await medianRatio(tables, `one bare script per tenant, ${CONNECTIONS} connections`, rounds),
      await medianRatio(create, 'one bare script per tenant, an open connection', rounds),
    ]
  } finally {
    await Promise.all(clients.map((client) => client.end()))
    await tenancy.close()
    folder.remove()
  }
}

function open(url: string, folder: Folder): Tenancy {
  return createTenancy({
    engine: postgres({ connectionString: url }),
    prefix: PREFIX,
    migrations: folder.path,
  })
}

async function expectDone(tenancy: Tenancy, tenants: number): Promise<void> {
  const { ok, failed } = await tenancy.migrateAll({ concurrency: CONNECTIONS }).report()
  if (ok !== tenants || failed > 0) throw new Error(`${ok} of ${tenants} were migrated, ${failed} failed.`)
}

async function runPlain(url: string, folder: Folder, schema: string): Promise<void> {
  await runner({
    databaseUrl: url,
    dir: folder.path,
    schema,
    migrationsTable: 'pgmigrations',
    direction: 'up',
    logger: SILENT,
  })
}

/** Does work for each item, some at a time; `worker` is the number of whoever does it. */
async function inTurn<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item, worker: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const run = async (_: unknown, worker: number): Promise<void> => {
    while (next < items.length) await work(items[next++]!, worker)
  }
  await Promise.all(Array.from({ length: width }, run))
}

async function dropAll(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    'select nspname as name from pg_namespace where starts_with(nspname, $1)',
    [PREFIX],
  )
  for (const { name } of rows) await owner.query(`drop schema ${name} cascade`)
}
