import type { TenancyOptions } from 'rowhouse'
import type { TenantSlonikOptions } from 'rowhouse/slonik'
import type { WidgetReport } from '../widgets/widget-report'

/** Whose database, and where in it. */
export interface DatabaseOptions {
  /** Connects as the application, which owns nothing. */
  readonly appUrl: string
  /** Connects as the owner, who makes tables and schemas. */
  readonly ownerUrl: string
  /** Schema of the table of tenants; on MySQL the database. */
  readonly mainSchema?: string | undefined
}

/**
 * What this application asks of a pool, on either database. It is here so that one application can show both: yours has
 * one database, and calls `tenancy.pool.query()` itself.
 */
export interface Sql {
  /** The rows of a query. Each `?` stands for a value. */
  rows<Row>(text: string, values?: readonly Value[]): Promise<Row[]>
  /** Inserts one row, and tells its id. */
  insert(text: string, values: readonly Value[]): Promise<string>
  /** Updates or deletes, and tells how many rows there were. */
  change(text: string, values: readonly Value[]): Promise<number>
  /** The present, in SQL. */
  readonly now: string
}

/** What stands for a `?`. */
export type Value = string | null

/** All that differs between the databases that this application runs on. */
export interface Database<Pool> {
  /** Of `rowhouse/postgres` or `rowhouse/mysql`. */
  readonly engine: TenancyOptions<Pool, Pool, object>['engine']
  /** Folder of the tenants' migrations. */
  readonly migrations: string
  /** The table of tenants, quoted and qualified, because nothing that a tenant's queries see leads there. */
  readonly tenantTable: string
  /** Makes the table of tenants where it is missing, and lets the application use it. The tenants' own tables are migrations. */
  setUp(): Promise<void>
  /** Counts by slonik where there is one, and by the pool elsewhere. */
  reportOf(parts: { readonly tenancy: TenantSlonikOptions['tenancy']; readonly sql: Sql }): WidgetReport
  /** @param log - gets what happens to a connection that nobody uses */
  sqlOf(pool: Pool, log: (error: unknown) => void): Sql
}
