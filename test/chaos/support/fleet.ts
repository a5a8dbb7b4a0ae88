import type { Column, Releases, Traces } from './release'

/** What stands in the database under one tenant's name. */
export interface Found extends Traces {
  /** Names of the applied migrations, each as often as the books have it. */
  readonly applied: readonly string[]
  /** What must not be there: INVALID indexes, scratch schemas. */
  readonly leftovers: readonly string[]
}

/** A statement that is in doubt after a crash. */
export interface Doubt {
  readonly migration: string
  readonly statement: number
}

/** Tenants on a server of one kind, as the test sees them: with all rights, and beside the product. */
export interface Fleet {
  readonly releases: Releases
  /** The configuration of the command line. */
  readonly config: object
  /** The variables of the command line. */
  readonly env: Readonly<Record<string, string>>
  /** Ends connections of the migrations' user. @returns how many */
  killBackends(pick: (all: readonly number[]) => readonly number[]): Promise<number>
  /** Holds a table of a tenant by an open transaction that has read it. @returns what ends it */
  hold(tenant: string): Promise<() => Promise<void>>
  /** Writes what makes a migration fail (-7), or what mends it. */
  setValue(tenant: string, column: Column, value: number): Promise<void>
  inspect(tenant: string): Promise<Found>
  /** Looks whether a statement in doubt is done. Missing where there are none. */
  isDone?(tenant: string, doubt: Doubt): Promise<boolean>
  /** What is left outside of the tenants. */
  leftBehind(): Promise<readonly string[]>
}

/** Prefix of all tenants' schemas. */
export const PREFIX = 'chaos_'
