import type { PoolConfig } from 'pg'
import { ClientReleasedError, IsolationError } from '../errors'
import { onMismatch } from '../observe/isolation'
import { handOver, isQueryHeard } from '../observe/queries'
import { ConnectionScope } from './connection-scope'
import type { Lease, SessionOptions } from './lease'
import { DriverClient, DriverQuery, isSubmittable } from './driver'
import type { ServerMessage, Submittable, TextQuery } from './driver'
import type { Reaction } from './reaction'
import { SentQuery } from './sent-query'

/** The key under which a pool passes {@link SessionOptions} to its connections. */
export const SESSION = Symbol('rowhouse.session')

/** A pg client that runs queries for loans, each behind the switch that it needs. */
export class TenantClient extends DriverClient {
  readonly #scope: ConnectionScope
  #isSetUp = false
  /** The query that was completed last; an error can still follow, of a deferred constraint. */
  #completed: unknown
  /** Why the connection was given up. */
  #giveUpReason: unknown

  constructor(config: PoolConfig & { readonly [SESSION]?: SessionOptions } = {}) {
    super(config)
    const scope = new ConnectionScope(
      this.connection,
      config[SESSION] ?? { hygiene: 'auto', pooler: 'none', mode: 'session', isolation: 'schema' },
    )
    this.#scope = scope
    this.connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
      scope.onSetting(message.parameterName, message.parameterValue, this.#isSetUp)
    })
  }

  /** Whether the connection can run queries; never again once it has ended. */
  get isAlive(): boolean {
    return this._queryable && !this._ending && !this._ended
  }

  /** Whether an answer of the server is still outstanding. */
  get isBusy(): boolean {
    if (!this.isAlive) return false
    return this.readyForQuery === false || this._queryQueue.length > 0 || this.#scope.isSyncDue
  }

  /** From now on the pool lends this connection: what the application's connect hook set stays its base state. */
  finishSetup(): void {
    this.#isSetUp = true
  }

  /** A loan ended. */
  endLease(): void {
    this.#scope.onRelease()
  }

  /**
   * Runs a query for a loan. Called by the pool and by the clients that it hands out.
   *
   * @param query - pg's Query, a cursor, a stream
   */
  send(lease: Lease, query: Submittable): void {
    // The borrower's ROLLBACK behind a failed BEGIN, say: "connection closed" would hide why.
    if (this.#giveUpReason !== undefined) {
      const reason = this.#giveUpReason
      return process.nextTick(() => query.handleError(reason, this.connection))
    }
    const used = SentQuery.of(query, lease.wanted).sendOn(this.connection, lease.wanted, (write) =>
      this.#scope.submit(lease, query, write, this.processID ?? 0),
    )
    if (used !== undefined) return process.nextTick(() => query.handleError(used, this.connection))
    if (!isQueryHeard()) super.query(query as never)
    else handOver(lease.wanted.tenant, () => super.query(query as never))
  }

  /** Queries of connect hooks and of the `connect` event: outside every tenant, and set again after each DISCARD ALL. */
  override query(config: unknown, values?: unknown, callback?: unknown): never {
    if (this.#isSetUp) return refuse(config, values, callback) as never
    if (isSubmittable(config))
      return super.query(config as never, values as never, callback as never) as never
    const query = new DriverQuery(config, values, callback)
    this.#scope.session.onSetupQuery(query)
    if (query.callback) {
      super.query(query as never)
      return undefined as never
    }
    const result = new Promise<unknown>((resolve, reject) => {
      query.callback = (error, result) => (error ? reject(error) : resolve(result))
      super.query(query as never)
    })
    return result as never
  }

  override _handleParseComplete(message: ServerMessage): void {
    if (this.#isOurs(this.#scope.onParseComplete(this._activeQuery))) return
    super._handleParseComplete(message)
  }

  override _handleRowDescription(message: ServerMessage): void {
    if (!this.#isOurs(this.#scope.onDetail())) super._handleRowDescription(message)
  }

  override _handleDataRow(message: ServerMessage): void {
    if (!this.#isOurs(this.#scope.onDetail())) super._handleDataRow(message)
  }

  override _handleEmptyQuery(message: ServerMessage): void {
    if (!this.#isOurs(this.#scope.onDetail())) super._handleEmptyQuery(message)
  }

  override _handleCommandComplete(message: ServerMessage): void {
    if (this.#isOurs(this.#scope.onCommandComplete(message.text ?? '', this._activeQuery))) return
    this.#completed = this._activeQuery
    super._handleCommandComplete(message)
  }

  override _handleErrorMessage(message: ServerMessage): void {
    const reaction = this.#scope.onError(message)
    if (reaction.type === 'fail') super._handleErrorMessage(reaction.error as ServerMessage)
    else if (reaction.type === 'pass') this.#passError(message)
  }

  /**
   * With the option `rows` pg sends its Sync only behind a CommandComplete, and the one behind a COPY FROM is ignored: after
   * an error the server would stay silent.
   */
  #passError(message: ServerMessage): void {
    const query = this._activeQuery as Partial<TextQuery> | null | undefined
    super._handleErrorMessage(message)
    const isText = query?.requiresPreparation !== undefined
    if (isText && query !== this.#completed && !this.#scope.isSyncDue) this.connection.sync()
  }

  override _handleReadyForQuery(message: ServerMessage): void {
    const reaction = this.#scope.onReadyForQuery(message.status ?? 'I')
    if (reaction.type === 'abandon') this.#abandon(reaction.error)
    if (reaction.type === 'fail') {
      const query = this._activeQuery
      this._activeQuery = null
      query?.handleError(reaction.error, this.connection)
    }
    if (reaction.type === 'fail' || reaction.type === 'pass') super._handleReadyForQuery(message)
  }

  #isOurs(reaction: Reaction): boolean {
    return reaction.type !== 'pass'
  }

  /** Tells the running query why, and closes the connection. Whether what is on its way ran stays unknown. */
  #abandon(error: unknown): void {
    const query = this._activeQuery
    if (error instanceof IsolationError) onMismatch(error)
    this.#giveUpReason = error
    void this.end()
    this._activeQuery = SINK
    query?.handleError(error, this.connection)
  }
}

/** Answers as a query that failed: in the callback, by a rejected promise, or through the Submittable. */
function refuse(config: unknown, values: unknown, callback: unknown): unknown {
  const error = new ClientReleasedError(
    'This is a connection of the pool and not a client on loan. Use the client that pool.connect() gave you, before ' +
      'its release. To set up new connections, use the option `onConnect`: the pool waits for it.',
  )
  const query = isSubmittable(config) ? config : new DriverQuery(config, values, callback)
  if (query !== config && !query.callback) return Promise.reject(error)
  process.nextTick(() => query.handleError(error, undefined))
  return query === config ? query : undefined
}

const ignore = (): void => {}

/** Takes what still arrives on a connection that was given up. */
const SINK = {
  submit: ignore,
  handleError: ignore,
  handleReadyForQuery: ignore,
  handleRowDescription: ignore,
  handleDataRow: ignore,
  handleCommandComplete: ignore,
  handlePortalSuspended: ignore,
  handleEmptyQuery: ignore,
  handleCopyInResponse: ignore,
  handleCopyData: ignore,
}
