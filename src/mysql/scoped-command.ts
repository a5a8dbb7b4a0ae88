import { IsolationError } from '../errors'
import { isOk, MORE_RESULTS, readEof, readOk } from './wire'
import type { Command, OkResult, Packet, WireConnection } from './driver'
import type { EndState } from './wire'

/** One packet that travels in front of a command, and what its answer means. */
export interface Prelude {
  readonly packet: Buffer
  /** It was written. */
  readonly onSent?: () => void
  /** The server has done it. @returns an error that forbids to go on */
  readonly onDone: (packet: Packet) => Error | undefined
  /** The server has refused. */
  readonly onRefused: (packet: Packet) => Error
}

/** What must be sent around a command. */
export interface CommandPlan {
  readonly preludes: readonly Prelude[]
  /** Send the command only when all of them have been answered. */
  readonly awaited: boolean
  /** Go out behind the command, in the same flush. */
  readonly epilogue: readonly Prelude[]
}

const NOTHING: readonly Prelude[] = []

/** Nothing travels around the command. */
export const ALONE: CommandPlan = { preludes: NOTHING, awaited: false, epilogue: NOTHING }

/** What the commands of a connection tell about it. One for all of them, since each query makes two or three commands. */
export interface CommandEvents<Context> {
  /** Decided when the command is about to be written, since only then the commands before it are known to be through. */
  readonly plan: (command: Command, context: Context) => CommandPlan | Error
  /** Lets what `write` sends reach the socket together. */
  readonly atOnce: <T>(write: () => T) => T
  /** It is this command's turn: what mysql2 does from here on, it does for it. Undefined: its turn is over. */
  readonly onTurn: (context: Context | undefined) => void
  /** How an answer, or a part of it, ended. */
  readonly onStatus: (end: EndState) => void
  /** The server has refused the command itself. @returns what to ask it before that is believed, where there is something */
  readonly onError: (command: Command, packet: Packet, context: Context) => Prelude | undefined
  /** The server is in another database now. @returns an error if it may not be there */
  readonly onSchema: (schema: string, context: Context) => Error | undefined
  /** Nothing may be done on this connection any more, for this reason. */
  readonly onBroken: (error: Error) => void
}

type Phase = 'waiting' | 'preludes' | 'command' | 'doubt' | 'epilogue' | 'over'

/*
 * A command with what travels around it, in one flush:
 *
 *   joined   preludes · command · epilogue, their answers in the same order
 *   awaited  preludes, their answers, command (· epilogue)
 *
 * mysql2 calls `start` when it is the command's turn and `execute` with each packet; both are replaced on the instance.
 * Each answer begins with sequence number 1, or one more for each packet of 16 MB that the command filled.
 */
export class ScopedCommand<Context> {
  readonly #command: Command
  readonly #context: Context
  readonly #events: CommandEvents<Context>
  readonly #start: Command['start']
  readonly #execute: (packet: Packet | undefined, connection: WireConnection) => boolean
  #phase: Phase = 'waiting'
  #plan = ALONE
  #answered = 0
  #answeredBehind = 0
  #doubt: { readonly question: Prelude; readonly refusal: Packet } | undefined
  /** What mysql2 goes on with, once the preludes are answered. */
  #next: Command['next']
  /** Numbers that the answer to the command begins with. */
  #answerSequence = 1
  #answerFrame = 0

  constructor(command: Command, context: Context, events: CommandEvents<Context>) {
    this.#command = command
    this.#context = context
    this.#events = events
    // Of the prototype, and called on the command: a bound copy of each per command is what a busy pool would notice.
    this.#start = methodOf(command, 'start')
    this.#execute = methodOf(command, 'execute')
    command.start = (_packet, connection) => this.#begin(connection)
    command.execute = (packet, connection) => {
      events.onTurn(context)
      const isDone = this.#onPacket(packet, connection)
      events.onTurn(undefined)
      return isDone
    }
    if (!command.doneInsert) return
    const doneInsert = methodOf(command, 'doneInsert')!
    command.doneInsert = (result) => {
      // mysql2 could not read a row (a `typeCast` threw) and would take the rest for the answer to what comes next.
      if (result === null) return this.#skipRows(() => doneInsert.call(command, null))
      return this.#mayGoOn(result) ? doneInsert.call(command, result) : null
    }
  }

  #begin(connection: WireConnection): Command['next'] {
    const plan = this.#events.plan(this.#command, this.#context)
    if (plan instanceof Error) return this.#break(plan)
    this.#plan = plan
    if (plan === ALONE) {
      this.#phase = 'command'
      return this.#start.call(this.#command, undefined, connection)
    }
    return this.#events.atOnce(() => this.#write(plan, connection))
  }

  #write(plan: CommandPlan, connection: WireConnection): Command['next'] {
    for (const { packet } of plan.preludes) send(connection, packet)
    this.#phase = plan.preludes.length > 0 ? 'preludes' : 'command'
    if (plan.awaited) {
      connection.sequenceId = 1
      return WAIT
    }
    if (plan.preludes.length > 0) connection._resetSequenceId()
    this.#next = this.#startCommand(connection)
    if (this.#phase === 'command') return this.#next
    connection.sequenceId = 1
    return WAIT
  }

  /** Writes the command and its epilogue. */
  #startCommand(connection: WireConnection): Command['next'] {
    const next = this.#start.call(this.#command, undefined, connection)
    // Nothing was written: a statement that is prepared already, or values that can't be sent.
    if (!next) this.#plan = { ...this.#plan, epilogue: NOTHING }
    this.#answerSequence = connection.sequenceId
    this.#answerFrame = connection.compressedSequenceId
    for (const step of this.#plan.epilogue) {
      send(connection, step.packet)
      step.onSent?.()
    }
    this.#expectAnswer(connection)
    return next
  }

  #expectAnswer(connection: WireConnection): void {
    connection.sequenceId = this.#answerSequence
    connection.compressedSequenceId = this.#answerFrame
  }

  #onPacket(packet: Packet | undefined, connection: WireConnection): boolean {
    if (this.#phase === 'over') return true
    if (packet === undefined) return this.#execute.call(this.#command, packet, connection)
    if (this.#phase === 'preludes') return this.#onPrelude(packet, connection)
    if (this.#phase === 'epilogue') return this.#onEpilogue(packet, connection)
    if (this.#phase === 'doubt') return this.#onDoubtEnd(packet, connection)
    const end = readEof(packet)
    if (end !== undefined) this.#events.onStatus(end)
    const doubt = packet.isError() ? this.#events.onError(this.#command, packet, this.#context) : undefined
    if (doubt !== undefined) return this.#ask(doubt, packet, connection)
    return this.#finish(this.#execute.call(this.#command, packet, connection), connection)
  }

  #onPrelude(packet: Packet, connection: WireConnection): boolean {
    const prelude = this.#plan.preludes[this.#answered]!
    const error = answerTo(prelude, packet)
    if (error !== undefined) {
      this.#break(error)
      return true
    }
    this.#answered += 1
    connection.sequenceId = 1
    if (this.#answered < this.#plan.preludes.length) return false
    this.#phase = 'command'
    if (this.#plan.awaited) {
      connection._resetSequenceId()
      this.#next = this.#events.atOnce(() => this.#startCommand(connection))
    }
    this.#expectAnswer(connection)
    this.#command.next = this.#next
    if (this.#next) return false
    this.#command.emit('end')
    return this.#finish(true, connection)
  }

  /** Keeps an error back until the server has answered what it may come from. */
  #ask(doubt: Prelude, refusal: Packet, connection: WireConnection): boolean {
    this.#phase = 'doubt'
    this.#doubt = { question: doubt, refusal: copyOf(refusal) }
    connection._resetSequenceId()
    send(connection, doubt.packet)
    connection.sequenceId = 1
    return false
  }

  #onDoubtEnd(packet: Packet, connection: WireConnection): boolean {
    const { question, refusal } = this.#doubt!
    const error = answerTo(question, packet)
    if (error !== undefined) {
      this.#break(error)
      return true
    }
    this.#events.onStatus({ status: readOk(packet).status, warnings: 0 })
    this.#phase = 'command'
    return this.#finish(this.#execute.call(this.#command, refusal, connection), connection)
  }

  #finish(isDone: boolean, connection: WireConnection): boolean {
    if (!isDone || this.#isOver()) return isDone
    if (this.#plan.epilogue.length === 0) {
      this.#phase = 'over'
      return true
    }
    this.#phase = 'epilogue'
    connection.sequenceId = 1
    return false
  }

  #onEpilogue(packet: Packet, connection: WireConnection): boolean {
    const { epilogue } = this.#plan
    const error = answerTo(epilogue[this.#answeredBehind]!, packet)
    this.#answeredBehind += 1
    if (error === undefined && this.#answeredBehind < epilogue.length) {
      connection.sequenceId = 1
      return false
    }
    this.#phase = 'over'
    if (error !== undefined) this.#events.onBroken(error)
    return true
  }

  /** Whether the end of a statement without rows is as it should be. */
  #mayGoOn({ serverStatus, warningStatus = 0, stateChanges }: OkResult): boolean {
    if (serverStatus !== undefined) this.#events.onStatus({ status: serverStatus, warnings: warningStatus })
    const schema = stateChanges?.schema
    const error =
      schema === undefined || schema === null ? undefined : this.#events.onSchema(schema, this.#context)
    if (error !== undefined) this.#break(error)
    return error === undefined
  }

  /** Passes over the rows that are left, and tells of the one that could not be read when they are through. */
  #skipRows(finish: () => Command['next']): Command['next'] {
    const skip: NonNullable<Command['next']> = (packet) => {
      const end = packet && readEof(packet)
      if (end === undefined) return skip
      const next = finish()
      return (end.status & MORE_RESULTS) === 0 ? next : this.#break(strayError())
    }
    return skip
  }

  #break(error: Error): null {
    this.#phase = 'over'
    clearTimeout(this.#command.queryTimeout ?? undefined)
    this.#events.onBroken(error)
    return null
  }

  // A method, because the compiler takes the phase for unchanged over calls.
  #isOver(): boolean {
    return this.#phase === 'over'
  }
}

/** What the answer to a packet of ours means: an error that forbids to go on, or nothing. */
function answerTo(prelude: Prelude, packet: Packet): Error | undefined {
  if (packet.isError()) return prelude.onRefused(packet)
  return isOk(packet) ? prelude.onDone(packet) : strayError()
}

/** mysql2 has one object for all packets. */
function copyOf(packet: Packet): Packet {
  return Object.assign(Object.create(Object.getPrototypeOf(packet) as object) as Packet, packet)
}

function strayError(): IsolationError {
  return new IsolationError(
    'The answers on this connection can no longer be told apart, so it was closed. The query may or may not have run.',
  )
}

/** Stands in as the next step while the preludes are answered. */
const WAIT: NonNullable<Command['next']> = () => WAIT

/** Each command begins its sequence anew, the compressed one, too ("Got packets out of order" otherwise). */
function send(connection: WireConnection, packet: Buffer): void {
  connection.compressedSequenceId = 0
  connection.write(packet)
}

function methodOf<Name extends keyof Command>(command: Command, name: Name): Command[Name] {
  return command[name]
}
