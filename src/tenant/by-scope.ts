import { LRUCache } from 'lru-cache'
import { WITHOUT_TENANT } from './context'
import type { Scope, Tenant } from './context'

// About 4 KB each, with the messages that are kept: 8 MB for each pool at most (npm run bench:scale).
const MAX_KNOWN = 2000

/** What a pool has for each tenant: what is sent for one is made once, for the tenants that are busy. */
export class ByScope<Value extends object> {
  readonly #shared: Value
  readonly #make: (tenant: Tenant) => Value
  readonly #known = new LRUCache<string, Value>({ max: MAX_KNOWN })

  /**
   * @param shared - for the scope without a tenant
   * @param make - for a tenant, by its id and schema alone
   */
  constructor(shared: Value, make: (tenant: Tenant) => Value) {
    this.#shared = shared
    this.#make = make
  }

  /** For what a call chain may touch. */
  of(scope: Scope): Value {
    if (scope === WITHOUT_TENANT) return this.#shared
    const known = this.#known.get(scope.schema)
    if (known !== undefined) return known
    const value = this.#make(scope)
    this.#known.set(scope.schema, value)
    return value
  }
}
