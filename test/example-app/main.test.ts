import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../scripts/embedded-postgres/start'
import { isRunning } from '../support/processes'
import { dropMysqlPrefix, MYSQL_SERVERS, uniquePrefix } from '../support/servers'

const ROOT = join(__dirname, '../..')
const OURS = ['DATABASE_URL', 'OWNER_URL', 'MYSQL_URL', 'MYSQL_OWNER_URL', 'ENGINE', 'PORT']
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.includes(name)))

let folder: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rowhouse-example-'))
  chmodSync(folder, 0o755) // as root, the server runs as someone else
})

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Starts it as `npm run example` does, on a temporary folder of its own. */
function start(env: NodeJS.ProcessEnv): {
  ready: Promise<string>
  exited: Promise<unknown[]>
  child: ChildProcess
} {
  const child = spawn(process.execPath, [require.resolve('tsx/cli'), 'example-app/main.ts'], {
    cwd: ROOT,
    env: { ...environment, TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let printed = ''
  const exited = once(child, 'close').then(([code, signal]) => [code, signal, printed])
  const ready = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        if (printed.includes('npm run tenants:status')) resolve(printed)
      })
    }
    void exited.then(() => reject(new Error(`It ended: ${printed}`)))
  })
  ready.catch(() => {})
  return { ready, exited, child }
}

const databases = (): string[] =>
  readdirSync(folder).filter((name) => /^rowhouse-(postgres|mysql)-/.test(name))

/** The environment, the server's file with its process id, and what is printed. */
const STARTS = [
  [
    'SIGINT',
    {},
    'data/postmaster.pid',
    /DATABASE_URL=postgres:\/\/rowhouse_app@[^]*export OWNER_URL=postgres:/,
  ],
  ['SIGTERM', { ENGINE: 'postgres' }, 'data/postmaster.pid', /runs on PostgreSQL 18/],
  [
    'SIGINT',
    { ENGINE: 'mysql' },
    'pid',
    /MYSQL_URL=mysql:\/\/rowhouse_app@[^]*export MYSQL_OWNER_URL=mysql:[^]*unset DATABASE_URL/,
  ],
] as const

// Whoever names a MySQL may have no other one that could be started.
test.each(STARTS.filter(([, env]) => !('ENGINE' in env && env.ENGINE === 'mysql' && process.env.MYSQL_URL)))(
  'the example starts with nothing there, serves, and %s leaves nothing: %j',
  async (signal, env, pidFile, greeting) => {
    const { ready, exited, child } = start({ PORT: '0', ...env })
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(await ready)!
    const [database] = databases()
    const pid = parseInt(readFileSync(join(folder, database!, pidFile), 'utf8'))
    expect(isRunning(pid)).toBe(true)
    expect(await ready).toMatch(greeting)

    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    const post = (path: string, body: string): Promise<Response> =>
      fetch(url + path, { method: 'POST', headers, body })
    const made = await post('/tenants', '{"tenant":{"name":"Acme"}}')
    expect(made.status).toBe(201)
    const widgets = `${made.headers.get('location')}/widgets`
    expect((await post(widgets, '{"widget":{"name":"bolt"}}')).status).toBe(201)
    const list = await fetch(url + widgets, { headers })
    expect(await list.json()).toMatchObject({ widgets: [{ name: 'bolt' }] })

    child.kill(signal)
    expect((await exited).slice(0, 2)).toEqual([0, null])
    expect([isRunning(pid), databases()]).toEqual([false, []])
  },
  60_000,
)

test('on a server of your own it prints no URL of it, and leaves it running', async () => {
  const server = await startPostgres({ version: 18 })
  try {
    const { ready, exited, child } = start({
      PORT: '0',
      DATABASE_URL: server.appUrl,
      OWNER_URL: server.ownerUrl,
    })
    expect(await ready).not.toContain('postgres://')
    child.kill('SIGINT')
    expect((await exited)[0]).toBe(0)
    expect([isRunning(server.pid), databases()]).toEqual([true, []])
  } finally {
    await server.stop()
  }
}, 60_000)

test.each(MYSQL_SERVERS)(
  'on a $name of your own it keeps its table in the database of the URL, and leaves the server running',
  async (server) => {
    const prefix = uniquePrefix(`own ${server.name}`)
    const url = new URL(server.appUrl)
    url.pathname = `/${prefix}main`
    const own = { ENGINE: 'mysql', MYSQL_URL: url.href, MYSQL_OWNER_URL: server.ownerUrl }
    try {
      // Twice: the second time it finds what it made.
      for (let round = 0; round < 2; round++) {
        const { ready, exited, child } = start({ PORT: '0', ...own })
        expect(await ready).not.toContain('mysql://')
        const [site] = /http:\/\/127\.0\.0\.1:\d+/.exec(await ready)!
        const list = await fetch(`${site}/tenants`, { headers: { accept: 'application/json' } })
        expect(await list.json()).toEqual({ tenants: [] })
        child.kill('SIGINT')
        expect((await exited)[0]).toBe(0)
      }
      expect(databases()).toEqual([])
    } finally {
      await dropMysqlPrefix(server, prefix)
    }
  },
  60_000,
)

test('a taken port is told, and nothing is left', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const PORT = String((blocker.address() as AddressInfo).port)
  try {
    const { exited } = start({ PORT })
    expect(await exited).toEqual([1, null, `Port ${PORT} is taken. Set PORT to a free one.\n`])
    expect(databases()).toEqual([])
  } finally {
    blocker.close()
  }
}, 60_000)

test('a port that is none is refused', async () => {
  const { exited } = start({ PORT: 'http' })
  expect(await exited).toEqual([1, null, 'PORT is "http" and must be a number from 0 to 65535.\n'])
}, 60_000)

test('an engine that is none is refused', async () => {
  const { exited } = start({ ENGINE: 'oracle' })
  expect(await exited).toEqual([1, null, 'ENGINE is "oracle" and must be postgres or mysql.\n'])
}, 60_000)
