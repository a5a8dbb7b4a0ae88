import { inspect } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { TenantState } from '../engine'
import { ConfigError, DirectoryTimeoutError } from '../errors'
import { outsideTenants } from '../tenant/context'
import type { TenantId } from '../tenant/tenant-id'

/** What a directory knows of one tenant. */
export interface DirectoryEntry<Record> {
  readonly state: TenantState
  /** What the handlers get as `req.tenant`. */
  readonly record: Record
}

/** Asks the source of truth for one tenant; undefined where there is none. */
export type Lookup<Record> = (id: TenantId) => Promise<DirectoryEntry<Record> | undefined>

/** How long and how much a directory remembers. */
export interface DirectoryOptions<Record> {
  /** Called outside of any tenant: a query of it that needs one fails. */
  readonly lookup: Lookup<Record>
  /** How long a tenant is remembered, in milliseconds. Default 30,000; 0 asks every time. */
  readonly ttlMs?: number | undefined
  /** How long it is remembered that there is no such tenant, in milliseconds. Default 5,000; 0 asks every time. */
  readonly negativeTtlMs?: number | undefined
  /** How long a lookup may take, in milliseconds; then whoever waits for it is told, and the next one asks anew. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** How many tenants are remembered, and apart from them how many ids without one. Default 10,000 of each. */
  readonly maxEntries?: number | undefined
}

/** Answers whether a tenant exists and may be served. Other processes' changes show after the time to live. */
export interface Directory<Record> {
  /** Rejects with the lookup's own error; that is not remembered. */
  find(id: TenantId): Promise<DirectoryEntry<Record> | undefined>
  /** Drops what is known of one tenant, also what a running lookup is about to find. Call it after every change of the tenant. */
  forget(id: TenantId): void
  /** Forgets all tenants. */
  clear(): void
}

/**
 * Puts a bounded memory in front of a lookup; at one time there is one lookup for an id, however many ask.
 *
 * @throws ConfigError for a number that no memory can have
 */
export function createDirectory<Record>({
  lookup,
  ttlMs = 30_000,
  negativeTtlMs = 5_000,
  timeoutMs = 10_000,
  maxEntries = 10_000,
}: DirectoryOptions<Record>): Directory<Record> {
  expectCounts({ ttlMs, negativeTtlMs, maxEntries })
  // Two memories, so that a scan of made-up ids can't push the real tenants out.
  const known = createMemory<DirectoryEntry<Record>>(maxEntries, ttlMs)
  const unknown = createMemory<true>(maxEntries, negativeTtlMs)
  const flights = new Map<TenantId, Promise<DirectoryEntry<Record> | undefined>>()

  function takeOff(id: TenantId): Promise<DirectoryEntry<Record> | undefined> {
    // A flight that is no longer in the map was overtaken by forget(): its answer may be from before the change.
    const isCurrent = (): boolean => flights.get(id) === flight
    const flight = within(
      timeoutMs,
      id,
      outsideTenants(async () => lookup(id)),
    ).then(
      (entry) => {
        if (!isCurrent()) return entry
        flights.delete(id)
        if (entry) known.set(id, entry)
        else unknown.set(id, true)
        return entry
      },
      (error: unknown) => {
        if (isCurrent()) flights.delete(id)
        throw error
      },
    )
    flights.set(id, flight)
    return flight
  }

  return {
    async find(id) {
      const entry = known.get(id)
      if (entry || unknown.get(id)) return entry
      return flights.get(id) ?? takeOff(id)
    },
    forget(id) {
      for (const memory of [known, unknown, flights]) memory.delete(id)
    },
    clear() {
      for (const memory of [known, unknown, flights]) memory.clear()
    },
  }
}

/** One source that never answers must not hold up its tenant for good. */
async function within<T>(timeoutMs: number, id: TenantId, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DirectoryTimeoutError(timeoutMs, { tenant: id })), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The memory would refuse them, too, but only when it is made: in a request. */
function expectCounts(options: Readonly<{ [name: string]: number }>): void {
  const wrong = Object.entries(options).filter(([name, value]) => value > 0 && !isCount(value, name))
  if (wrong.length === 0) return
  throw new ConfigError(
    wrong.map(
      ([name, value]) => `The directory's \`${name}\` is ${inspect(value)} and must be a whole number.`,
    ),
  )
}

/** What an array can hold is the most that can be remembered. */
function isCount(value: number, name: string): boolean {
  return Number.isInteger(value) && (name !== 'maxEntries' || value < 2 ** 32)
}

type Memory<Value> = Pick<Map<TenantId, Value>, 'get' | 'delete' | 'clear'> & {
  set(id: TenantId, value: Value): void
}

/** Makes its room when there is something to keep: 2 ms and a quarter of a MB, and commands never serve a request. */
function createMemory<Value extends object | true>(max: number, ttl: number): Memory<Value> {
  // To lru-cache a time to live of 0 means for ever.
  const isKept = max > 0 && ttl > 0
  let cache: LRUCache<TenantId, Value> | undefined
  return {
    get: (id) => cache?.get(id),
    set(id, value) {
      if (isKept) (cache ??= new LRUCache({ max, ttl })).set(id, value)
    },
    delete: (id) => cache?.delete(id) ?? false,
    clear: () => cache?.clear(),
  }
}
