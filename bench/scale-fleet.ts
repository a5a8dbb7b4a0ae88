import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { createTenancy } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import { postgres } from 'rowhouse/postgres'
import { providePostgres } from '../scripts/embedded-postgres/provide'
import { TENANTS } from './visits'

const NAME = 'rowhouse-migrate'
const CREATORS = 4
const SMALL = `create table users (id serial primary key, name text not null);
  create table posts (id serial primary key, user_id int references users, title text);
  create index posts_user on posts (user_id)`

/** What commands over a whole fleet take on PostgreSQL, and the memory that they need on both sides. */
export async function scaleFleet(): Promise<void> {
  const server = await providePostgres()
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-scale-'))
  writeFileSync(join(folder, '20260101000001_tables.sql'), SMALL)
  const tenancy = createTenancy({
    engine: postgres({ connectionString: server.ownerUrl }),
    migrations: folder,
  })
  const watcher = new Client({ connectionString: server.ownerUrl })
  await watcher.connect()
  try {
    console.log('| what | s | ms per tenant | MiB of this process, at most | MiB of the backends, at most |')
    console.log('|---|---|---|---|---|')
    await row('`create`, 4 at a time', watcher, () => createAll(tenancy))
    await row('`status`', watcher, () => tenancy.statusAll())
    await row('`migrate --all`, nothing pending', watcher, () => migrateAll(tenancy))
    writeFileSync(join(folder, '20260101000002_column.sql'), 'alter table users add column late int')
    await row('`migrate --all`, one small migration', watcher, () => migrateAll(tenancy))
    await row('`migrate --all`, nothing pending again', watcher, () => migrateAll(tenancy))
  } finally {
    await watcher.end()
    await tenancy.close()
    rmSync(folder, { recursive: true, force: true })
    await server.stop()
  }
}

async function createAll(tenancy: Pick<Tenancy, 'create'>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < TENANTS) await tenancy.create(`t${next++}`)
  }
  await Promise.all(Array.from({ length: CREATORS }, work))
}

async function migrateAll(tenancy: Pick<Tenancy, 'migrateAll'>): Promise<void> {
  const { ok, failed } = await tenancy.migrateAll().report()
  if (ok !== TENANTS || failed > 0) throw new Error(`${ok} of ${TENANTS}, ${failed} failed.`)
}

async function row(what: string, watcher: Client, work: () => Promise<unknown>): Promise<void> {
  let [ours, theirs] = [0, 0]
  const look = async (): Promise<void> => {
    ours = Math.max(ours, process.memoryUsage().rss / 2 ** 20)
    theirs = Math.max(theirs, await memoryOf(watcher))
  }
  const timer = setInterval(() => void look(), 500)
  const start = performance.now()
  await work()
  const ms = performance.now() - start
  clearInterval(timer)
  await look()
  const figures = [(ms / 1000).toFixed(1), (ms / TENANTS).toFixed(2), ours.toFixed(0), theirs.toFixed(0)]
  console.log(`| ${what} | ${figures.join(' | ')} |`)
}

/** MiB of the server's processes behind the run, anonymous memory: what they share is no part of it. Linux only. */
async function memoryOf(watcher: Client): Promise<number> {
  const { rows } = await watcher.query<{ pid: number }>(
    'select pid from pg_stat_activity where application_name = $1',
    [NAME],
  )
  const kibibytes = rows.map(({ pid }) => {
    try {
      return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      // It ended in between.
      return 0
    }
  })
  return kibibytes.reduce((sum, each) => sum + each, 0) / 1024
}
