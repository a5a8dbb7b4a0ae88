import { LRUCache } from 'lru-cache'
import { WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'
import type { Target } from './lease'
import { enterPacket } from './wire'

const MAX_KNOWN_TARGETS = 5000

/** The targets of a pool: what is sent to enter one is made once, for the tenants that are busy. */
export class Targets {
  readonly #shared: Target
  readonly #targets = new LRUCache<string, Target>({ max: MAX_KNOWN_TARGETS })

  /** @param shared - the database of shared tables */
  constructor(shared: string) {
    this.#shared = targetOf(shared, undefined)
  }

  /** The target for what a call chain may touch. */
  of(scope: Scope): Target {
    if (scope === WITHOUT_TENANT) return this.#shared
    const known = this.#targets.get(scope.schema)
    if (known !== undefined) return known
    const target = targetOf(scope.schema, scope.id)
    this.#targets.set(scope.schema, target)
    return target
  }
}

function targetOf(database: string, tenant: string | undefined): Target {
  return { database, tenant, enter: enterPacket(database) }
}
