import { channel } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'
import { outsideTenants } from '../tenant/context'
import type { EngineName } from './switches'

/** Where it is told how long a call has waited for a connection of a pool. */
export const CHECKOUT_CHANNEL = 'rowhouse:checkout'

/** What a subscriber of `CHECKOUT_CHANNEL` is given, outside every tenant. */
export interface CheckoutMessage {
  readonly engine: EngineName
  /** Undefined: without a tenant. */
  readonly tenant: string | undefined
  /** Milliseconds from the call until there was a connection, or none: the turn of the tenant, the pool, and the opening of a new one. */
  readonly ms: number
  /** Why there was none; undefined where there was one. */
  readonly error: Error | undefined
}

type Use<Given> = (error: Error | undefined, given?: Given) => void

const checkouts = channel(CHECKOUT_CHANNEL)

/**
 * A call begins to wait for a connection.
 *
 * @param use - is called once, with the connection or the reason why there is none
 * @returns what to call in its place; while nobody listens, `use` itself
 */
export function timed<Given>(engine: EngineName, tenant: string | undefined, use: Use<Given>): Use<Given> {
  if (!checkouts.hasSubscribers) return use
  const start = performance.now()
  return (error, given) => {
    const reason = given === undefined ? error : undefined
    const message: CheckoutMessage = { engine, tenant, ms: performance.now() - start, error: reason }
    outsideTenants(() => checkouts.publish(message))
    use(error, given)
  }
}
