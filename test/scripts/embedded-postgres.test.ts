import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { startPostgres, type PostgresServer } from '../../scripts/embedded-postgres/start'
import { isRunning } from '../support/processes'

const GONE_WITHIN_MS = 10_000

async function query(connectionString: string, sql: string): Promise<any[]> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}

/** The temporary folder of a server is the one around its data. */
const isGone = ({ pid, dataDir }: Pick<PostgresServer, 'pid' | 'dataDir'>) =>
  !isRunning(pid) && !existsSync(dirname(dataDir))

async function waitUntilGone(server: Pick<PostgresServer, 'pid' | 'dataDir'>): Promise<void> {
  const deadline = Date.now() + GONE_WITHIN_MS
  while (!isGone(server) && Date.now() < deadline) await sleep(20)
  expect(isGone(server)).toBe(true)
}

describe.each([18, 15] as const)('a temporary PostgreSQL %d', (version) => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await startPostgres({ version, settings: { work_mem: '5MB' } })
  })

  afterAll(() => server.stop())

  test('is of the requested version', async () => {
    const [[number]] = (await query(server.appUrl, 'show server_version_num')) as [[string]]
    expect(Math.floor(Number(number) / 10_000)).toBe(version)
  })

  test('takes settings, and keeps the defaults beside them', async () => {
    const sql = `select current_setting('work_mem'), current_setting('max_connections'), current_setting('fsync')`
    expect(await query(server.appUrl, sql)).toEqual([['5MB', '200', 'off']])
  })

  test('knows letters beyond ASCII', async () => {
    expect(await query(server.appUrl, `select current_setting('server_encoding'), 'é' = E'\\u00e9'`)).toEqual(
      [['UTF8', true]],
    )
  })

  test('has an owner who may make roles, and an application role that has the rights of no other one, neither of them a superuser', async () => {
    const sql = `select current_user::text, current_database()::text, rolcreaterole, rolinherit,
                        rolsuper or rolcreatedb or rolbypassrls
       from pg_roles where rolname = current_user`
    expect(await query(server.ownerUrl, sql)).toEqual([['rowhouse_owner', 'rowhouse', true, true, false]])
    expect(await query(server.appUrl, sql)).toEqual([['rowhouse_app', 'rowhouse', false, false, false]])
  })

  test('lets the owner create schemas, and the application role neither schemas nor tables', async () => {
    await query(server.ownerUrl, 'create schema tenant_acme')
    await expect(query(server.appUrl, 'create schema tenant_globex')).rejects.toThrow(
      /permission denied for database/,
    )
    await expect(query(server.appUrl, 'create table public.notes ()')).rejects.toThrow(
      /permission denied for schema/,
    )
    await expect(query(server.appUrl, 'create table tenant_acme.notes ()')).rejects.toThrow(
      /permission denied/,
    )
  })
})

test('stop() leaves neither the process nor the data, even with a query running, and may be called twice', async () => {
  const server = await startPostgres({ version: 18 })
  const running = query(server.appUrl, 'select pg_sleep(60)').catch((error: Error) => error)
  await Promise.all([server.stop(), server.stop()])
  expect(isGone(server)).toBe(true)
  expect(await running).toMatchObject({ message: expect.stringMatching(/terminat|shutting down|ECONNRESET/) })
})

test('two servers of one version run side by side', async () => {
  const servers = await Promise.all([startPostgres({ version: 18 }), startPostgres({ version: 18 })])
  const [first, second] = servers
  expect(first.port).not.toBe(second.port)
  await query(first.ownerUrl, 'create schema only_in_first')
  const sql = `select count(*)::int from pg_namespace where nspname = 'only_in_first'`
  expect(await query(first.ownerUrl, sql)).toEqual([[1]])
  expect(await query(second.ownerUrl, sql)).toEqual([[0]])
  await Promise.all(servers.map((server) => server.stop()))
})

test('a data folder of your own is kept, and works again while its last server is still stopping', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'rowhouse-kept-'))
  chmodSync(parent, 0o755) // as root, the server runs as someone else
  const dataDir = join(parent, 'data')
  try {
    const first = await startPostgres({ version: 18, dataDir })
    await query(first.ownerUrl, 'create schema kept')
    const stopped = first.stop()
    const second = await startPostgres({ version: 18, dataDir, port: first.port })
    await stopped
    const sql = `select count(*)::int, current_setting('fsync') from pg_namespace where nspname = 'kept'`
    expect(await query(second.ownerUrl, sql)).toEqual([[1, 'on']])
    await second.stop()
    expect(existsSync(dataDir)).toBe(true)
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
})

test('a server that does not start says why', async () => {
  await expect(startPostgres({ version: 18, settings: { max_connections: 'many' } })).rejects.toThrow(
    /invalid value for parameter "max_connections": "many"/,
  )
})

test('a server that ends by itself takes its data along', async () => {
  const server = await startPostgres({ version: 18 })
  process.kill(server.pid, 'SIGKILL')
  await waitUntilGone(server)
  await server.stop()
})

describe('the end of the process that started it', () => {
  function spawnHolder(ending: string, env = process.env) {
    const file = join(__dirname, 'hold-postgres.ts')
    return spawn(process.execPath, ['--import', 'tsx', file, ending], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  }

  async function hold(ending = '') {
    const holder = spawnHolder(ending)
    const exited = once(holder, 'exit')
    const [line] = await once(createInterface({ input: holder.stdout }), 'line')
    return { holder, exited, server: JSON.parse(line) as PostgresServer }
  }

  test('removes what there is of a server that is still being made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rowhouse-interrupted-'))
    chmodSync(folder, 0o755) // as root, the server runs as someone else
    const servers = () => readdirSync(folder).filter((name) => name.startsWith('rowhouse-postgres-'))
    try {
      const holder = spawnHolder('', { ...process.env, TMPDIR: folder })
      while (servers().length === 0 && holder.exitCode === null) await sleep(5)
      await sleep(50)
      holder.kill('SIGKILL')
      const deadline = Date.now() + GONE_WITHIN_MS
      while (servers().length > 0 && Date.now() < deadline) await sleep(20)
      expect(servers()).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test.concurrent.each(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s stops the server, removes the data, and keeps the signal as the reason',
    async (signal) => {
      const { holder, exited, server } = await hold()
      expect(isGone(server)).toBe(false)
      holder.kill(signal)
      expect(await exited).toEqual([null, signal])
      await waitUntilGone(server)
    },
  )

  test.concurrent.each([
    ['an uncaught exception', 'throw', 1],
    ['having nothing left to do', 'return', 0],
  ])('by %s stops the server, removes the data, and keeps the exit code', async (_, ending, code) => {
    const { exited, server } = await hold(ending)
    expect(await exited).toEqual([code, null])
    await waitUntilGone(server)
  })
})
