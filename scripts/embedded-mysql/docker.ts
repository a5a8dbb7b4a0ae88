import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createUsers, APP, OWNER } from './users'
import type { MysqlServer } from './start'

const IMAGE = 'mariadb:11.4'
const WAIT_MS = 60_000

/** A MariaDB in a container that is removed with it; undefined where no Docker answers. */
export async function startDocker(): Promise<MysqlServer | undefined> {
  if (!isThere()) return undefined
  const flags = ['-d', '--rm', '--tmpfs', '/var/lib/mysql', '-e', 'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=1']
  const id = docker('run', ...flags, '-p', '127.0.0.1::3306', IMAGE, '--skip-name-resolve')
  const stop = async (): Promise<void> => void docker('rm', '-f', id)
  try {
    const port = Number(docker('port', id, '3306').split(':').pop())
    const urlOf = (name: string): string => `mysql://${name}@127.0.0.1:${port}`
    const version = await whenReady(() => createUsers(urlOf('root')))
    return { version, host: '127.0.0.1', port, ownerUrl: urlOf(OWNER), appUrl: urlOf(APP), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function isThere(): boolean {
  try {
    docker('info')
    return true
  } catch {
    return false
  }
}

async function whenReady<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + WAIT_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(200)
    }
  }
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, {
    encoding: 'utf8',
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}
