import type { EventEmitter } from 'node:events'
import type { PoolClient } from 'pg'
import { bindToContext } from '../tenant/context'
import type { Scope } from '../tenant/context'
import { bindSubmittable } from './bind-submittable'
import type { TenantClient } from './client'
import type { Lease } from './lease'
import { DriverQuery, isSubmittable, throwingLater } from './driver'
import type { Submittable, TypeParsers } from './driver'
import { mismatchOf, releasedError } from './lease-errors'
import type { Loan } from './loan'

type Listener = (...args: unknown[]) => void

/** What a checkout needs of its pool. */
export interface CheckoutOptions extends Loan {
  /** What the calling code may touch now, to notice a client that wandered to another tenant's request. */
  readonly scope: () => Scope | undefined
}

/**
 * The client that `pool.connect()` hands out: the connection, seen by one borrower. Everything goes through to pg's
 * client except `query` (tied to this loan and its tenant), `release`, and listeners (bound to the caller's context,
 * gone with the loan). pg hands out the same object again and again, so a client that somebody kept would work for the
 * next tenant.
 */
export function checkOut({ client, lease, release, steer, scope }: CheckoutOptions): PoolClient {
  const listeners = new LoanListeners(client)
  const types = new LoanTypes(client)
  const own: Record<string | symbol, unknown> = {
    query: (config: unknown, values?: unknown, callback?: unknown) => {
      if (config === null || config === undefined)
        throw new TypeError('Client was passed a null or undefined query')
      const problem = problemOf(lease, scope())
      const run = (query: Submittable): void => {
        if (problem) process.nextTick(() => query.handleError(problem, client.connection))
        else if (steer === undefined) client.send(lease, query)
        else steer(query)
      }
      return isSubmittable(config)
        ? runSubmittable(client, run, config, typeof values === 'function' ? values : callback)
        : runText(run, config, values, callback)
    },
    release: (error?: Error | boolean) => {
      listeners.end()
      types.restore()
      release(error)
    },
  }
  own['setTypeParser'] = (...args: Parameters<TenantClient['setTypeParser']>) => types.set(args)
  for (const method of ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const) {
    own[method] = (event: string | symbol, listener: Listener) => {
      if (!lease.isActive) throw releasedError(lease)
      listeners.add(method, event, listener)
      return borrowed
    }
  }
  const borrowed = new Proxy(client, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name]
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function' || name === 'constructor') return value
      // Bound to the connection itself, since its private members are not the proxy's.
      return (own[name] = (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args)
        return result === target ? borrowed : result
      })
    },
    // What a borrower writes on its client is its own, and gone with the loan.
    set(_target, name, value) {
      own[name] = value
      return true
    },
  }) as unknown as PoolClient
  return borrowed
}

function runSubmittable(
  client: TenantClient,
  run: (query: Submittable) => void,
  query: Submittable,
  callback: unknown,
): Submittable {
  if (!query.callback && typeof callback === 'function') query.callback = callback as Listener
  bindSubmittable(query, () => client)
  run(query)
  return query
}

function runText(
  run: (query: Submittable) => void,
  config: unknown,
  values: unknown,
  callback: unknown,
): Promise<unknown> | undefined {
  const query = new DriverQuery(config, values, callback)
  query.query_timeout = (config as Partial<Submittable>).query_timeout
  if (query.callback) {
    if (typeof query.callback !== 'function') throw new TypeError('callback is not a function')
    query.callback = throwingLater(bindToContext(query.callback))
    run(query)
    return undefined
  }
  return new Promise((resolve, reject) => {
    query.callback = (error, result) => (error ? reject(error) : resolve(result))
    run(query)
  }).catch((error: unknown) => {
    // As pg does: a trace that leads to the code that asked, instead of to the socket.
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  })
}

/** Why a query may not run on this loan. */
function problemOf(lease: Lease, scope: Scope | undefined): Error | undefined {
  return lease.isActive ? mismatchOf(lease, scope) : releasedError(lease)
}

const ONCE = { once: 'on', prependOnceListener: 'prependListener' } as const
type Adding = 'on' | 'addListener' | 'prependListener'

/** The listeners that one borrower put on a connection. */
class LoanListeners {
  readonly #client: EventEmitter
  readonly #added: { readonly event: string | symbol; readonly bound: Listener }[] = []

  constructor(client: EventEmitter) {
    this.#client = client
  }

  add(method: Adding | keyof typeof ONCE, event: string | symbol, listener: Listener): void {
    const inContext = bindToContext(listener)
    const isOnce = method === 'once' || method === 'prependOnceListener'
    const call: Listener = isOnce
      ? function (this: unknown, ...args) {
          client.removeListener(event, call)
          return inContext.apply(this, args)
        }
      : inContext
    const client = this.#client
    // EventEmitter finds a wrapped listener by this property, so that removeListener() works with the original; its own
    // once() would put a wrapper around ours, and not find it.
    const bound = Object.assign(call, { listener })
    this.#added.push({ event, bound })
    client[isOnce ? ONCE[method] : method](event, bound)
  }

  /** The loan is over: takes all of them away. */
  end(): void {
    for (const { event, bound } of this.#added) this.#client.removeListener(event, bound)
  }
}

/** The type parsers that one borrower put on a connection. */
class LoanTypes {
  readonly #client: TenantClient
  #before: TypeParsers | undefined

  constructor(client: TenantClient) {
    this.#client = client
  }

  set(args: Parameters<TenantClient['setTypeParser']>): void {
    const { text, binary } = this.#client._types
    this.#before ??= { text: { ...text }, binary: { ...binary } }
    this.#client.setTypeParser(...args)
  }

  /** The loan is over: takes all of them away. */
  restore(): void {
    if (this.#before !== undefined) Object.assign(this.#client._types, this.#before)
  }
}
