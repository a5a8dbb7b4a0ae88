import { Lifecycle } from './lifecycle'
import type { Order } from './lifecycle'

/** Up to which the tenants of a registry are migrated: a later one of the town's is still to come. */
const FIRST_VERSION = 20200101000000

/** Tenants that another process makes, migrates and drops: the pool under test is told nothing of it. */
export class Registry {
  readonly #order: () => Order
  #lifecycle: Lifecycle | undefined

  /** @param order - asked for when the first tenant is made */
  constructor(order: () => Order) {
    this.#order = order
  }

  /** Does work with a tenant of this id, which is gone afterwards at the latest. Later migrations are pending. */
  async withTenant(id: string, work: (lifecycle: Lifecycle) => Promise<void>): Promise<void> {
    const lifecycle = (this.#lifecycle ??= new Lifecycle(this.#order()))
    await lifecycle.create(id, { migrate: false })
    try {
      await lifecycle.migrate(id, { to: FIRST_VERSION })
      await work(lifecycle)
    } finally {
      await lifecycle.drop(id, { cascade: true }).catch((error: { code?: string }) => {
        if (error.code !== 'ROWHOUSE_TENANT_NOT_FOUND') throw error
      })
    }
  }

  async close(): Promise<void> {
    await this.#lifecycle?.close()
  }
}
