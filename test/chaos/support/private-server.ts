import { setTimeout as sleep } from 'node:timers/promises'
import { findInstalled } from '../../../scripts/embedded-mysql/installed'
import { startMysql } from '../../../scripts/embedded-mysql/start'
import { prepareUnpacked } from '../../../scripts/embedded-mysql/unpacked'
import { startPostgres } from '../../../scripts/embedded-postgres/start'

interface Running {
  readonly pid: number
  readonly port: number
  readonly appUrl: string
  readonly ownerUrl: string
  /** With all rights. */
  readonly rootUrl: string
  stop(): Promise<void>
}

type Start = (dataDir: string, port: number | undefined) => Promise<Running>

const START_LIMIT_MS = 30_000

// A kill of the process takes nothing that was given to the system: only what is held back in the server's memory must not be.
const startPostgres18: Start = async (dataDir, port) => {
  const settings = { fsync: 'off', max_connections: 100 }
  const server = await startPostgres({
    version: 18,
    dataDir,
    settings,
    ...(port === undefined ? {} : { port }),
  })
  return { ...server, rootUrl: server.superuserUrl.replace(/\/postgres$/, '/rowhouse') }
}

const startMariadb: Start = async (dataDir, port) => {
  const settings = ['--innodb-flush-log-at-trx-commit=2']
  const files = findInstalled() ?? prepareUnpacked()
  return startMysql(files, { dataDir, settings, ...(port === undefined ? {} : { port }) })
}

/** A server that nobody else uses: it is killed and comes up again, on the same data and port. */
export class PrivateServer {
  readonly #dataDir: string
  readonly #start: Start
  #running: Running

  private constructor(dataDir: string, start: Start, running: Running) {
    this.#dataDir = dataDir
    this.#start = start
    this.#running = running
  }

  static async open(engine: 'postgres' | 'mysql', dataDir: string): Promise<PrivateServer> {
    const start = engine === 'postgres' ? startPostgres18 : startMariadb
    return new PrivateServer(dataDir, start, await start(dataDir, undefined))
  }

  get appUrl(): string {
    return this.#running.appUrl
  }

  get ownerUrl(): string {
    return this.#running.ownerUrl
  }

  get rootUrl(): string {
    return this.#running.rootUrl
  }

  /** Kills it (-9), and starts it again after a while. */
  async crash(downMs: number): Promise<void> {
    process.kill(this.#running.pid, 'SIGKILL')
    // Also waits for what it has forked.
    await within(START_LIMIT_MS, this.#running.stop())
    await sleep(downMs)
    await this.#restart()
  }

  async stop(): Promise<void> {
    await this.#running.stop()
  }

  async #restart(): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS
    for (;;) {
      try {
        this.#running = await this.#start(this.#dataDir, this.#running.port)
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
        await sleep(200)
      }
    }
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const over = new AbortController()
  const late = async (): Promise<never> => {
    await sleep(ms, undefined, { signal: over.signal })
    throw new Error(`The server was killed, and is not gone after ${ms} ms.`)
  }
  try {
    await Promise.race([work, late()])
  } finally {
    over.abort()
  }
}
