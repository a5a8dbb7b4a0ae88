import type { Mark, SchemaReport } from '../engine'
import { SchemaNotOursError, TenantNotFoundError } from '../errors'
import type { TenantNames } from './options'

/** Whose tenants are meant. */
export interface Owner {
  /** Name of the tenancy, in marks. */
  readonly tenancy: string
  /** Of the schema names. */
  readonly prefix: string
}

/** The mark of a new tenant. */
export function markOf({ tenancy }: Owner, { id }: TenantNames): Mark {
  return { tenancy, tenant: id, state: 'active' }
}

/** A mark of ours fits its schema: with a prefix `tenant_` the schema `tenant_eu_acme` may be another tenancy's. */
export function isOurs({ tenancy, prefix }: Owner, schema: string, mark: Mark): boolean {
  return mark.tenancy === tenancy && prefix + mark.tenant === schema
}

/** @throws TenantNotFoundError, SchemaNotOursError */
export function expectOurs(owner: Owner, names: TenantNames, { exists, mark }: SchemaReport): void {
  if (!exists) throw notFound(names)
  if (mark !== undefined && isOurs(owner, names.schema, mark)) return
  const whose =
    mark === undefined
      ? 'carries no mark of Rowhouse. If it is a tenant of yours that another tool made, adopt it (rowhouse adopt)'
      : `belongs to tenant "${mark.tenant}" of tenancy "${mark.tenancy}". Use another prefix or id`
  throw new SchemaNotOursError(`Schema "${names.schema}" exists and ${whose}. Nothing was changed.`, {
    tenant: names.id,
  })
}

/** @throws TenantNotFoundError for a half-made one, too, SchemaNotOursError */
export function expectWhole(owner: Owner, names: TenantNames, report: SchemaReport): void {
  expectOurs(owner, names, report)
  if (!isHalfMade(report)) return
  throw new TenantNotFoundError(
    `Tenant "${names.id}" is half made (schema "${names.schema}", state "creating"): create it again, or drop it.`,
    { tenant: names.id },
  )
}

/** Its creation was interrupted, or is on the way. */
export function isHalfMade({ mark }: SchemaReport): boolean {
  return mark?.state === 'creating'
}

/** The error for a tenant that is not there. */
export function notFound({ id, schema }: TenantNames): TenantNotFoundError {
  return new TenantNotFoundError(`There is no tenant "${id}" (schema "${schema}").`, { tenant: id })
}
