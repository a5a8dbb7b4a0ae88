import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { provideRedis } from '../../scripts/embedded-redis/provide'
import { startRedis } from '../../scripts/embedded-redis/start'
import { isRunning } from '../support/processes'

const environment = { ...process.env }

afterEach(() => {
  process.env = { ...environment }
})

async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  client.on('error', () => {})
  try {
    return await question(client)
  } finally {
    client.disconnect()
  }
}

async function waitUntilGone({
  pid,
  folder,
}: {
  readonly pid: number
  readonly folder: string
}): Promise<void> {
  const isGone = (): boolean => !isRunning(pid) && !existsSync(folder)
  const deadline = Date.now() + 20_000
  while (!isGone() && Date.now() < deadline) await sleep(20)
  expect(isGone()).toBe(true)
}

test('servers that are started at the same time leave each other alone, and nothing behind', async () => {
  const servers = await Promise.all([startRedis(), startRedis()])
  await ask(servers[0].url, (client) => client.set('only', 'in first'))
  expect(await Promise.all(servers.map(({ url }) => ask(url, (client) => client.get('only'))))).toEqual([
    'in first',
    null,
  ])
  await Promise.all(servers.map((one) => one.stop()))
  for (const one of servers) await waitUntilGone(one)
})

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a process that ends by %s takes its server along',
  async (signal) => {
    const holder = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'hold-redis.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(holder.stdout), 'line')) as [string]
    const held = JSON.parse(line) as { pid: number; folder: string }
    expect(isRunning(held.pid)).toBe(true)
    holder.kill(signal)
    await waitUntilGone(held)
  },
)

test('REDIS_URL names the server to use, and stop() leaves it alone', async () => {
  const own = await startRedis()
  try {
    process.env.REDIS_URL = own.url
    const provided = await provideRedis()
    expect(provided.url).toBe(own.url)
    await provided.stop()
    expect(await ask(own.url, (client) => client.ping())).toBe('PONG')
  } finally {
    await own.stop()
  }
})

test('a program on PATH comes first, and what it says when it does not start is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-path-'))
  try {
    const program = join(folder, 'redis-server')
    writeFileSync(
      program,
      '#!/bin/sh\n[ "$1" = --version ] && echo "Redis server v=9.9.9" && exit\necho "no memory left"; exit 1\n',
    )
    for (const path of [folder, program]) chmodSync(path, 0o755) // as root, the server runs as someone else
    process.env.PATH = `${folder}${delimiter}${process.env.PATH}`
    await expect(startRedis()).rejects.toThrow('no memory left')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
