import type { Engine } from '../engine'
import type { Target } from '../migrations/target'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'
import type { HookRunner } from './hooks'

/** A tenant by its two names. */
export interface TenantNames {
  readonly id: TenantId
  readonly schema: SchemaName
}

/** What the lifecycle of a tenancy's tenants needs. */
export interface LifecycleParts {
  readonly engine: Engine
  /** Name of the tenancy, for marks. */
  readonly tenancy: string
  /** Of the schema names. */
  readonly prefix: string
  /** Folder of the migrations, absolute. */
  readonly migrations: string
  readonly hooks: HookRunner
  /** A tenant came, went, or changed its state. */
  readonly onChange: (id: TenantId) => void
}

/** Options of `create`. */
export interface CreateOptions {
  /** What to do with a tenant that exists: run its pending migrations, or refuse. Default `migrate`. */
  readonly ifExists?: 'migrate' | 'error' | undefined
  /** False makes the empty schema only. Default true. */
  readonly migrate?: boolean | undefined
}

/** How far to migrate, and how strictly. */
export type MigrateOptions = Target & {
  /** Run files that are older than an applied one. Default false. */
  readonly allowOutOfOrder?: boolean | undefined
  /** Take changed files of applied migrations as they are now, on an engine that looks at them. Default false. */
  readonly allowChanged?: boolean | undefined
}
