import type { Hygiene } from './hygiene'
import type { SearchPath } from './search-path'

/** How connections of a pool treat sessions. */
export interface SessionOptions {
  readonly hygiene: Hygiene
  /** `session`: a pooler in between is declared to pool whole sessions, so the backend is not compared. */
  readonly pooler: 'none' | 'session'
  /** `local`: a switch ends with its transaction, for a pooler of transactions. */
  readonly mode: 'session' | 'local'
  /** `role`: each tenant has a role, which its queries run as. */
  readonly isolation: 'schema' | 'role'
}

/** One loan of a connection: whose queries it runs, until its end. */
export interface Lease {
  readonly wanted: SearchPath
  /** Handed out by `connect()`: what runs on it is the caller's choice. */
  readonly isLent: boolean
  /** False once the connection went back to the pool. */
  isActive: boolean
}
