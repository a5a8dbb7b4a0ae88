import type { SchemaName } from './tenant/schema-name'
import type { TenantId } from './tenant/tenant-id'

/** A tenant that is to be read. */
export interface ReadTenant {
  readonly id: TenantId
  readonly schema: SchemaName
}

/** A row by the names of its columns. */
export type PlainRow = Record<string, unknown>

/** What one statement answered. */
export interface SqlAnswer {
  /** Names of the columns; empty for a statement without rows. */
  readonly columns: readonly string[]
  readonly rows: readonly PlainRow[]
  /** How many rows a writing statement changed, as the server counts. */
  readonly affected: number | undefined
}

/** One connection with the application's rights, outside of every tenant and of the pools. Close it. */
export interface FleetReader {
  /** How many tenants one statement can read: 1 where each has a role of its own. */
  readonly maxTogether: number
  /**
   * Runs one SELECT for several tenants as one statement, in a transaction that can't write. `{schema}` in it becomes the
   * quoted name of each tenant's schema; a name without one is found in no tenant and in no shared schema.
   *
   * @returns the rows of each tenant, in the order of the tenants
   */
  read(
    tenants: readonly ReadTenant[],
    sql: string,
    values: readonly unknown[],
  ): Promise<readonly (readonly PlainRow[])[]>
  /** Runs any statements with unqualified names in one tenant, in one transaction; one that can't write, without `write`. */
  run(tenant: ReadTenant, sql: string, options: { readonly write: boolean }): Promise<readonly SqlAnswer[]>
  close(): Promise<void>
}
