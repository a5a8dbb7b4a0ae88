import type { MigrationWorker } from '../engine'
import { isLost } from '../migrations/transient'

/**
 * How many tenants a connection visits before another one takes its place: the server's process remembers each table it has met,
 * and gives none of that memory back (74 KB for a tenant of three tables, PostgreSQL 18).
 */
const TENANTS_PER_CONNECTION = 500

/** How connections are kept that nobody needs, and how those are opened that somebody does. */
export interface WorkersOptions {
  /** Milliseconds. Default: until they are closed. */
  readonly idleMs?: number | undefined
  /** Tries again to open one that is needed. Default: once is all. */
  readonly patience?: ((open: () => Promise<MigrationWorker>) => Promise<MigrationWorker>) | undefined
}

interface Entry {
  readonly worker: MigrationWorker
  visits: number
  timer?: NodeJS.Timeout
}

/** Connections for DDL, apart from the request pool: opened when they are needed, lent to one at a time. */
export class Workers {
  readonly #open: () => Promise<MigrationWorker>
  readonly #idleMs: number | undefined
  readonly #idle: Entry[] = []
  readonly #patience: NonNullable<WorkersOptions['patience']>
  readonly #opening = new Set<Promise<MigrationWorker>>()
  #isClosed = false

  constructor(
    open: () => Promise<MigrationWorker>,
    { idleMs, patience = (again) => again() }: WorkersOptions = {},
  ) {
    this.#open = open
    this.#idleMs = idleMs
    this.#patience = patience
  }

  /**
   * Opens so many before they are needed, at the same time. One that can't be opened is forgotten, and not tried again: the server
   * may have room for fewer, and so may the work.
   */
  prepare(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const opening = this.#open()
      this.#opening.add(opening)
      opening.catch(() => this.#opening.delete(opening))
    }
  }

  /**
   * Lends a connection to some work.
   *
   * @param visits - how many tenants it meets there
   */
  async lend<T>(work: (worker: MigrationWorker) => Promise<T>, visits = 1): Promise<T> {
    const entry = this.#take() ?? { worker: await this.#patience(() => this.#next()), visits: 0 }
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
    const unused = [...this.#opening].map(async (opening) => end({ worker: await opening, visits: 0 }))
    this.#opening.clear()
    // At the same time: a pooler may let in the ones that are being opened only when the others go.
    await Promise.allSettled([...unused, ...this.#idle.splice(0).map(end)])
  }

  /** One that was prepared and is still there, or else a new one. @throws what kept the last that was prepared from opening */
  async #next(): Promise<MigrationWorker> {
    for (const opening of this.#opening) {
      this.#opening.delete(opening)
      try {
        const worker = await opening
        if (worker.isUsable) return worker
        void end({ worker, visits: 0 })
      } catch (error) {
        if (this.#opening.size === 0) throw error
      }
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
