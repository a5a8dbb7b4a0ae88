import { IsolationError } from '../errors'
import { SwitchWatch } from '../observe/switches'
import { OneWrite } from '../one-write'
import type { StatementClass } from './classify'
import type { ServerMessage, Submittable, TextQuery, WireConnection } from './driver'
import {
  hintAtDirectConnection,
  isOfPrefix,
  prefixOf,
  shiftPosition,
  withPrefix,
  writeLocalSwitch,
} from './local-switch'
import { afterEvent, afterEventLocally, needOf, resolvePath, UNKNOWN } from './path-state'
import type { PathEvent, PathState } from './path-state'
import { astrayError, notClearedError } from './lease-errors'
import type { Lease, SessionOptions } from './lease'
import { PASS, SWALLOW } from './reaction'
import type { Reaction } from './reaction'
import { canonicalReport } from './search-path'
import type { SearchPath } from './search-path'
import { isInSight, mayMissSchema, missSchema, seeSchema } from './schema-sighting'
import { ANYTHING, classOf, extend } from './query-class'
import { Session } from './session'
import { hintAtSharedSchemas } from './shared-schema-hint'
import { SyncCount } from './sync-count'
import { isUnclear, switchErrorOf, writeSwitch } from './switch'
import { localWay, sessionWay } from './switch-mode'
import type { Way } from './switch-mode'
import { SwitchReplies } from './switch-replies'
import type { Intent, Submission, Switching } from './switching'
import { roleProblemOf } from './takes-role'
import { verify } from './verification'

/**
 * Scopes one connection: decides what must travel in front of each query, writes it, and tells the answers to that from
 * the answers to the query. Knows the protocol's messages, and nothing of pools.
 */
export class ConnectionScope {
  readonly #connection: WireConnection
  readonly #oneWrite: OneWrite<'_send'>
  readonly #syncs: SyncCount
  readonly #options: SessionOptions
  readonly #isLocal: boolean
  /** Queries of tenants run as their roles, which no server reports: what it says of the path is not enough to believe. */
  readonly #hasRoles: boolean
  /** What is in the session, beside its path. */
  readonly session: Session
  readonly #watch = new SwitchWatch('postgres')
  #path: PathState = UNKNOWN
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
    this.#isLocal = options.mode === 'local'
    this.#hasRoles = options.isolation === 'role'
    this.session = new Session(connection, options.hygiene)
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
    const unknown = this.session.complete(query)
    if (unknown !== undefined) return unknown
    const statement = this.#readsText ? classOf(query) : ANYTHING
    const way = this.#wayOf(lease, query, statement)
    if (way instanceof Error) return way
    const key = resolvePath(this.#path, lease.wanted.path)
    const send = (): unknown => {
      this.session.prepare(query, key)
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
    if (way === 'none') return this.#atOnce(send)
    if (this.#path.status !== 'I' && this.session.changesTenant(key)) {
      return new IsolationError('A transaction of another tenant is still open on this connection.')
    }
    return this.#submitBehind({ lease, query, statement, mode: way, key, send, backendPid })
  }

  #wayOf({ wanted }: Lease, query: Submittable, statement: StatementClass): Way | Error {
    const { status } = this.#path
    // Whoever works without a tenant is trusted with roles, too.
    const problem = this.#hasRoles && wanted.tenant !== undefined && roleProblemOf(query, wanted.tenant)
    if (problem) return problem
    if (!this.#isLocal) return sessionWay(statement, status !== 'I')
    return localWay({ query, statement, status, readsText: this.#readsText, tenant: wanted.tenant })
  }

  #submitBehind({ lease, query, statement, mode, key, send, backendPid }: Submission): unknown {
    const { wanted } = lease
    // Nothing is left behind in local mode, and nothing there is for us to clear.
    const discard = !this.#isLocal && this.session.mustDiscard(key)
    const mayRely = !this.#isLocal && this.#isBackendKnown && !this.session.mayHaveTables
    const need = needOf(this.#path, wanted.path, mayRely && isInSight(wanted, statement))
    this.#watch.onServe(wanted.tenant, discard)
    const isPatient = this.session.serve(key, statement, lease.isLent, discard)
    if (need.check === 'relied') this.#unchecked = { wanted, backendPid }
    const mustCheck = need.check === 'due'
    if (!need.set && !mustCheck && !discard) return this.#atOnce(send)
    if (mode === 'joined') extend(query as TextQuery)
    // A plain check that failed is asked again for the reason; not where that comes too late.
    const isTelling = this.#isLocal || mode !== 'joined' || !this.#isBackendKnown
    const check = !mustCheck ? undefined : isTelling ? 'telling' : 'plain'
    const prefix = mode === 'prefixed' ? prefixOf(wanted, this.#path.status !== 'I') : undefined
    const proceed = prefix === undefined ? send : withPrefix(query, prefix, send)
    return this.#atOnce(() => {
      const simple = discard ? this.#writeDiscard(isPatient) : 0
      return this.#switch({ wanted, mode, check, backendPid, proceed, prefix }, simple, need.set || discard)
    })
  }

  #writeDiscard(isPatient: boolean): number {
    this.#see({ type: 'discarded' })
    return this.session.writeDiscard(isPatient)
  }

  #switch(intent: Intent, simple: number, set: boolean): unknown {
    const { mode } = intent
    const ownSync = mode === 'ahead' || mode === 'awaited'
    const executes = this.#writeFront(intent, set)
    if (ownSync) this.#connection.sync()
    this.#switching = { intent, replies: new SwitchReplies({ simple, executes, ownSync }) }
    if (mode === 'awaited') return null
    const unfit = intent.proceed()
    if (!(unfit instanceof Error)) return unfit
    if (mode === 'prefixed') {
      this.#switching = undefined
      return unfit
    }
    // pg refused the query and wrote nothing of it: give the switch its Sync and tell when that is answered.
    if (!ownSync) this.#connection.sync()
    const replies = new SwitchReplies({ simple, executes, ownSync: true })
    this.#switching = { intent: { ...intent, mode: 'awaited', proceed: () => unfit }, replies }
    return null
  }

  #writeFront({ wanted, check, backendPid, prefix }: Intent, set: boolean): number {
    // It goes out with the user's own text.
    if (prefix !== undefined) return prefix.answers
    if (this.#isLocal) return writeLocalSwitch(this.#connection, wanted, this.#path.status !== 'I')
    const expected = this.#options.pooler === 'none' ? backendPid : undefined
    return writeSwitch(this.#connection, wanted, { set, check, backendPid: expected })
  }

  /** ParameterStatus; `isSetUp` tells that the application's connect hook is through. */
  onSetting(name: string, value: string, isSetUp: boolean): void {
    if (name === 'standard_conforming_strings') this.#readsText = value === 'on'
    if (name === 'search_path' && this.#hasRoles) return
    if (name === 'search_path')
      this.#see({
        type: 'reported',
        path: canonicalReport(value, this.#switching?.intent.wanted),
        isStartup: !isSetUp,
      })
    else if (isSetUp && this.#switching?.replies.done !== false) this.session.onSetting(name)
  }

  /** ParseComplete of a query that may have a name. */
  onParseComplete(query: Submittable | null | undefined): Reaction {
    if (this.#switching?.replies.onDetail() === 'swallow') return SWALLOW
    this.session.onParsed(query)
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
    this.session.onCompleted(tag, query)
    return PASS
  }

  onError(message: ServerMessage): Reaction {
    this.#see({ type: 'failed' })
    const verdict = this.#switching?.replies.onError(message) ?? 'pass'
    if (verdict === 'pass') return this.#onUserError(message)
    if (verdict !== 'refused') return SWALLOW
    const { intent } = this.#switching!
    const { wanted, check, mode } = intent
    if (mode === 'prefixed' && !isOfPrefix(message)) return this.#onUserError(message)
    missSchema(wanted)
    if (check === 'telling' || this.#path.status !== 'I' || !isUnclear(wanted, message)) {
      return { type: 'fail', error: switchErrorOf(wanted, message) }
    }
    this.#retry = intent
    return SWALLOW
  }

  #onUserError(message: ServerMessage): Reaction {
    this.#hasFailed = true
    if (this.#wanted !== undefined) hintAtSharedSchemas(message, this.#wanted)
    if (this.#isLocal) hintAtDirectConnection(message)
    const prefix = this.#switching?.intent.prefix
    if (prefix !== undefined) shiftPosition(message, prefix)
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
    // The answer to somebody else's BEGIN, which the pooler gave to us.
    if (this.#isLocal && this.#running.kind === 'dml' && status !== 'I' && this.#path.status === 'I')
      return { type: 'abandon', error: astrayError(this.#wanted!) }
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

  #atOnce(write: () => unknown): unknown {
    // What isn't plain text may write to the stream itself.
    return this.#running.kind === 'other' ? this.#oneWrite.cork(write) : this.#oneWrite.run(write)
  }

  #see(event: PathEvent): void {
    this.#path = (this.#isLocal ? afterEventLocally : afterEvent)(this.#path, event)
  }
}
