import { describeError } from './describe-error'
import type { ErrorFacts } from './describe-error'

/** What went wrong with a tenant when it was last migrated from here. */
export interface KnownFailure extends ErrorFacts {
  readonly tenant: string
  readonly at: Date
}

/** A broken migration may fail in every tenant: so many are kept. */
const MOST = 500

/** Failures of the runs that were made here, until they are made good; in the memory of this process. */
export class Failures {
  readonly #byTenant = new Map<string, KnownFailure>()

  /** Of all tenants, the newest first. */
  get all(): readonly KnownFailure[] {
    return [...this.#byTenant.values()].reverse()
  }

  of(tenant: string): KnownFailure | undefined {
    return this.#byTenant.get(tenant)
  }

  note(tenant: string, error: unknown): KnownFailure {
    const failure = { ...describeError(error), tenant, at: new Date() }
    this.#byTenant.delete(tenant)
    const [oldest] = this.#byTenant.keys()
    if (this.#byTenant.size >= MOST) this.#byTenant.delete(oldest!)
    this.#byTenant.set(tenant, failure)
    return failure
  }

  forget(tenant: string): void {
    this.#byTenant.delete(tenant)
  }
}
