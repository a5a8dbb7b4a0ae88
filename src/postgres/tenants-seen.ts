import { ConfigError } from '../errors'
import type { TenantClient } from './client'

/** A new connection costs some milliseconds; spread over so many tenants that is some microseconds for each. */
const DEFAULT_LIMIT = 1000

/**
 * Which tenants each connection has served. A backend remembers every table that it has touched for as long as it lives, about 9
 * KiB each, so one that has met thousands of tenants holds hundreds of megabytes.
 */
export class TenantsSeen {
  readonly #limit: number
  readonly #seen = new WeakMap<TenantClient, Set<string>>()

  /** @param limit - default 1,000 @throws ConfigError */
  constructor(limit = DEFAULT_LIMIT) {
    if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 1))
      throw new ConfigError([
        'The option `maxTenantsPerConnection` must be a whole number from 1, or Infinity.',
      ])
    this.#limit = limit
  }

  /** A connection will serve this tenant; undefined stands for shared tables. */
  note(client: TenantClient, schema: string | undefined): void {
    if (schema === undefined || this.#limit === Infinity) return
    const seen = this.#seen.get(client)
    if (seen === undefined) this.#seen.set(client, new Set([schema]))
    else seen.add(schema)
  }

  /** The connection is to be replaced. */
  isFull(client: TenantClient): boolean {
    return (this.#seen.get(client)?.size ?? 0) >= this.#limit
  }
}
