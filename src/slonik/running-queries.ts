import { setImmediate as immediate } from 'node:timers/promises'

/** The queries that have begun and whose answers nobody has yet. */
export class RunningQueries {
  readonly #running = new Set<Promise<unknown>>()

  get size(): number {
    return this.#running.size
  }

  /** Counts a query in until it is through, and gives it back. */
  track<T>(query: Promise<T>): Promise<T> {
    const end = (): void => void this.#running.delete(query)
    this.#running.add(query)
    query.then(end, end)
    return query
  }

  /** Waits for those that run now, however they end. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  /** Waits until there are none, also those that slonik sends when the one before is through. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) {
      await this.settled()
      await immediate()
    }
  }
}
