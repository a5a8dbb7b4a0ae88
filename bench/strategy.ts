import type { Tenant } from '../src/tenant/context'
import type { SchemaName } from '../src/tenant/schema-name'
import type { TenantId } from '../src/tenant/tenant-id'

/** One way to read a row of a tenant. */
export interface Strategy {
  readonly name: string
  /** Reads the name of one user of one tenant. */
  read(tenant: Tenant, id: number): Promise<string>
  end(): Promise<void>
}

/** The tenant with this number. */
export function tenantOf(number: number): Tenant {
  return { id: String(number) as TenantId, schema: `tenant_${number}` as SchemaName }
}
