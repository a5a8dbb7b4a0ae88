import { ClientReleasedError, TenantMismatchError } from '../errors'
import { bindToContext, WITHOUT_TENANT } from '../tenant/context'
import type { Scope } from '../tenant/context'
import { createQuery } from './driver'
import type { Command, PreparedStatement, WireConnection } from './driver'
import type { Lease } from './lease'

type Method = (...args: unknown[]) => unknown

/** What a loan needs of its pool. */
export interface LoanOptions {
  readonly connection: WireConnection
  readonly lease: Lease
  /** What the calling code may touch now, to notice a connection that wandered to another tenant's request. */
  readonly scope: () => Scope | undefined
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
  'unprepare',
])
const LISTENING = new Set(['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'])

/**
 * The connection that `pool.getConnection()` hands out, seen by one borrower: commands are tied to this loan and its tenant,
 * callbacks and listeners run in the caller's context, listeners are gone with the loan. mysql2 hands out the same object
 * again and again, so a connection that somebody kept would work for the next tenant.
 */
export function lend({ connection, lease, scope }: LoanOptions): WireConnection {
  const listeners: [event: string, bound: Method][] = []
  const target = connection as unknown as Record<string | symbol, unknown>
  const own: Record<string | symbol, Method> = {
    release: () => {
      if (!lease.isActive) return
      for (const [event, bound] of listeners) connection.removeListener(event, bound)
      connection.release()
    },
    // Around the loan and not around the connection.
    promise: (implementation) => (target['promise'] as Method).call(loan, implementation),
  }
  const command = (name: string): Method => {
    return (...args) => {
      const problem = problemOf(lease, scope())
      if (problem !== undefined) return refused(args, problem)
      const bound = args.map(bindIfFunction)
      if (name === 'prepare')
        bound.push(...wrapStatement(bound.pop() as Method | undefined, { lease, scope }))
      return withBoundEvents((target[name] as Method).apply(connection, bound), args)
    }
  }
  const listen = (name: string): Method => {
    return (event, listener) => {
      if (!lease.isActive) throw releasedError(lease)
      const bound = Object.assign(bindIfFunction(listener) as Method, { listener })
      listeners.push([event as string, bound])
      ;(target[name] as Method).call(connection, event, bound)
      return loan
    }
  }
  const loan = new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(own, name)) return own[name]
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function' || name === 'constructor') return value
      if (COMMANDS.has(name as string)) return (own[name] = command(name as string))
      if (LISTENING.has(name as string)) return (own[name] = listen(name as string))
      return (own[name] = (...args) => {
        const result: unknown = (value as Method).apply(connection, args)
        return result === connection ? loan : result
      })
    },
  }) as unknown as WireConnection
  return loan
}

/** Binds the callbacks among the arguments of a call to its context. */
export function bindIfFunction(argument: unknown): unknown {
  return typeof argument === 'function' ? bindToContext(argument as Method) : argument
}

/** A command without a callback is listened to: its events belong to the context of the call. */
export function withBoundEvents(result: unknown, args: readonly unknown[]): unknown {
  const command = result as Partial<Command> | undefined
  if (args.some((argument) => typeof argument === 'function') || typeof command?.emit !== 'function')
    return result
  command.emit = bindToContext(command.emit.bind(command))
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
  { lease, scope }: Omit<LoanOptions, 'connection'>,
): [] | [Method] {
  if (typeof callback !== 'function') return callback === undefined ? [] : [callback]
  return [
    (error, statement) => {
      if (error) return callback(error)
      const inner = statement as PreparedStatement
      const execute: Method = (...args) => {
        const problem = problemOf(lease, scope())
        if (problem !== undefined) return refused(args, problem)
        return withBoundEvents((inner.execute as Method).apply(inner, args.map(bindIfFunction)), args)
      }
      return callback(null, Object.create(inner, { execute: { value: execute } }))
    },
  ]
}

/** A command that never goes out: tells why, in the callback or by its events. */
function refused(args: readonly unknown[], error: Error): Command {
  const command = createQuery('')
  const callback = args.find((argument) => typeof argument === 'function') as Method | undefined
  process.nextTick(() => {
    if (callback) callback(error)
    else command.emit('error', error)
    command.emit('end')
  })
  return command
}
