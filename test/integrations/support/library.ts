import type { EngineServer } from '../../support/engines'
import type { Tenancy } from '../../../src/tenancy'

/** The calls of a transaction. */
export interface TransactionCalls {
  /** Names of all widgets, in any order. */
  names(): Promise<string[]>
  insert(name: string): Promise<unknown>
}

/** What the spec asks of a library, in the library's own words. */
export interface LibraryCalls extends TransactionCalls {
  /** Name of the widget with this id: each tenant has one with the id 1. */
  nameOf(id: number): Promise<string | undefined>
  /** Commits, or rolls back where the work throws. */
  transaction(work: (calls: TransactionCalls) => Promise<void>): Promise<unknown>
  /** As `names`, by a stream or cursor; left out where a library has none. */
  stream?(): Promise<string[]>
  /** A statement that the database refuses. */
  fail(): Promise<unknown>
  close(): Promise<unknown>
}

/** Any tenancy; the pools are what a library takes them for. */
export type AnyTenancy = Tenancy<any, any, any, any>

/** What a library is given: a pool that scopes, or a naive one. */
export interface Attachment {
  readonly tenancy: AnyTenancy
  /** Of pg, or of mysql2 with callbacks. */
  readonly pool: any
  /** Of the application's server. */
  readonly url: string
}

/** A library on one engine. */
export interface Library {
  /** As its page is called: `docs/integrations/<name>.md`. */
  readonly name: string
  readonly engine: EngineServer['engine']
  open(attachment: Attachment): LibraryCalls | Promise<LibraryCalls>
  /** The naive way, where it is not the same with another pool. */
  openNaive?(attachment: Attachment): LibraryCalls | Promise<LibraryCalls>
}

/** Values of an async iterable's column `name`. */
export async function namesIn(rows: AsyncIterable<unknown>): Promise<string[]> {
  const names: string[] = []
  for await (const row of rows) names.push((row as { name: string }).name)
  return names
}
