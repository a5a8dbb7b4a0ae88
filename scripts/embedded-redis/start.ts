import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { unpackDebian } from '../debian-packages/unpack'
import { findFreePort } from '../server-keeper/free-port'
import { openKeeper } from '../server-keeper/keeper'
import { findServerUser } from '../server-keeper/server-user'

/** A Redis that this process started. It ends with this process at the latest, even by SIGKILL. */
export interface StartedRedis {
  /** `redis://127.0.0.1:41234` */
  readonly url: string
  /** `7.0.15` */
  readonly version: string
  readonly pid: number
  /** What it would write its data into, and goes with it. */
  readonly folder: string
  stop(): Promise<void>
}

const HOST = '127.0.0.1'

/**
 * Starts a Redis with an empty memory, which writes nothing to disk: the program on PATH, or Debian's package in a cache folder.
 *
 * @throws when none can be had, or with its own words when it does not start
 */
export async function startRedis(): Promise<StartedRedis> {
  const { program, env, version } = findProgram()
  const keeper = await openKeeper('redis', findServerUser('redis'))
  try {
    const port = await findFreePort(HOST)
    const settings = ['--bind', HOST, '--port', String(port), '--dir', keeper.folder, '--save', '']
    const pid = await keeper.launch({
      // It logs to its standard output, and the keeper reads the other one.
      server: ['/bin/sh', '-c', 'exec "$0" "$@" >&2', program, ...settings],
      readyText: 'Ready to accept connections',
      stopSignal: 'SIGTERM',
      env,
    })
    const { folder } = keeper
    return { url: `redis://${HOST}:${port}`, version, pid, folder, stop: () => keeper.close() }
  } catch (error) {
    await keeper.close()
    throw error
  }
}

/** A program, and what it needs to run. */
interface Program {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
}

function findProgram(): Program {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const installed = folders.map((folder) => join(folder, 'redis-server')).find((file) => existsSync(file))
  if (installed !== undefined) return withVersion(installed, {})
  const path = 'usr/bin/redis-server'
  const { root, libraries } = unpackDebian({
    packages: ['redis-server'],
    name: 'rowhouse-redis',
    program: path,
  })
  return withVersion(join(root, path), { LD_LIBRARY_PATH: libraries })
}

function withVersion(program: string, env: Readonly<Record<string, string>>): Program {
  const told = execFileSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } })
  return { program, env, version: /v=(\d+(\.\d+)+)/.exec(told)?.[1] ?? told.trim() }
}
