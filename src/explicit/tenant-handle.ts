import type { TransactionOptions } from '../transaction/options'
import type { AnyTables } from './table-types'
import { TenantTables } from './tenant-tables'
import type { TableParts } from './tenant-tables'

/** What a pool takes for a query; nothing where it has no such method. */
export type QueryOf<Pool> = Pool extends { query: infer Query } ? Query : never

/** What a handle is made of. */
export interface HandleParts extends TableParts {
  readonly schema: string
  readonly pool: unknown
  /** Calls work as the tenant. */
  readonly run: <T>(work: () => T) => T
  readonly transact: <T>(work: () => T | Promise<T>, options?: TransactionOptions) => Promise<T>
}

/** One tenant, named: what is called here is for it, whoever's turn it is. Inside a transaction of another tenant all is refused. */
export class TenantHandle<Pool = unknown, Tables extends object = AnyTables> extends TenantTables<Tables> {
  /** `acme` */
  readonly id: string
  /** `tenant_acme` */
  readonly schema: string
  /** As `query` of the pool, for this tenant. */
  readonly query: QueryOf<Pool>
  readonly #parts: HandleParts

  constructor(parts: HandleParts) {
    super(parts)
    this.#parts = parts
    this.id = parts.tenant
    this.schema = parts.schema
    const pool = parts.pool as { query(...args: readonly unknown[]): unknown }
    this.query = ((...args: readonly unknown[]) => parts.run(() => pool.query(...args))) as QueryOf<Pool>
  }

  /** Calls `work` with this tenant as the current one. */
  run<T>(work: () => T): T {
    return this.#parts.run(work)
  }

  /** As `tenancy.transaction`, for this tenant. */
  transaction<T>(work: () => T | Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#parts.transact(work, options)
  }
}
