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
}
