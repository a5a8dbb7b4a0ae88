import type { Command, WireConnection } from './driver'

/** Who takes the commands of a connection in mysql2's place. */
export interface CommandTaker {
  /** @param add - mysql2's own way to take it */
  readonly onCommand: (command: Command, add: (command: Command) => Command) => Command
  /** The connection takes no command any more. */
  readonly onClosed: (error: Error) => void
}

/**
 * Takes the commands of a connection to its end. mysql2 replaces `addCommand` when the connection closes, by one that answers
 * callbacks alone: a stream would wait for ever.
 */
export function takeCommands(connection: WireConnection, { onCommand, onClosed }: CommandTaker): void {
  const add = connection.addCommand.bind(connection)
  const take = (command: Command): Command => onCommand(command, add)
  Object.defineProperty(connection, 'addCommand', {
    configurable: true,
    get: () => take,
    set: () => onClosed(closedError()),
  })
}

/** As mysql2 words it. */
function closedError(): Error {
  return Object.assign(new Error("Can't add new command when connection is in closed state"), { fatal: true })
}
