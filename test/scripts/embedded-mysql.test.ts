import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import type { RowDataPacket } from 'mysql2/promise'
import { provideMysql } from '../../scripts/embedded-mysql/provide'
import type { StartedMysqlServer } from '../../scripts/embedded-mysql/start'
import { MYSQL_SERVERS } from '../support/servers'
import { isRunning } from '../support/processes'

const GONE_WITHIN_MS = 20_000
const environment = { ...process.env }
const server = MYSQL_SERVERS[0]!

afterEach(() => {
  process.env = { ...environment }
})

async function query(url: string, sql: string): Promise<unknown[]> {
  const connection = await createConnection({ uri: url, rowsAsArray: true })
  try {
    const [rows] = await connection.query<RowDataPacket[][]>(sql)
    return rows
  } finally {
    await connection.end()
  }
}

/** A server of our own, whatever this run was told to use. */
async function start(options: Parameters<typeof provideMysql>[0] = {}): Promise<StartedMysqlServer> {
  delete process.env.MYSQL_URL
  return (await provideMysql(options)) as StartedMysqlServer
}

/** The temporary folder of a server is the one around its data. */
async function waitUntilGone({ pid, dataDir }: Pick<StartedMysqlServer, 'pid' | 'dataDir'>): Promise<void> {
  const isGone = (): boolean => !isRunning(pid) && !existsSync(dirname(dataDir))
  const deadline = Date.now() + GONE_WITHIN_MS
  while (!isGone() && Date.now() < deadline) await sleep(20)
  expect(isGone()).toBe(true)
}

test('servers that are installed and started at the same time leave each other alone, and nothing behind', async () => {
  const servers = await Promise.all(Array.from({ length: 3 }, () => start()))
  expect(new Set(servers.map(({ port }) => port)).size).toBe(3)
  await query(servers[0]!.ownerUrl, 'create database only_in_first')
  const databases = await Promise.all(servers.map(({ ownerUrl }) => query(ownerUrl, 'show databases')))
  expect(databases.map((names) => names.flat().includes('only_in_first'))).toEqual([true, false, false])
  await Promise.all(servers.map((one) => one.stop()))
  for (const one of servers) await waitUntilGone(one)
})

test('the owner makes databases and grants, the application may do nothing until it is granted', async () => {
  const own = await start()
  await query(own.ownerUrl, 'create database tenant_acme')
  await expect(query(own.appUrl, 'create database tenant_globex')).rejects.toThrow(/denied/)
  await expect(query(own.appUrl, 'create table tenant_acme.notes (id int)')).rejects.toThrow(/denied/)
  await own.stop()
})

test('a data folder of your own is kept', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'rowhouse-kept-'))
  chmodSync(parent, 0o755) // as root, the server runs as someone else
  const dataDir = join(parent, 'data')
  try {
    const first = await start({ dataDir })
    await query(first.ownerUrl, 'create database kept')
    await first.stop()
    const second = await start({ dataDir })
    expect((await query(second.ownerUrl, 'show databases')).flat()).toContain('kept')
    await second.stop()
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
})

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a process that ends by %s takes its server along',
  async (signal) => {
    delete process.env.MYSQL_URL
    const holder = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'hold-mysql.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(holder.stdout), 'line')) as [string]
    const held = JSON.parse(line) as { pid: number; dataDir: string }
    expect(isRunning(held.pid)).toBe(true)
    holder.kill(signal)
    await waitUntilGone(held)
  },
)

test('MYSQL_URL and MYSQL_OWNER_URL name the server to use, and stop() leaves it alone', async () => {
  Object.assign(process.env, { MYSQL_URL: server.appUrl, MYSQL_OWNER_URL: server.ownerUrl })
  const provided = await provideMysql()
  expect(provided).toMatchObject({ appUrl: server.appUrl, ownerUrl: server.ownerUrl })
  await provided.stop()
  expect(await query(server.ownerUrl, 'select 1')).toEqual([[1]])
})

test('an unreachable MYSQL_URL is named by host and port, not by password', async () => {
  process.env.MYSQL_URL = 'mysql://app:s3cret@127.0.0.1:1/x'
  const error = (await provideMysql().catch((problem: Error) => problem)) as Error
  expect(error.message).toMatch(/^MYSQL_URL is set, but the server at 127\.0\.0\.1:1 can't be used/)
  expect(error.message).not.toContain('s3cret')
})
