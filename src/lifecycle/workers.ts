import type { MigrationWorker } from '../engine'
import { isLost } from '../migrations/transient'

/**
 * How many tenants a connection visits before another one takes its place: the server's process remembers each table it has met,
 * and gives none of that memory back (74 KB for a tenant of three tables, PostgreSQL 18).
 */
const TENANTS_PER_CONNECTION = 500

/** How connections are kept and opened that nobody needs yet. */
export interface WorkersOptions {
  /** Milliseconds. Default: until they are closed. */
  readonly idleMs?: number | undefined
  /** Opens one that may not be needed, without patience: to close them all waits for it. Default: as all others are. */
  readonly openEarly?: () => Promise<MigrationWorker>
}

interface Entry {
  readonly worker: MigrationWorker
  visits: number
  timer?: NodeJS.Timeout
}

/** Connections for DDL, apart from the request pool: opened when they are needed, lent to one at a time. */
export class Workers {
  readonly #open: () => Promise<MigrationWorker>
  readonly #openEarly: () => Promise<MigrationWorker>
  readonly #idleMs: number | undefined
  readonly #idle: Entry[] = []
  readonly #opening: Promise<MigrationWorker>[] = []
  #isClosed = false

  constructor(open: () => Promise<MigrationWorker>, { idleMs, openEarly = open }: WorkersOptions = {}) {
    this.#open = open
    this.#openEarly = openEarly
    this.#idleMs = idleMs
  }

  /** Opens so many before they are needed, at the same time. One that can't be opened is opened once more when it is needed. */
  prepare(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const opening = this.#openEarly()
      opening.catch(() => {})
      this.#opening.push(opening)
    }
  }

  /**
   * Lends a connection to some work.
   *
   * @param visits - how many tenants it meets there
   */
  async lend<T>(work: (worker: MigrationWorker) => Promise<T>, visits = 1): Promise<T> {
    const entry = this.#take() ?? { worker: await this.#next(), visits: 0 }
    let isGone = false
    try {
      return await work(entry.worker)
    } catch (error) {
      isGone = isLost(error)
      throw error
    } finally {
      entry.visits += visits
      if (!this.#isClosed && !isGone && entry.visits < TENANTS_PER_CONNECTION) this.#keep(entry)
      else await end(entry)
    }
  }

  /** Closes what is idle, and the others when they are given back. */
  async close(): Promise<void> {
    this.#isClosed = true
    const unused = await Promise.allSettled(this.#opening.splice(0))
    for (const one of unused)
      if (one.status === 'fulfilled') this.#idle.push({ worker: one.value, visits: 0 })
    await Promise.all(this.#idle.splice(0).map(end))
  }

  /** The first of those that were opened before, and are not gone since; else a new one. */
  async #next(): Promise<MigrationWorker> {
    for (let opening = this.#opening.shift(); opening !== undefined; opening = this.#opening.shift()) {
      const worker = await opening.catch(() => undefined)
      if (worker?.isUsable === true) return worker
      await worker?.close().catch(() => {})
    }
    return this.#open()
  }

  #take(): Entry | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      clearTimeout(entry.timer)
      if (entry.worker.isUsable) return entry
      void end(entry)
    }
    return undefined
  }

  #keep(entry: Entry): void {
    this.#idle.push(entry)
    if (this.#idleMs === undefined) return
    entry.timer = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(entry), 1)
      void end(entry)
    }, this.#idleMs)
  }
}

/** It may be gone already, which is all that is wanted. */
async function end({ worker, timer }: Entry): Promise<void> {
  clearTimeout(timer)
  await worker.close().catch(() => {})
}
