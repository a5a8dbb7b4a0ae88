import { ClientReleasedError, IsolationError, TenantMismatchError } from '../errors'
import { ANYTHING, classify } from './classify'
import type { StatementClass } from './classify'
import type { Command, CommandKind, DatabaseError, WireConnection } from './driver'
import type { Lease, Target } from './lease'
import { scanSql } from './sql-scanner'
import { ownerOf } from './statements'

/** Why a command may not run on this connection now. */
export function refusalOf(command: Command, kind: CommandKind, lease: Lease | undefined): Error | undefined {
  if (lease === undefined) {
    return new ClientReleasedError(
      'This connection is not on loan. Use the one that pool.getConnection() gave you, before its release. To set up new ' +
        "connections, query in a listener of the pool's `connection` event, without waiting in between.",
    )
  }
  const { database, tenant } = lease.target
  if (kind === 'changeUser') {
    return new TenantMismatchError(
      'changeUser() would leave the tenant, and is refused. Use a pool of its own.',
      { tenant },
    )
  }
  const owner = command.statement && ownerOf(command.statement)
  if (owner === undefined || owner === database) return undefined
  return new TenantMismatchError(
    `This statement was prepared in database "${owner}" and would run there, not in "${database}". Prepare it where it is used.`,
    { tenant },
  )
}

/** Ends a command that never went out. */
export function refuse(command: Command, error: Error): Command {
  process.nextTick(fail, command, error)
  return command
}

/** Answers a command that came too late. Unlike a refusal it may go unheard, as of mysql2: the connection is at fault. */
export function turnAway(command: Command, error: Error): Command {
  process.nextTick(tellLost, command, error)
  return command
}

/** Tells a command that its connection is gone; an event of an error that nobody listens to would end the process. */
export function tellLost(command: Command, error: Error): void {
  if (command.onResult || command.listenerCount('error') > 0) fail(command, error)
  else command.emit('end')
}

function fail(command: Command, error: Error): void {
  if (command.onResult) command.onResult(error)
  else command.emit('error', error)
  command.emit('end')
}

/** The text of a command, or of the statement that it executes. */
export function textOf(command: Command): string | undefined {
  return command.sql ?? command.options?.sql ?? command.statement?.query
}

/** What the text of a command says about it. */
export function classOf(command: Command): StatementClass {
  const text = textOf(command)
  return text === undefined ? ANYTHING : classify(text)
}

/** Whether a command is a USE. The server goes back after a prepared one, and reports only that. */
export function isUse({ kind }: StatementClass, command: Command): boolean {
  if (kind !== 'other') return false
  const [first] = scanSql(textOf(command) ?? '')
  return first?.text === 'use'
}

/** mysql2's key for the statement that a command prepares. */
export function keyOf(connection: WireConnection, command: Command): string {
  return (connection.constructor as unknown as { statementKey(options: unknown): string }).statementKey(
    command.options,
  )
}

/** A callback that hears the first answer only. */
export function onceOnly(callback: (...args: unknown[]) => void): (...args: unknown[]) => void {
  let isCalled = false
  return (...args) => {
    if (isCalled) return
    isCalled = true
    callback(...args)
  }
}

/** The error where a session could not be cleared. */
export function notClearedError({ tenant }: Target, cause: DatabaseError): IsolationError {
  return new IsolationError(
    'The session state of the tenant before could not be cleared, so this connection was closed. The query may or may not have run.',
    { tenant, cause },
  )
}

/** The error for a USE that nobody would see the effect of. */
export function useError({ database, tenant }: Target): IsolationError {
  return new IsolationError(
    `A prepared USE would not leave "${database}", and was not sent; the connection was closed.`,
    { tenant },
  )
}

/** The error for a text that takes a role, or may do so. */
export function roleError({ tenant }: Target): IsolationError {
  return new IsolationError(
    "This SQL would take another role than the tenant's (SET ROLE), or runs SQL that is not all there (EXECUTE IMMEDIATE, " +
      'PREPARE). It was not sent; the connection was closed.',
    { tenant },
  )
}

/** The error where a connection is in another database than its loan. */
export function elsewhereError({ database, tenant }: Target, schema: string): IsolationError {
  return new IsolationError(
    `The server reports database "${schema}" where "${database}" was expected (a USE in the SQL?); the connection was closed.`,
    { tenant },
  )
}
