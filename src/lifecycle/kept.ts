import type { DropOptions } from '../engine'
import type { TenantResult } from './results'

/** Options of `drop`: everything at once, or kept aside for a while. */
export type TenantDropOptions =
  | (DropOptions & { readonly keep?: undefined })
  | {
      /** How long the data is kept: milliseconds, or a text such as `30d`. */
      readonly keep: string | number
      readonly cascade?: undefined
    }

/** A tenant that was dropped, and whose data is kept. */
export interface DroppedResult extends TenantResult {
  /** Name of the schema that has its data, `_dropped_20261124101500_8f3a61c2d09b`. */
  readonly keptAs: string
  /** ISO 8601, UTC. */
  readonly keptUntil: string
}

/** A dropped tenant in a list. */
export interface DroppedInfo {
  readonly tenant: string
  /** What its schema was called, `tenant_acme`. */
  readonly prefix: string
  /** Name of the schema that has its data. */
  readonly keptAs: string
  /** ISO 8601, UTC. */
  readonly droppedAt: string
  /** ISO 8601, UTC. */
  readonly keptUntil: string
}

/** Options of `undrop`. */
export interface UndropOptions {
  /** Which of several, as `listDropped()` calls it. Default: the newest. */
  readonly keptAs?: string | undefined
}

/** Options of `purge`. */
export interface PurgeOptions {
  /** Drop what stands on it from outside, too. Default false. */
  readonly cascade?: boolean | undefined
}

/** A tenant that has another id now. */
export interface RenameResult extends TenantResult {
  /** The old id. */
  readonly renamedFrom: string
}
