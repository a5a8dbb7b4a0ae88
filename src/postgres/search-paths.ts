import { LRUCache } from 'lru-cache'
import { WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'
import { DEFAULT_PATH, tenantPath } from './search-path'
import type { SearchPath } from './search-path'

const MAX_KNOWN_PATHS = 5000

/** The paths of a pool: what is written for one is made once, for the tenants that are busy. */
export class SearchPaths {
  readonly #sharedSchemas: readonly string[]
  readonly #paths = new LRUCache<string, SearchPath>({ max: MAX_KNOWN_PATHS })

  /** @param sharedSchemas - `['extensions']` */
  constructor(sharedSchemas: readonly string[]) {
    this.#sharedSchemas = sharedSchemas
  }

  /** The path for what a call chain may touch. */
  of(scope: Scope): SearchPath {
    if (scope === WITHOUT_TENANT) return DEFAULT_PATH
    const known = this.#paths.get(scope.schema)
    if (known !== undefined) return known
    const path = tenantPath(scope, this.#sharedSchemas)
    this.#paths.set(scope.schema, path)
    return path
  }
}
