import { chownSync, mkdirSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openKeeper, type Keeper } from '../server-keeper/keeper'
import { findFreePort } from '../server-keeper/free-port'
import { findServerUser, type ServerUser } from '../server-keeper/server-user'
import type { ServerFiles } from './server-files'
import { createUsers, OWNER, APP } from './users'

/** How to start a server. */
export interface StartOptions {
  /** Server options on top of the defaults, `['--innodb-flush-log-at-trx-commit=1']`. */
  readonly settings?: readonly string[]
  /** Kept after stop() and used again by the next start; without it the data is temporary. */
  readonly dataDir?: string
  /** Default: a free one. */
  readonly port?: number
}

/** A database server to work with, whoever started it. */
export interface MysqlServer {
  /** `10.11.18-MariaDB` or `8.4.3` */
  readonly version: string
  readonly host: string
  readonly port: number
  /** Connects as the owner of the tenants' databases, who may create them and grant. */
  readonly ownerUrl: string
  /** Connects as the application, who may do nothing until it is granted. */
  readonly appUrl: string
  stop(): Promise<void>
}

/** A server that this process started. It ends with this process at the latest, even by SIGKILL. */
export interface StartedMysqlServer extends MysqlServer {
  readonly rootUrl: string
  readonly pid: number
  readonly dataDir: string
}

const HOST = '127.0.0.1'

/** A server that nobody reads after its end needs no protection against a crash. */
const TEMPORARY = ['--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0', '--innodb-doublewrite=0']
const DEFAULTS = [
  '--skip-name-resolve',
  '--max-connections=500',
  '--innodb-buffer-pool-size=64M',
  '--character-set-server=utf8mb4',
]

/**
 * Starts a server on a private data folder, with a user for the owner and one for the application. Takes about a second.
 *
 * @throws with the server's own words when it does not start
 */
export async function startMysql(
  files: ServerFiles,
  options: StartOptions = {},
): Promise<StartedMysqlServer> {
  const user = findServerUser('mysql')
  const keeper = await openKeeper('mysql', user)
  try {
    const dataDir = options.dataDir ? makeDataDir(options.dataDir, user) : join(keeper.folder, 'data')
    const port = options.port ?? (await findFreePort(HOST))
    const pid = await launch(keeper, files, {
      ...options,
      dataDir,
      port,
      isTemporary: options.dataDir === undefined,
    })
    const urlOf = (name: string): string => `mysql://${name}@${HOST}:${port}`
    const rootUrl = urlOf('root')
    const version = await createUsers(rootUrl)
    const urls = { rootUrl, ownerUrl: urlOf(OWNER), appUrl: urlOf(APP) }
    return { version, host: HOST, port, ...urls, pid, dataDir, stop: () => keeper.close() }
  } catch (error) {
    await keeper.close()
    throw error
  }
}

interface LaunchOptions extends StartOptions {
  readonly dataDir: string
  readonly port: number
  readonly isTemporary: boolean
}

function launch(keeper: Keeper, files: ServerFiles, options: LaunchOptions): Promise<number> {
  const { dataDir, port, isTemporary, settings = [] } = options
  const socket = join(keeper.folder, 's')
  const server = [
    files.server,
    '--no-defaults',
    ...files.options,
    ...[`--datadir=${dataDir}`, `--socket=${socket}`, `--pid-file=${join(keeper.folder, 'pid')}`],
    ...[`--port=${port}`, `--bind-address=${HOST}`],
    // A server that starts deletes the temporary tables in its tmpdir, also those of another server that runs.
    `--tmpdir=${keeper.folder}`,
    ...DEFAULTS,
    ...(isTemporary ? TEMPORARY : []),
    ...settings,
  ]
  return keeper.launch({
    ...(existsSync(join(dataDir, 'mysql')) ? {} : { initdb: initdbOf(files, dataDir) }),
    server,
    readyText: 'ready for connections',
    stopSignal: isTemporary ? 'SIGKILL' : 'SIGTERM',
    // Also of the installation, whose server deletes in the same way.
    env: { ...files.env, HOME: keeper.folder, TMPDIR: keeper.folder },
  })
}

function initdbOf({ server, install, options }: ServerFiles, dataDir: string): string[] {
  if (install === undefined) return [server, '--no-defaults', '--initialize-insecure', `--datadir=${dataDir}`]
  const base = options.filter((option) => option.startsWith('--basedir'))
  const how = ['--auth-root-authentication-method=normal', '--skip-test-db']
  return ['sh', install, '--no-defaults', ...base, `--datadir=${dataDir}`, ...how]
}

function makeDataDir(path: string, { uid, gid }: ServerUser): string {
  const dataDir = resolve(path)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (uid !== undefined && gid !== undefined) chownSync(dataDir, uid, gid)
  return dataDir
}
