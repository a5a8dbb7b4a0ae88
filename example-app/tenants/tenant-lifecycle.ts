import { TenantNotFoundError } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import { HttpError, notFound } from '../http/http-error'
import type { Tenant, TenantTable } from './tenant-table'

/** What a tenant's birth and end need. */
export interface LifecycleParts {
  readonly tenants: TenantTable
  readonly tenancy: Pick<Tenancy, 'create' | 'drop' | 'forget'>
}

/**
 * Makes a tenant: its row, which gives the id, and its schema. Both or neither.
 *
 * @returns undefined where another tenant has the subdomain
 */
export async function createTenant(
  { tenants, tenancy }: LifecycleParts,
  wanted: Pick<Tenant, 'name' | 'subdomain'>,
): Promise<Tenant | undefined> {
  const tenant = await tenants.insert(wanted)
  if (tenant === undefined) return undefined
  try {
    // A schema that is there already is somebody's: never hand it to a new tenant.
    await tenancy.create(tenant, { ifExists: 'error' })
  } catch (cause) {
    await tenants.remove(tenant.id)
    tenancy.forget(tenant)
    throw isTaken(cause) ? new HttpError(409, `The schema of id ${tenant.id} is taken. Try again.`) : cause
  }
  return tenant
}

/** Gives a tenant another name. Its schema has the id's name, and stays. @throws HttpError 404 */
export async function renameTenant(
  { tenants, tenancy }: LifecycleParts,
  id: string,
  name: string,
): Promise<Tenant> {
  const tenant = await tenants.rename(id, name)
  if (tenant === undefined) throw notFound()
  // Else `req.tenant` would have the old name until the directory asks again.
  tenancy.forget(tenant)
  return tenant
}

/**
 * Drops a tenant's schema, then its row: after a failure in between it is still listed, and can be deleted again.
 *
 * @throws HttpError 404
 */
export async function deleteTenant({ tenants, tenancy }: LifecycleParts, id: string): Promise<void> {
  const tenant = await tenants.find(id)
  if (tenant === undefined) throw notFound()
  try {
    await tenancy.drop(tenant)
  } catch (error) {
    if (!(error instanceof TenantNotFoundError)) throw error
  }
  await tenants.remove(tenant.id)
  tenancy.forget(tenant)
}

function isTaken(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === 'ROWHOUSE_TENANT_EXISTS' || code === 'ROWHOUSE_SCHEMA_NOT_OURS'
}
