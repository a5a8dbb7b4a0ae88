import type { ReadTenant } from './fleet-reader'
import type { SchemaName } from './tenant/schema-name'

/** In front of the name of a schema that is kept aside. No schema of a tenant is taken for one: it has another table for a mark. */
export const ASIDE_PREFIX = '_dropped_'
/** What the table of the mark is called in a schema that is kept aside, so that nobody takes it for a tenant's. */
export const ASIDE_MARK = '_rowhouse_dropped'

/** A dropped tenant whose data is kept. */
export interface AsideSchema {
  /** Where it is now. */
  readonly schema: SchemaName
  readonly tenancy: string
  readonly tenant: string
  /** What its schema was called, `tenant_acme`. */
  readonly was: SchemaName
  readonly droppedAt: Date
  readonly keptUntil: Date
}

/** What a worker does with schemas as a whole. All of it is to be called under the locks of the tenants' schemas. */
export interface SchemaMoves {
  /**
   * Puts a tenant's schema aside under another name.
   * @throws TenantMoveError where it can't be renamed; then nothing was done
   */
  setAside(tenant: ReadTenant, to: SchemaName, keptUntil: Date): Promise<void>
  /** All that are aside, whosever they are. */
  listAside(): Promise<readonly AsideSchema[]>
  /** Makes it the tenant's schema again, under its old name. */
  bringBack(aside: AsideSchema): Promise<void>
  /** Drops it for good. @throws TenantInUseError without `cascade` */
  purge(aside: AsideSchema, cascade: boolean): Promise<void>
  /**
   * Gives a tenant another id, and its schema another name.
   * @throws TenantMoveError where it can't be renamed; then nothing was done
   */
  rename(from: ReadTenant, to: ReadTenant): Promise<void>
  /** Whether a rename from one to the other was interrupted, so that `rename` goes on with it. Missing where that can't be. */
  isInterrupted?(from: ReadTenant, to: ReadTenant): Promise<boolean>
  /** Drops the empty schema that an interrupted move has left, if it is one. Missing where that can't be. */
  clearRest?(schema: SchemaName): Promise<boolean>
}
