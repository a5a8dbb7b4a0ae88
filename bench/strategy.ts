import { AsyncLocalStorage } from 'node:async_hooks'
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

const requests = new AsyncLocalStorage<Tenant>()

/**
 * Reads as a handler of an application without rowhouse would, which has its tenant in an AsyncLocalStorage, too. What that
 * costs on this version of Node.js is so in every row.
 */
export function inRequest(read: Strategy['read']): Strategy['read'] {
  return (tenant, id) =>
    requests.run(
      tenant,
      midway(() => read(requests.getStore()!, id)),
    )
}

/**
 * The work of a handler that has waited for something before, a session or a body: mysql2 records the stack of each call, and
 * that of a handler begins anew with each `await`.
 */
export function midway<T>(work: () => Promise<T>): () => Promise<T> {
  return async () => {
    await Promise.resolve()
    return work()
  }
}

/** The tenant with this number. */
export function tenantOf(number: number): Tenant {
  return { id: String(number) as TenantId, schema: `tenant_${number}` as SchemaName }
}
