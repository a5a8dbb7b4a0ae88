import type { Direction } from '../engine'
import type { MigrationResult } from '../lifecycle/results'

/** A tenant that could not be migrated. */
export interface MigrationFailure {
  readonly status: 'error'
  readonly tenant: string
  readonly prefix: string
  readonly direction: Direction
  readonly error: Error
  /** File name of the migration that failed, where it was one. */
  readonly migration: string | undefined
  /** Versions that stay although the run failed. */
  readonly versions: readonly number[]
}

/** What became of one tenant. */
export type MigrationOutcome = MigrationResult | MigrationFailure

/** Why a run ended before its end: the first tenants failed, too many failed, or somebody said so. */
export type StopReason = 'canary' | 'failures' | 'aborted'

/** Tenants that are in one state and get the same migrations. */
export interface PlannedGroup {
  readonly tenants: number
  /** Of the newest applied migration; undefined where there is none. */
  readonly from: number | undefined
  /** File names of the migrations to run, in their order. */
  readonly migrations: readonly string[]
}

/** What a run tells while it goes on. */
export type MigrationEvent =
  | {
      readonly event: 'plan'
      readonly direction: Direction
      readonly tenants: number
      /** With something to do. */
      readonly todo: number
      readonly groups: readonly PlannedGroup[]
    }
  /** So many of the migrations to run ran once in a scratch schema, and were rolled back. */
  | { readonly event: 'rehearsed'; readonly migrations: number; readonly ms: number }
  | {
      readonly event: 'done'
      readonly tenant: string
      readonly prefix: string
      readonly versions: readonly number[]
      readonly ms: number
      readonly tries: number
    }
  | {
      readonly event: 'retry'
      readonly tenant: string
      readonly prefix: string
      readonly tries: number
      readonly error: Error
      /** Until the next try. */
      readonly waitMs: number
    }
  | ({ readonly event: 'failed'; readonly tries: number } & Omit<MigrationFailure, 'status'>)
  | { readonly event: 'stopped'; readonly reason: StopReason }

/** All outcomes of a run. */
export interface MigrationReport {
  readonly ok: number
  readonly failed: number
  readonly results: readonly MigrationOutcome[]
  /** Ids of tenants that were not tried, because the run ended before. */
  readonly notRun: readonly string[]
  /** Why it ended before its end, where it did. */
  readonly stopped?: StopReason
}
