import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { unpackDebian } from '../debian-packages/unpack'
import { findFreePort } from '../server-keeper/free-port'
import { openKeeper } from '../server-keeper/keeper'
import { findServerUser } from '../server-keeper/server-user'

/** What PgBouncer is to do. */
export interface PgBouncerOptions {
  /** URL of the server behind it, with the user that it serves: `postgres://app@127.0.0.1:5432/main` */
  readonly target: string
  /** What it lends to a client: a connection for each transaction, or for the whole session. */
  readonly poolMode: 'transaction' | 'session'
  /** Connections to the server. Default 2. */
  readonly poolSize?: number
  /** More lines of its configuration, `['server_idle_timeout = 5']`. */
  readonly settings?: readonly string[]
}

/** A PgBouncer that this process started. It ends with this process at the latest, even by SIGKILL. */
export interface PgBouncer {
  /** As the target's, by way of PgBouncer. */
  readonly url: string
  /** `1.18.0` */
  readonly version: string
  stop(): Promise<void>
}

const HOST = '127.0.0.1'

/**
 * Starts a PgBouncer on a configuration of its own: the program on PATH, or Debian's package in a cache folder. Passwords are
 * not asked for.
 *
 * @throws when none can be had, or with its own words when it does not start
 */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const { program, env, version } = findProgram()
  const keeper = await openKeeper('pgbouncer', findServerUser('postgres'))
  try {
    const port = await findFreePort(HOST)
    const file = (name: string): string => join(keeper.folder, name)
    const url = new URL(options.target)
    writeFileSync(file('users.txt'), `"${url.username}" ""\n`)
    writeFileSync(file('pgbouncer.ini'), configurationOf(options, url, port, file('users.txt')))
    await keeper.launch({
      server: [program, file('pgbouncer.ini')],
      readyText: 'process up',
      stopSignal: 'SIGTERM',
      env,
    })
    url.host = `${HOST}:${port}`
    return { url: url.href, version, stop: () => keeper.close() }
  } catch (error) {
    await keeper.close()
    throw error
  }
}

function configurationOf(options: PgBouncerOptions, url: URL, port: number, users: string): string {
  const { poolMode, poolSize = 2, settings = [] } = options
  return [
    '[databases]',
    `* = host=${url.hostname} port=${url.port || 5432}`,
    '[pgbouncer]',
    `listen_addr = ${HOST}`,
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    `pool_mode = ${poolMode}`,
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 500',
    ...settings,
    '',
  ].join('\n')
}

/** A program, and what it needs to run. */
interface Program {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly version: string
}

/** It is not on every user's PATH. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']

function findProgram(): Program {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...MORE_FOLDERS]
  const installed = folders.map((folder) => join(folder, 'pgbouncer')).find((file) => existsSync(file))
  if (installed !== undefined) return withVersion(installed, {})
  const path = 'usr/sbin/pgbouncer'
  const { root, libraries } = unpackDebian({
    packages: ['pgbouncer'],
    name: 'rowhouse-pgbouncer',
    program: path,
  })
  return withVersion(join(root, path), { LD_LIBRARY_PATH: libraries })
}

function withVersion(program: string, env: Readonly<Record<string, string>>): Program {
  const told = execFileSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } })
  return { program, env, version: /\d+(\.\d+)+/.exec(told)?.[0] ?? told.trim() }
}
