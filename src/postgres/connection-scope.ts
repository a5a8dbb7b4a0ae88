import { IsolationError } from '../errors'
import { OneWrite } from '../one-write'
import type { StatementClass } from './classify'
import type { ServerMessage, Submittable, TextQuery, WireConnection } from './driver'
import { SessionHygiene } from './hygiene'
import { afterEvent, needOf, resolvePath, UNKNOWN } from './path-state'
import type { PathEvent, PathState } from './path-state'
import { astrayError, notClearedError } from './lease-errors'
import type { Lease, SessionOptions } from './lease'
import { PASS, SWALLOW } from './reaction'
import type { Reaction } from './reaction'
import { canonicalReport } from './search-path'
import type { SearchPath } from './search-path'
import { isInSight, mayMissSchema, missSchema, seeSchema } from './schema-sighting'
import { ANYTHING, classOf, completeByName, extend } from './query-class'
import { SessionSetup } from './session-setup'
import { hintAtSharedSchemas } from './shared-schema-hint'
import { StatementOwners } from './statements'
import { SyncCount } from './sync-count'
import { CHECK_FAILED, switchErrorOf, writeSwitch } from './switch'
import type { CheckDepth, SwitchMode } from './switch'
import { SwitchReplies } from './switch-replies'
import { verify } from './verification'

/** Whose switch, how, and what to do when it is through. */
interface Intent {
  readonly wanted: SearchPath
  readonly mode: SwitchMode
  /** Undefined: nothing is checked, on the default path and in a transaction. */
  readonly check: CheckDepth | undefined
  readonly backendPid: number
  readonly proceed: () => unknown
}

/** A switch on its way. */
interface Switching {
  readonly intent: Intent
  readonly replies: SwitchReplies
}

/**
 * Scopes one connection: decides what must travel in front of each query, writes it, and tells the answers to that from
 * the answers to the query. Knows the protocol's messages, and nothing of pools.
 */
export class ConnectionScope {
  readonly #connection: WireConnection
  readonly #oneWrite: OneWrite<'_send'>
  readonly #syncs: SyncCount
  readonly #options: SessionOptions
  readonly #hygiene: SessionHygiene
  readonly #setup = new SessionSetup()
  readonly #statements = new StatementOwners()
  #path: PathState = UNKNOWN
  /** The path that this session served last. */
  #served: string | undefined
  #switching: Switching | undefined
  #running: StatementClass = ANYTHING
  #wanted: SearchPath | undefined
  /** The running query was answered with an error, which takes back the switch in front of it. */
  #hasFailed = false
  /** Strings end where the scanner thinks; with standard_conforming_strings off they may not. */
  #readsText = true
  /** A telling check has passed: the backend is the one that this connection was opened to. */
  #isBackendKnown = false
  /** The running read relies on an earlier look at its schema. */
  #unchecked: Pick<Intent, 'wanted' | 'backendPid'> | undefined
  /** A plain check failed, or a read without one: at ReadyForQuery the switch is tried again, to learn the reason. */
  #retry: Intent | undefined

  constructor(connection: WireConnection, options: SessionOptions) {
    this.#connection = connection
    this.#oneWrite = new OneWrite(connection, '_send')
    this.#syncs = new SyncCount(connection)
    this.#options = options
    this.#hygiene = new SessionHygiene(options.hygiene)
  }

  /** A query of the application's connect hook will run. */
  onSetupQuery(query: TextQuery): void {
    this.#setup.onQuery(query)
  }

  /** A loan ended. */
  onRelease(): void {
    this.#see({ type: 'released' })
  }

  /**
   * Submits a query to the idle connection, behind whatever it needs in front.
   *
   * @param write - pg's own submit
   * @param backendPid - pid from the startup messages
   * @returns as pg's submit: an Error means that nothing was written
   */
  submit(lease: Lease, query: Submittable, write: () => unknown, backendPid: number): unknown {
    const unknown = completeByName(
      query,
      (name) => this.#connection.parsedStatements[name] ?? this.#setup.textOf(name),
    )
    if (unknown !== undefined) return unknown
    const statement = this.#readsText ? classOf(query) : ANYTHING
    const key = resolvePath(this.#path, lease.wanted.path)
    const isInTransaction = this.#path.status !== 'I'
    const send = (): unknown => {
      this.#statements.refresh(this.#connection, query, key)
      try {
        return write()
      } catch (error) {
        // Thrown out of the driver's parser, where nobody could catch it: as if pg had refused the query.
        return error instanceof Error ? error : new Error(String(error))
      }
    }
    this.#syncs.begin()
    this.#running = statement
    this.#wanted = lease.wanted
    this.#unchecked = undefined
    this.#hasFailed = false
    if (statement.kind === 'control' || (statement.kind === 'begin' && isInTransaction))
      return this.#atOnce(send)

    const changesTenant = this.#served !== undefined && this.#served !== key
    if (changesTenant && isInTransaction) {
      return new IsolationError('A transaction of another tenant is still open on this connection.')
    }
    const discard = changesTenant && this.#hygiene.mustDiscard()
    const isSeen = this.#isBackendKnown && !this.#hygiene.mayHaveTables && isInSight(lease.wanted, statement)
    const need = needOf(this.#path, lease.wanted.path, isSeen)
    this.#served = key
    const isPatient = this.#hygiene.mayHaveTimeout
    if (discard) this.#hygiene.onDiscarded()
    this.#hygiene.onStatement(statement, lease.isLent)
    if (need.check === 'relied') this.#unchecked = { wanted: lease.wanted, backendPid }
    const mustCheck = need.check === 'due'
    if (!need.set && !mustCheck && !discard) return this.#atOnce(send)

    const mode = statement.kind === 'dml' ? 'joined' : statement.kind === 'begin' ? 'ahead' : 'awaited'
    if (mode === 'joined') extend(query as TextQuery)
    // A plain check that failed is asked again for the reason; not where that comes too late.
    const isTelling = mode !== 'joined' || !this.#isBackendKnown
    const check = !mustCheck ? undefined : isTelling ? 'telling' : 'plain'
    return this.#atOnce(() => {
      const simple = discard ? this.#writeDiscard(isPatient) : 0
      return this.#switch(
        { wanted: lease.wanted, mode, check, backendPid, proceed: send },
        simple,
        need.set || discard,
      )
    })
  }

  /** DISCARD ALL must stand alone: it can't run in a transaction, not even the implicit one of several statements. */
  #writeDiscard(isPatient: boolean): number {
    const connection = this.#connection
    if (isPatient) connection.query('SET statement_timeout = 0')
    connection.query('DISCARD ALL')
    this.#forgetStatements()
    this.#see({ type: 'discarded' })
    return (isPatient ? 2 : 1) + this.#setup.replay(connection)
  }

  #switch(intent: Intent, simple: number, set: boolean): unknown {
    const ownSync = intent.mode !== 'joined'
    const executes = writeSwitch(this.#connection, intent.wanted, {
      set,
      check: intent.check,
      backendPid: this.#options.pooler === 'none' ? intent.backendPid : undefined,
    })
    if (ownSync) this.#connection.sync()
    this.#switching = { intent, replies: new SwitchReplies({ simple, executes, ownSync }) }
    if (intent.mode === 'awaited') return null
    const unfit = intent.proceed()
    if (!(unfit instanceof Error)) return unfit
    // pg refused the query and wrote nothing of it: give the switch its Sync and tell when that is answered.
    if (!ownSync) this.#connection.sync()
    const replies = new SwitchReplies({ simple, executes, ownSync: true })
    this.#switching = { intent: { ...intent, mode: 'awaited', proceed: () => unfit }, replies }
    return null
  }

  /** ParameterStatus; `isSetUp` tells that the application's connect hook is through. */
  onSetting(name: string, value: string, isSetUp: boolean): void {
    if (name === 'standard_conforming_strings') this.#readsText = value === 'on'
    if (name === 'search_path')
      this.#see({
        type: 'reported',
        path: canonicalReport(value, this.#switching?.intent.wanted),
        isStartup: !isSetUp,
      })
    else if (isSetUp && this.#switching?.replies.done !== false) this.#hygiene.onSetting(name)
  }

  /** ParseComplete of a query that may have a name. */
  onParseComplete(query: Submittable | null | undefined): Reaction {
    if (this.#switching?.replies.onDetail() === 'swallow') return SWALLOW
    this.#statements.onParsed(query, this.#served)
    return PASS
  }

  /** RowDescription, DataRow, EmptyQueryResponse. */
  onDetail(): Reaction {
    return this.#switching?.replies.onDetail() === 'swallow' ? SWALLOW : PASS
  }

  onCommandComplete(tag: string, query: Submittable | null | undefined): Reaction {
    const verdict = this.#switching?.replies.onCommandComplete() ?? 'pass'
    if (verdict === 'switched') {
      const { wanted, check } = this.#switching!.intent
      if (check === 'telling') this.#isBackendKnown = true
      if (check !== undefined) seeSchema(wanted)
      this.#see({ type: 'switched', path: resolvePath(this.#path, wanted.path) })
    }
    if (verdict !== 'pass') return SWALLOW
    this.#hygiene.onCommandTag(tag)
    // pg goes on to believe in statements that the server has forgotten.
    if (tag === 'DISCARD ALL' || tag === 'DEALLOCATE ALL') this.#forgetStatements()
    this.#setup.onCompleted(query)
    return PASS
  }

  onError(message: ServerMessage): Reaction {
    this.#see({ type: 'failed' })
    const verdict = this.#switching?.replies.onError(message) ?? 'pass'
    if (verdict === 'pass') return this.#onUserError(message)
    if (verdict !== 'refused') return SWALLOW
    const { intent } = this.#switching!
    const { wanted, check } = intent
    if (check !== undefined) missSchema(wanted)
    if (check === 'telling' || message.code !== CHECK_FAILED) {
      return { type: 'fail', error: switchErrorOf(wanted, message) }
    }
    this.#retry = intent
    return SWALLOW
  }

  #onUserError(message: ServerMessage): Reaction {
    this.#hasFailed = true
    if (this.#wanted !== undefined) hintAtSharedSchemas(message, this.#wanted)
    if (this.#unchecked === undefined || !mayMissSchema(message.code)) return PASS
    this.#retry = { ...this.#unchecked, mode: 'awaited', check: 'telling', proceed: () => message }
    return SWALLOW
  }

  /** A ReadyForQuery is to come for what runs now. */
  get isSyncDue(): boolean {
    return this.#syncs.isDue
  }

  onReadyForQuery(status: 'I' | 'T' | 'E'): Reaction {
    if (!this.#syncs.onReadyForQuery()) return SWALLOW
    const switching = this.#switching
    const verdict = switching?.replies.onReadyForQuery() ?? 'pass'
    if (this.#retry !== undefined) return this.#retryForReason(this.#retry, status)
    if (verdict === 'swallow') return SWALLOW
    if (verdict === 'broken')
      return { type: 'abandon', error: notClearedError(switching!.intent.wanted, switching!.replies.failure) }
    if (verdict === 'astray') return { type: 'abandon', error: astrayError(switching!.intent.wanted) }
    this.#see({ type: 'ready', status, effect: verdict === 'settled' ? 'none' : this.#running.effect })
    this.#switching = undefined
    if (verdict === 'settled') return this.#afterOwnSync(switching!)
    const moved = this.#hasFailed ? undefined : verify(this.#path, this.#wanted, this.#running)
    return moved === undefined ? PASS : { type: 'abandon', error: moved }
  }

  #retryForReason(refused: Intent, status: 'I' | 'T' | 'E'): Reaction {
    this.#retry = undefined
    this.#see({ type: 'ready', status, effect: 'none' })
    this.#syncs.begin()
    this.#atOnce(() => this.#switch({ ...refused, mode: 'awaited', check: 'telling' }, 0, true))
    return SWALLOW
  }

  /** The switch's own Sync is answered: go on with the user's query, or tell why not. */
  #afterOwnSync({ replies, intent }: Switching): Reaction {
    const { wanted, mode, proceed } = intent
    const error = replies.failure && switchErrorOf(wanted, replies.failure)
    // BEGIN is on its way behind its own Sync and will run: nobody may use this connection.
    if (mode === 'ahead') return error === undefined ? SWALLOW : { type: 'abandon', error }
    if (error !== undefined) return { type: 'fail', error }
    this.#syncs.begin()
    const unfit = this.#atOnce(proceed)
    return unfit instanceof Error ? { type: 'fail', error: unfit } : SWALLOW
  }

  #forgetStatements(): void {
    this.#connection.parsedStatements = {}
    this.#connection.submittedNamedStatements = {}
    this.#statements.clear()
  }

  #atOnce(write: () => unknown): unknown {
    // What isn't plain text may write to the stream itself.
    return this.#running.kind === 'other' ? this.#oneWrite.cork(write) : this.#oneWrite.run(write)
  }

  #see(event: PathEvent): void {
    this.#path = afterEvent(this.#path, event)
  }
}
