import { ClientReleasedError, TenantMismatchError } from '../errors'
import { WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'
import type { Steering } from '../transaction/steering'
import { bindIfFunction, refused, withBoundEvents } from './bound-calls'
import { refuse } from './command-checks'
import type { Command, PreparedStatement, WireConnection } from './driver'
import type { Gate } from './gate'
import { huskOf } from './husk'
import type { Lease } from './lease'
import { LISTENING, LoanListeners } from './loan-listeners'
import { wordOfCall } from './transaction-text'

type Method = (...args: unknown[]) => unknown
type Members = Record<string | symbol, unknown>

/** What a loan needs of its pool. */
export interface LoanOptions {
  readonly connection: WireConnection
  readonly gate: Gate
  readonly lease: Lease
  /** What the calling code may touch now, to notice a connection that wandered to another tenant's request. */
  readonly scope: () => Scope | undefined
  /** Of a loan inside a transaction, whose end is not the connection's. */
  readonly steering?: Steering | undefined
  /** Sends what steers that transaction. */
  readonly control?: ((text: string) => void) | undefined
}

/** Methods that send a command, and call back. */
const COMMANDS = new Set([
  'query',
  'execute',
  'prepare',
  'beginTransaction',
  'commit',
  'rollback',
  'ping',
  'reset',
  'changeUser',
])
/** Methods that ask nothing of the server, and do nothing to the connection. */
const HARMLESS = new Set([
  'escape',
  'escapeId',
  'format',
  'raw',
  'listeners',
  'rawListeners',
  'listenerCount',
  'eventNames',
])
/** Methods that give the connection back, or end it. */
const ENDS = ['release', 'end', Symbol.dispose, 'destroy', 'close'] as const

const loans = new WeakSet<object>()

/** Whether this is what {@link lend} gave. */
export function isLoan(connection: object): boolean {
  return loans.has(connection)
}

/**
 * The connection that `pool.getConnection()` hands out, seen by one borrower: commands are tied to this loan and its tenant,
 * callbacks and listeners run in the caller's context, listeners are gone with the loan. mysql2 hands out the same object
 * again and again, so a connection that somebody kept would work for the next tenant, or be the end of what he runs.
 */
export function lend(options: LoanOptions): WireConnection {
  const { connection, lease } = options
  const target = connection as unknown as Members
  let husk: Members | undefined
  const place = (): Members => (lease.isActive ? target : (husk ??= huskOf(connection) as Members))
  const loan: WireConnection = new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(own, name)) return own[name]
      const value = Reflect.get(place(), name)
      if (typeof value !== 'function' || name === 'constructor') return value
      return (own[name] = methodOf(name, value as Method, { ...options, loan }))
    },
    // What a borrower adds is its own, and gone with the loan; but mysql2's promises set what a connection has (`_paused`).
    set: (_target, name, value) => {
      const there = place()
      if (name in there && typeof there[name] !== 'function') return Reflect.set(there, name, value)
      own[name] = value as Method
      return true
    },
  }) as unknown as WireConnection
  const own = ownMethods({ ...options, loan })
  loans.add(loan)
  return loan
}

interface LoanParts extends LoanOptions {
  readonly loan: WireConnection
}

/** What a loan does in its own way. */
function ownMethods({
  connection,
  gate,
  lease,
  scope,
  steering,
  control,
  loan,
}: LoanParts): Record<string | symbol, Method> {
  const listeners = new LoanListeners(connection)
  const target = connection as unknown as Record<string | symbol, Method>
  const own: Record<string | symbol, Method> = {
    // Around the loan and not around the connection.
    promise: (implementation) => target['promise']!.call(loan, implementation),
    connect: (callback) => {
      if (!lease.isActive) return refused([callback], releasedError(lease))
      return target['connect']!.call(loan, bindIfFunction(callback))
    },
    addCommand: (command) => {
      const problem = problemOf(lease, scope())
      if (problem !== undefined) return refuse(command as Command, problem)
      return gate.pass(() => connection.addCommand(command as Command))
    },
    removeAllListeners: (event) => {
      listeners.clear(event as string | undefined)
      return loan
    },
  }
  own['off'] = own['removeListener'] = (event, listener) => {
    listeners.remove(event as string, listener as Method)
    return loan
  }
  for (const way of LISTENING) {
    own[way] = (event, listener) => {
      if (!lease.isActive) throw releasedError(lease)
      listeners.add(way, event as string, listener as Method)
      return loan
    }
  }
  for (const name of ENDS) own[name] = endOf(name, { connection, lease, listeners, steering, control })
  return own
}

/** With what only the end of a loan needs. */
type Ending = WireConnection & { resume(): void; readonly config: { readonly gracefulEnd?: boolean } }

/** A loan ends once. As of mysql2, `end()` calls back all the same. */
function endOf(
  name: (typeof ENDS)[number],
  parts: Omit<LoanOptions, 'gate' | 'scope'> & { readonly listeners: LoanListeners },
): Method {
  const { lease, listeners, steering, control } = parts
  const connection = parts.connection as Ending
  const method = (connection as unknown as Record<string | symbol, Method>)[name]
  return (...args) => {
    const bound = args.map(bindIfFunction)
    if (!lease.isActive) return void (bound[0] as Method | undefined)?.()
    const isLast = name === 'destroy' || name === 'close' || (name === 'end' && connection.config.gracefulEnd)
    if (!isLast && connection._paused) connection.resume()
    if (!isLast && steering !== undefined) {
      steering.end(control!)
      lease.isActive = false
      ;(bound[0] as Method | undefined)?.()
    } else method?.apply(connection, bound)
    // Who ended the connection may wait for its last event.
    if (isLast) connection.once('end', () => listeners.clear())
    else listeners.clear()
  }
}

/** A method of the connection, for as long as the loan lasts. */
function methodOf(
  name: string | symbol,
  method: Method,
  { connection, gate, lease, scope, steering, loan }: LoanParts,
): Method {
  if (COMMANDS.has(name as string)) {
    return (...args) => {
      const problem = problemOf(lease, scope())
      if (problem !== undefined) return refused(args, problem)
      const bound = args.map(bindIfFunction)
      if (name === 'prepare')
        bound.push(...wrapStatement(bound.pop() as Method | undefined, { gate, lease, scope }))
      const send: Send = (way, given) =>
        withBoundEvents(
          gate.pass(() => (connection[way as 'query'] as Method).apply(connection, given)),
          args,
        )
      const way = String(name)
      return steering === undefined ? send(way, bound) : steered(steering, { way, given: bound, send })
    }
  }
  const isHarmless = HARMLESS.has(name as string) || name in Object.prototype
  return (...args) => {
    if (!lease.isActive && !isHarmless) return undefined
    const result = gate.pass(() => method.apply(connection, args))
    return result === connection ? loan : result
  }
}

type Send = (way: string, given: unknown[]) => unknown

/** Sends what a loan inside a transaction is given, or what stands for it there. */
function steered(
  steering: Steering,
  { way, given, send }: { way: string; given: unknown[]; send: Send },
): unknown {
  let result: unknown
  const callbacks = given.filter((argument) => typeof argument === 'function')
  steering.run(
    wordOfCall(way, given[0]),
    (text) => (result = text === undefined ? send(way, given) : send('query', [text, ...callbacks])),
    (error) => (result = refused(given, error)),
  )
  return result
}

/** Why a command may not run on this loan. */
function problemOf(lease: Lease, scope: Scope | undefined): Error | undefined {
  if (!lease.isActive) return releasedError(lease)
  const { database, tenant } = lease.target
  if (scope === undefined) return undefined
  const current = scope === WITHOUT_TENANT ? undefined : scope.id
  if (current === tenant) return undefined
  return new TenantMismatchError(
    `This connection was checked out for database "${database}" and is used in the context of ` +
      `${current === undefined ? 'no tenant' : `tenant "${current}"`}. Check out a connection where it is used.`,
    { tenant },
  )
}

function releasedError({ target }: Lease): ClientReleasedError {
  return new ClientReleasedError(
    'This connection was released and may serve another tenant now. Call pool.getConnection() again.',
    { tenant: target.tenant },
  )
}

/** A prepared statement outlives its loan; what is handed out looks at the loan each time. */
function wrapStatement(
  callback: Method | undefined,
  { gate, lease, scope }: Omit<LoanOptions, 'connection'>,
): [] | [Method] {
  if (typeof callback !== 'function') return callback === undefined ? [] : [callback]
  return [
    (error, statement) => {
      if (error) return callback(error)
      const inner = statement as PreparedStatement
      const execute: Method = (...args) => {
        const problem = problemOf(lease, scope())
        if (problem !== undefined) return refused(args, problem)
        const bound = args.map(bindIfFunction)
        return withBoundEvents(
          gate.pass(() => (inner.execute as Method).apply(inner, bound)),
          args,
        )
      }
      // The next loan of the tenant finds the same statement in the cache.
      const close: Method = () => (lease.isActive ? inner.close() : undefined)
      return callback(null, Object.create(inner, { execute: { value: execute }, close: { value: close } }))
    },
  ]
}
