import { IsolationError } from '../errors'
import { onMismatch } from '../observe/isolation'
import { SwitchWatch } from '../observe/switches'
import { OneWrite } from '../one-write'
import {
  classOf,
  elsewhereError,
  isUse,
  keyOf,
  notClearedError,
  onceOnly,
  refusalOf,
  refuse,
  roleError,
  textOf,
  turnAway,
  useError,
} from './command-checks'
import { afterEvent, needOf } from './database-state'
import type { DatabaseEvent, DatabaseState, Wish } from './database-state'
import { kindOf } from './driver'
import type { Command, CommandKind, DatabaseError, Packet, WireConnection } from './driver'
import { Gate } from './gate'
import { SessionHygiene } from './hygiene'
import type { Hygiene } from './hygiene'
import { InFlight } from './in-flight'
import type { Lease, Target } from './lease'
import { ParkCommand } from './park-command'
import type { Parking } from './parking'
import { ALONE, ScopedCommand } from './scoped-command'
import type { CommandEvents, CommandPlan, Prelude } from './scoped-command'
import { SessionCharset } from './session-charset'
import { SessionSetup } from './session-setup'
import { SessionStatus } from './session-status'
import { statusQuestion } from './status-question'
import { ownerOf, TenantStatements } from './statements'
import { errorNumberOf, mayMissDatabase } from './switch-errors'
import { takeCommands } from './take-commands'
import type { CommandTaker } from './take-commands'
import { takesRole } from './takes-role'
import type { EndState } from './wire'
import { waysOf } from './ways'
import type { Ways } from './ways'
import { PARKING, RESET_PACKET } from './wire'

/** How the connections of a pool are scoped. */
export interface ScopeOptions {
  readonly hygiene: Hygiene
  /** `awaited`: a switch is a round trip of its own, for proxies that take one command at a time. */
  readonly switch: 'joined' | 'awaited'
  /** LOAD DATA LOCAL is allowed: then nothing may stand behind a command while it runs. */
  readonly allowsLocalFiles: boolean
  /** Databases that this pool has been in. */
  readonly known: Set<string>
  /** The account may work in a tenant by the tenant's role alone. */
  readonly hasRoles: boolean
}

/** One command of a loan. */
interface Task {
  readonly kind: CommandKind
  readonly lease: Lease
}

/**
 * Scopes one connection: decides what must travel around each command, and what its answers mean. Every way to use a
 * connection of mysql2 ends in `addCommand`, which is replaced here.
 */
export class ConnectionScope {
  /** Commands of a loan come through it. */
  readonly gate = new Gate(() => this.#lease?.target.tenant)
  /** What its answers tell of transactions. */
  readonly status: SessionStatus
  readonly #connection: WireConnection
  readonly #oneWrite: OneWrite<'write'>
  readonly #options: ScopeOptions
  readonly #hygiene: SessionHygiene
  readonly #setup: SessionSetup
  readonly #charset: SessionCharset
  /** Why nothing more may be sent. */
  #brokenBy: Error | undefined
  readonly #statements: TenantStatements
  /** Commands whose answers are outstanding; the one to an epilogue does not count. */
  readonly inFlight = new InFlight()
  readonly #watch = new SwitchWatch('mysql')
  #state: DatabaseState
  #lease: Lease | undefined
  /** The loan of the command that is being written or answered; it may have ended, and another begun. */
  #turn: Lease | undefined
  #isSetUp = false
  readonly #ways: Ways
  readonly #askStatus: Prelude
  readonly #events: CommandEvents<Task> = {
    plan: (command, task) => this.#plan(command, task),
    atOnce: (write) => this.#atOnce(write),
    onTurn: (task) => (this.#turn = task?.lease),
    onStatus: (end) => this.#onStatus(end),
    onError: (command, packet, task) => this.#onError(command, packet, task),
    onSchema: (schema, task) => this.#onSchema(schema, task),
    onBroken: (error) => this.#giveUp(error),
  }

  constructor(connection: WireConnection, options: ScopeOptions) {
    this.#connection = connection
    this.#oneWrite = new OneWrite(connection, 'write')
    this.#options = options
    // Who connects may have a role from the start: a default one.
    this.#state = { at: options.hasRoles ? undefined : PARKING, served: undefined }
    this.#ways = waysOf(connection, options.hasRoles, {
      onEntered: ({ database }, stays) => {
        options.known.add(database)
        if (stays) this.#see({ type: 'at', database })
      },
      onRefused: ({ database }) => void options.known.delete(database),
      onParked: () => this.#see({ type: 'at', database: PARKING }),
      errorOf: (packet) => this.#errorOf(packet),
    })
    this.#askStatus = statusQuestion(connection)
    this.#hygiene = new SessionHygiene(options.hygiene)
    this.status = new SessionStatus(connection._handshakePacket?.statusFlags)
    this.#setup = new SessionSetup(connection)
    this.#charset = new SessionCharset(connection.config)
    const { maxPreparedStatements: max } = connection.config
    this.#statements = new TenantStatements(max, () => (this.#turn ?? this.#lease)?.target.database)
    connection._statements = this.#statements
    const onCommand: CommandTaker['onCommand'] = (command, add) => this.#add(command, add)
    takeCommands(connection, { onCommand, onClosed: (error) => (this.#brokenBy ??= error) })
    connection.on('error', (error) => this.inFlight.lose(error as Error))
  }

  /** From now on commands belong to this loan. */
  begin(lease: Lease): void {
    this.#isSetUp = true
    this.#lease = lease
  }

  /** The loan ended; what it has in flight still runs as its own. */
  end(): void {
    if (this.#lease !== undefined) this.#lease.isActive = false
    this.#lease = undefined
  }

  /** The session holds what can't be cleared. */
  get mustClose(): boolean {
    return this.#hygiene.mustClose
  }

  /** Leaves the tenant's database, unless the connection is parked already or switches are awaited anyway. */
  park(): Parking {
    // Only now are all answers there, also to what nobody waited for before the release.
    if (this.status.isUncertain || this.#hygiene.mayHaveCharset(this.#state.served))
      this.#see({ type: 'used' })
    const mustPark = this.#state.at !== PARKING && this.#options.switch !== 'awaited'
    const { parking } = this.#ways
    if (mustPark && !parking.isUnderWay) {
      parking.onSent()
      this.#connection.addCommand(new ParkCommand(parking.steps) as unknown as Command)
    }
    return parking
  }

  #add(command: Command, add: (command: Command) => Command): Command {
    const isParking = command instanceof ParkCommand
    if (this.#brokenBy !== undefined) return isParking ? command : turnAway(command, this.#brokenBy)
    if (isParking) return add(command)
    const kind = kindOf(command)
    if (kind === 'other') return add(command)
    const lease = this.gate.isOpen ? this.#lease : undefined
    if (lease === undefined && !this.#isSetUp && kind !== 'changeUser') {
      // Anything else can have moved the connection.
      if (!this.#setup.onCommand(command)) this.#see({ type: 'doubted' })
      return add(command)
    }
    const refusal = refusalOf(command, kind, lease)
    if (refusal !== undefined) return refuse(command, refusal)
    this.#arm(command, kind, lease!)
    return add(command)
  }

  #arm(command: Command, kind: CommandKind, lease: Lease): void {
    this.inFlight.add(command)
    // A connection that dies while only our parking is outstanding would call back a second time.
    if (command.onResult) command.onResult = onceOnly(command.onResult)
    new ScopedCommand(command, { kind, lease }, this.#events)
  }

  #plan(command: Command, { kind, lease: { target, isLent, problemOf } }: Task): CommandPlan | Error {
    const problem = problemOf?.(textOf(command))
    if (problem !== undefined) return problem
    this.#charset.keep()
    const { database } = target
    const owner = command.statement && ownerOf(command.statement)
    if (owner !== undefined && owner !== database) return elsewhereError(target, owner)
    const { switch: how, allowsLocalFiles, known, hasRoles } = this.#options
    const statement = classOf(command)
    if (kind === 'prepare' && isUse(statement, command)) return useError(target)
    if (hasRoles && statement.kind === 'other' && takesRole(textOf(command) ?? '')) return roleError(target)
    const need = needOf(this.#state, {
      database,
      needsDatabase: this.#needsDatabase(command, kind),
      isDirty: this.#hygiene.mustReset,
      isKnown: known.has(database),
      isAwaited: how === 'awaited',
      parking: PARKING,
      hasRole: hasRoles,
    })
    this.#see({ type: 'serves', database })
    this.#watch.onServe(target.tenant, need.reset)
    if (need.reset) this.#onReset()
    if (kind === 'reset') this.#charset.forget()
    this.#hygiene.onStatement(statement, isLent, textOf(command))
    // What could move the connection is not believed to leave it where it was.
    const stays = statement.kind !== 'other' && !(hasRoles && statement.effect === 'any')
    if (need.enter || !stays) this.#see({ type: 'doubted' })
    const parks = need.enter && !isLent && how === 'joined' && !allowsLocalFiles
    if (!need.reset && !need.enter) return ALONE
    const entering = need.enter ? this.#ways.enter(target, stays) : []
    return {
      preludes: need.reset ? [...this.#reset(target), ...entering] : entering,
      awaited: need.awaited,
      epilogue: parks ? this.#ways.parking.steps : [],
    }
  }

  /** Compression makes a frame, with a number of its own, of each packet. */
  #atOnce<T>(write: () => T): T {
    return this.#connection.config.compress ? this.#oneWrite.cork(write) : this.#oneWrite.run(write)
  }

  #needsDatabase(command: Command, kind: CommandKind): Wish['needsDatabase'] {
    if (kind === 'reset') return 'never'
    // Its rights are looked at anew with each execution (measured).
    if (kind === 'execute') return this.#options.hasRoles ? 'always' : 'never'
    if (kind === 'query') return 'always'
    const isPrepared = this.#statements.has(keyOf(this.#connection, command))
    return isPrepared ? 'afterReset' : 'always'
  }

  #reset(target: Target): Prelude[] {
    this.#statements.clear()
    const onRefused = (packet: Packet): Error => notClearedError(target, this.#errorOf(packet))
    const onDone = (): undefined => undefined
    return [RESET_PACKET, ...this.#setup.packets()].map((packet) => ({ packet, onDone, onRefused }))
  }

  #onReset(): void {
    this.#charset.restore()
    this.#hygiene.onReset()
    this.status.onReset()
  }

  #onStatus({ status, warnings }: EndState): void {
    this.status.onStatus(status)
    if (warnings > 0) this.#hygiene.onMessages()
  }

  #onError(command: Command, packet: Packet, { kind, lease }: Task): Prelude | undefined {
    this.#hygiene.onMessages()
    this.status.onError(errorNumberOf(packet))
    const statement = classOf(command).kind
    if (statement === 'other') this.status.onFailedBlock()
    // A prepared statement runs in its own database, and nobody has looked whether that is still there.
    const isUnseen = kind === 'execute' && !this.#options.hasRoles
    if (isUnseen && mayMissDatabase(packet)) return this.#ways.entering.aim(lease.target, true)
    // DDL has committed what was before it, and so may a procedure: an error does not tell.
    const mayHaveEnded = lease.problemOf !== undefined && statement !== 'read' && statement !== 'write'
    return mayHaveEnded && !this.status.isRolledBack ? this.#askStatus : undefined
  }

  #onSchema(schema: string, { kind, lease: { target } }: Task): Error | undefined {
    // A prepared statement goes to its own database and comes back, and the server reports the return.
    if (kind === 'execute' && this.#isReturn(schema, target)) return undefined
    // Of the role the server says nothing.
    if (!this.#options.hasRoles) this.#see({ type: 'at', database: schema })
    return schema === target.database ? undefined : elsewhereError(target, schema)
  }

  #isReturn(schema: string, { database }: Target): boolean {
    const { at } = this.#state
    return at === undefined ? schema === PARKING || schema === database : schema === at
  }

  /** Ends the connection, and tells everybody who waits on it why. */
  #giveUp(error: Error): void {
    if (error instanceof IsolationError) onMismatch(error)
    // Before the callbacks, which may send more.
    this.#brokenBy = error
    this.#connection._notifyError(error)
    this.#connection.destroy()
  }

  #errorOf(packet: Packet): DatabaseError {
    return packet.asError(this.#connection.clientEncoding)
  }

  #see(event: DatabaseEvent): void {
    this.#state = afterEvent(this.#state, event)
  }
}
