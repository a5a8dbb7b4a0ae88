import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../scripts/embedded-postgres/start'

const ROOT = join(__dirname, '../..')
const { DATABASE_URL: _database, OWNER_URL: _owner, PORT: _port, ...environment } = process.env

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

const databases = (): string[] => readdirSync(folder).filter((name) => name.startsWith('rowhouse-postgres-'))

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the example starts with nothing there, serves, and %s leaves nothing',
  async (signal) => {
    const { ready, exited, child } = start({ PORT: '0' })
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(await ready)!
    const [database] = databases()
    const pid = parseInt(readFileSync(join(folder, database!, 'data/postmaster.pid'), 'utf8'))
    expect(isRunning(pid)).toBe(true)
    expect(await ready).toMatch(
      /export DATABASE_URL=postgres:\/\/rowhouse_app@[^]*export OWNER_URL=postgres:/,
    )

    const headers = { accept: 'application/json', 'content-type': 'application/json' }
    const made = await fetch(`${url}/tenants`, {
      method: 'POST',
      headers,
      body: '{"tenant":{"name":"Acme"}}',
    })
    expect(made.status).toBe(201)
    const widgets = await fetch(url + made.headers.get('location')! + '/widgets', { headers })
    expect(await widgets.json()).toEqual({ widgets: [] })

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
