interface Entry {
  identifier?: string
  query?: string
  time?: number
  duration: number
  result?: unknown
}

/** A cache for typeorm's `cache: { provider }`, keyed as its own ones for Redis are. */
export class MemoryCache {
  readonly #entries = new Map<string, Entry>()

  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}
  async synchronize(): Promise<void> {}
  async clear(): Promise<void> {}
  async remove(): Promise<void> {}

  async getFromCache(options: Entry): Promise<Entry | undefined> {
    return this.#entries.get(options.identifier || options.query!)
  }

  async storeInCache(options: Entry): Promise<void> {
    this.#entries.set(options.identifier || options.query!, options)
  }

  isExpired(): boolean {
    return false
  }
}
