import type {
  Direction,
  MarkState,
  MigrationFile,
  MigrationStep,
  SchemaReport,
  UnfinishedMigration,
} from '../engine'
import { versionOfName } from '../migrations/file-name'
import { standingOf } from '../migrations/target'
import type { TenantNames } from './options'

/** What every call about one tenant tells. */
export interface TenantResult {
  readonly status: 'ok'
  /** Tenant id, `acme`. */
  readonly tenant: string
  /** Name of its schema, `tenant_acme`. */
  readonly prefix: string
}

/** What was run for a tenant. */
export interface MigrationResult extends TenantResult {
  readonly direction: Direction
  /** Versions in the order they ran; empty where there was nothing to do. */
  readonly versions: readonly number[]
}

/** A tenant that was created, or was there. */
export interface CreateResult extends MigrationResult {
  readonly created: boolean
}

/** A tenant in a list. */
export interface TenantInfo {
  readonly tenant: string
  readonly prefix: string
  /** `creating`: half made, and served nobody. */
  readonly state: MarkState
}

/** Where a tenant stands. */
export interface TenantStatus extends TenantInfo {
  /** Applied versions in the order they ran. */
  readonly versions: readonly number[]
  /** Names of the files that are not applied. */
  readonly pending: readonly string[]
  /** Names of applied migrations whose file is gone. */
  readonly missing: readonly string[]
  /** Names of files whose version is applied under another name; they are refused, so as not to run twice. */
  readonly renamed: readonly string[]
  /** A migration that must be ended before another one runs; only where there is one. */
  readonly unfinished?: UnfinishedMigration
}

/** What was repaired. */
export interface RepairResult extends TenantResult {
  /** File name without extension. */
  readonly migration: string
  readonly direction: Direction
  /** The statement that came next, or was in doubt, from 1. */
  readonly statement: number
}

/** What a run of these steps is told as. */
export function resultOf(
  { id, schema }: TenantNames,
  direction: Direction,
  steps: readonly MigrationStep[],
): MigrationResult {
  return {
    ...{ status: 'ok', tenant: id, prefix: schema, direction },
    versions: steps.map(({ file }) => file.version),
  }
}

/** What a marked schema, its books and the files of today say together. */
export function statusOf(
  { id, schema }: TenantNames,
  { mark, unfinished }: SchemaReport,
  books: { readonly files: readonly MigrationFile[]; readonly applied: readonly string[] },
): TenantStatus {
  return {
    ...{ tenant: id, prefix: schema, state: mark!.state },
    versions: books.applied.map(versionOfName),
    ...standingOf(books),
    ...(unfinished === undefined ? {} : { unfinished }),
  }
}
