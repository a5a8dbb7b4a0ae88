import { bindToContext } from '../tenant/context'
import { refuse } from './command-checks'
import { createQuery } from './driver'
import type { Command } from './driver'

type Method = (...args: unknown[]) => unknown

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

/** A command that never goes out: tells why, in the callback or by its events. */
export function refused(args: readonly unknown[], error: Error): Command {
  const [given] = args as readonly (Partial<Command> | undefined)[]
  // The pool itself gives one that is made already.
  if (typeof given?.emit === 'function') return refuse(given as Command, error)
  const command = createQuery('')
  const callback = args.find((argument) => typeof argument === 'function') as Method | undefined
  if (callback) command.onResult = callback
  return refuse(command, error)
}
