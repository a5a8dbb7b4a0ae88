import { channel } from 'node:diagnostics_channel'
import { outsideTenants } from '../tenant/context'

/** Where each query is told of, around the moment in which the driver takes it. */
export const QUERY_CHANNEL = 'rowhouse:query'

/** What a subscriber of `QUERY_CHANNEL` is given, outside every tenant. */
export interface QueryMessage {
  /** Whose query it is; undefined: without a tenant. */
  readonly tenant: string | undefined
}

const queries = channel(QUERY_CHANNEL)
let inHand: QueryMessage | undefined

/** Whether anybody wants to know of queries: ask before {@link handOver}. */
export function isQueryHeard(): boolean {
  return queries.hasSubscribers
}

/** Calls `work`, in which the driver takes a query of this tenant. */
export function handOver<T>(tenant: string | undefined, work: () => T): T {
  const outer = inHand
  const message: QueryMessage = { tenant }
  inHand = message
  try {
    // A query that waited is taken up in the context of whoever gave the connection back: a subscriber would query as them.
    outsideTenants(() => queries.publish(message))
    return work()
  } finally {
    inHand = outer
  }
}

/** The query that the driver takes in this very moment: what instruments the driver runs inside its calls. */
export function queryInHand(): QueryMessage | undefined {
  return inHand
}
