import type { TenantClient } from './client'
import type { Submittable } from './driver'
import type { Lease } from './lease'

/** A connection, lent for a while. */
export interface Loan {
  readonly client: TenantClient
  readonly lease: Lease
  /** Gives the connection back. */
  readonly release: (error?: Error | boolean) => void
  /** Sends a query of a loan inside a transaction, which may have to wait, or be a savepoint instead. Else it is `client.send`. */
  readonly steer?: ((query: Submittable) => void) | undefined
}
