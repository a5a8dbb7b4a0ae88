import type { TenancyLike } from './request/parts-of'

/** What {@link tenantMixin} adds to a log line: nothing where the call chain has no tenant. */
export interface TenantFields {
  /** Tenant id. */
  tenant?: string
}

/**
 * Makes what tells a logger the tenant of the code that logs: `pino({ mixin: tenantMixin(tenancy) })`.
 *
 * @returns gives a new object each time, since pino writes into it
 */
export function tenantMixin(tenancy: TenancyLike<unknown>): () => TenantFields {
  return () => {
    const tenant = tenancy.current()
    return tenant === undefined ? {} : { tenant: tenant.id }
  }
}
