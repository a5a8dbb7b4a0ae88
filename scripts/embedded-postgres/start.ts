import { chownSync, existsSync, mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { prepareBinaries, type PostgresVersion } from './binaries'
import { openKeeper, type Keeper } from '../server-keeper/keeper'
import { APP_ROLE, createRoles, DATABASE, OWNER_ROLE } from './roles'
import { findServerUser, type ServerUser } from '../server-keeper/server-user'
import { initdbArguments, serverArguments, type ServerSettings } from './settings'

/** Which server to start. */
export interface StartOptions {
  readonly version: PostgresVersion
  /** Server settings on top of the defaults, `{ log_statement: 'all' }`. */
  readonly settings?: ServerSettings
  /**
   * Kept after stop(), and used again by the next start; without it the data is temporary. Started by root, the server
   * runs as another user, who must be able to reach this folder: not one under /root.
   */
  readonly dataDir?: string
  /** Default: a free one. */
  readonly port?: number
}

/** A database server to work with, whoever started it. */
export interface Server {
  /** Major version, `18`. */
  readonly version: number
  readonly host: string
  readonly port: number
  /** Connects as the owner of the database, who may create schemas. */
  readonly ownerUrl: string
  /** Connects as the application: no superuser, owner of nothing. */
  readonly appUrl: string
  stop(): Promise<void>
}

/** A server that this process started. It ends with this process at the latest, even by SIGKILL. */
export interface PostgresServer extends Server {
  readonly version: PostgresVersion
  readonly superuserUrl: string
  /** Process id of the postmaster. */
  readonly pid: number
  readonly dataDir: string
}

const HOST = '127.0.0.1'
const RETRY_FOR_MS = 5000

/**
 * Starts PostgreSQL from the binaries in node_modules, with the database `rowhouse` and its two roles. Takes about a second.
 *
 * @throws when the version is not installed for this machine, or with the server's own words when it does not start
 */
export async function startPostgres(options: StartOptions): Promise<PostgresServer> {
  const user = findServerUser('postgres')
  const keeper = await openKeeper('postgres', user)
  try {
    const binaries = prepareBinaries(options.version, user, keeper.folder)
    const dataDir = options.dataDir ? makeDataDir(options.dataDir, user) : join(keeper.folder, 'data')
    const { pid, port } = await launch(keeper, binaries, dataDir, options)
    const urlOf = (role: string, database: string) => `postgres://${role}@${HOST}:${port}/${database}`
    const superuserUrl = urlOf('postgres', 'postgres')
    await createRoles(superuserUrl)
    return {
      version: options.version,
      host: HOST,
      port,
      pid,
      dataDir,
      ownerUrl: urlOf(OWNER_ROLE, DATABASE),
      appUrl: urlOf(APP_ROLE, DATABASE),
      superuserUrl,
      stop: () => keeper.close(),
    }
  } catch (error) {
    await keeper.close()
    throw error
  }
}

function makeDataDir(path: string, { uid, gid }: ServerUser): string {
  const dataDir = resolve(path)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (uid !== undefined && gid !== undefined) chownSync(dataDir, uid, gid)
  return dataDir
}

async function launch(keeper: Keeper, binaries: string, dataDir: string, options: StartOptions) {
  const { version, settings } = options
  const isTemporary = options.dataDir === undefined
  const deadline = Date.now() + RETRY_FOR_MS
  for (;;) {
    const port = options.port ?? (await findFreePort())
    try {
      const pid = await keeper.launch({
        ...(existsSync(join(dataDir, 'PG_VERSION'))
          ? {}
          : { initdb: initdbArguments(binaries, dataDir, version) }),
        server: serverArguments(
          binaries,
          dataDir,
          { ...settings, listen_addresses: HOST, port },
          isTemporary,
        ),
        readyText: 'database system is ready to accept connections',
        // Without data to keep there is nothing that a slower, orderly shutdown would save.
        stopSignal: isTemporary ? 'SIGQUIT' : 'SIGINT',
      })
      return { pid, port }
    } catch (error) {
      if (!isStillTaken(error as Error) || Date.now() > deadline) throw error
      await sleep(100)
    }
  }
}

/** The port went to someone else since it was found free, or the previous server on this data folder is still stopping. */
function isStillTaken({ message }: Error): boolean {
  return /Address already in use|lock file ".*" already exists/.test(message)
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, HOST, () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
