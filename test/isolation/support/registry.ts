import type { Tenancy } from '../../../src/tenancy'

/** What of a tenancy makes tenants, migrates them and drops them. */
type Lifecycle = Pick<Tenancy, 'create' | 'migrate' | 'drop' | 'close'>

/** Up to which the tenants of a registry are migrated: a later one of the town's is still to come. */
const FIRST_VERSION = 20200101000000

/**
 * Another tenancy over the tenants of the pool under test, as another process has it: the pool is told nothing of what
 * happens here.
 */
export class Registry {
  readonly #open: () => Lifecycle
  #tenancy: Lifecycle | undefined

  /** @param open - called when the first tenant is made */
  constructor(open: () => Lifecycle) {
    this.#open = open
  }

  /** Does work with a tenant of this id, which is gone afterwards at the latest. Later migrations are pending. */
  async withTenant(id: string, work: (lifecycle: Lifecycle) => Promise<void>): Promise<void> {
    this.#tenancy ??= this.#open()
    const tenancy = this.#tenancy
    await tenancy.create(id, { migrate: false })
    try {
      await tenancy.migrate(id, { to: FIRST_VERSION })
      await work(tenancy)
    } finally {
      await tenancy.drop(id, { cascade: true }).catch((error: { code?: string }) => {
        if (error.code !== 'ROWHOUSE_TENANT_NOT_FOUND') throw error
      })
    }
  }

  async close(): Promise<void> {
    await this.#tenancy?.close()
  }
}
