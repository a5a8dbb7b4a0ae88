import { Transform } from 'node:stream'
import type { DriverClientEventEmitter, DriverQueryResult } from 'slonik'
import { IsolationError, TenantRequiredError } from '../errors'
import { bindSubmittable } from '../postgres/bind-submittable'
import { TenantClient } from '../postgres/client'
import type { Lease } from '../postgres/lease'
import { DriverQuery } from '../postgres/driver'
import { mismatchOf, releasedError } from '../postgres/lease-errors'
import { whenQuiet } from '../postgres/when-quiet'
import { outsideTenants } from '../tenant/context'
import type { CarriedValue, Scope } from '../tenant/context'
import type { ClientConfig } from './client-config'
import { slonikErrorOf } from './driver-errors'
import { RowStream } from './driver-parts'
import type { WireField } from './driver-parts'
import { RunningQueries } from './running-queries'
import type { TypeParsers } from './type-parsers'

/** What the connections of a pool have in common. */
export interface ConnectionParts {
  readonly config: ClientConfig
  readonly types: TypeParsers
  /** The loan that a call of slonik's public methods began, for whatever it leads to. */
  readonly leases: CarriedValue<Lease>
  /** What the calling code may touch. */
  readonly scope: () => Scope | undefined
}

interface QueryResult extends Omit<DriverQueryResult, 'fields'> {
  readonly fields: readonly WireField[]
  readonly rows: Record<string, unknown>[]
}

type QueryArguments = readonly [sql: string, values?: unknown[], options?: { readonly name?: string }]

/**
 * A connection of slonik's pool. Which loan it is on shows at the first query after slonik gave it out: slonik tells of
 * that itself, but in the asynchronous context of whoever released the connection before.
 */
export class TenantConnection {
  readonly #parts: ConnectionParts
  readonly #client: TenantClient
  #lease: Lease | undefined
  #failure: unknown
  readonly #running = new RunningQueries()

  constructor(parts: ConnectionParts, events: DriverClientEventEmitter) {
    this.#parts = parts
    this.#client = new TenantClient(parts.config)
    this.#client.on('error', (error) => {
      const failure = slonikErrorOf(error)
      this.#failure ??= failure
      const tell = (): void => {
        // After its end slonik has nobody listen any more, and an unheard `error` would end the process.
        if (events.listenerCount('error') > 0) events.emit('error', failure as Error)
      }
      // Slonik answers by destroying the connection, gives that up when a query fails meanwhile, and counts the
      // connection in for ever.
      if (this.#running.size === 0) tell()
      else void this.#running.drained().then(tell)
    })
    this.#client.on('notice', ({ message }) => {
      if (message) events.emit('notice', { message })
    })
    // The context of a release is the one of the call that ends, which may have queried nothing; a destruction can have
    // any context.
    events.on('release', () => this.#endLease(parts.leases.current()))
    events.on('destroy', () => this.#endLease())
  }

  readonly connect = async (): Promise<void> => {
    await this.#parts.leases.carry(undefined, () => outsideTenants(() => this.#client.connect()))
    this.#client.finishSetup()
  }

  readonly end = (): Promise<void> => this.#client.end()

  readonly query = (...args: QueryArguments): Promise<DriverQueryResult> =>
    this.#running.track(this.#query(...args))

  async #query(...[sql, values, options]: QueryArguments): Promise<DriverQueryResult> {
    const lease = this.#claim()
    try {
      const { command, rowCount, rows, fields } = await new Promise<QueryResult>((resolve, reject) => {
        const query = new DriverQuery(sql, values, (error: unknown, result: unknown) =>
          error ? reject(error) : resolve(result as QueryResult),
        )
        // As slonik asks for it: a text is one statement, or refused by the server.
        query.queryMode = 'extended'
        if (options?.name !== undefined) query.name = options.name
        this.#client.send(lease, query)
      })
      const { types } = this.#parts
      if (types.mayHaveOwn(fields)) await types.settle(fields, rows)
      return { command, rowCount, rows, fields: fields.map(fieldOf) }
    } catch (error) {
      throw slonikErrorOf(error, { sql, values: values ?? [] })
    }
  }

  readonly stream = (sql: string, values?: unknown[]): Transform => {
    const lease = this.#claim()
    const source = new RowStream(sql, values)
    bindSubmittable(source, () => this.#client)
    const { types } = this.#parts
    let described: readonly WireField[] = []
    let fields: DriverQueryResult['fields'] = []
    let mayHaveOwnTypes = false
    const describe = source.handleRowDescription
    source.handleRowDescription = (message) => {
      described = message.fields
      fields = described.map(fieldOf)
      mayHaveOwnTypes = types.mayHaveOwn(described)
      describe(message)
    }
    const rows = new Transform({
      objectMode: true,
      transform: (row: Record<string, unknown>, _encoding, done) => {
        if (!mayHaveOwnTypes) return done(null, { fields, row })
        types.settle(described, [row]).then(() => done(null, { fields, row }), done)
      },
    })
    source.on('error', (error) => rows.destroy(slonikErrorOf(error, { sql, values: values ?? [] }) as Error))
    rows.on('close', () => source.destroy())
    // Who stopped listening, a handler that threw, is through with it; the connection's failure is told elsewhere.
    rows.on('error', ignore)
    this.#client.send(lease, source)
    return source.pipe(rows)
  }

  /** What broke the connection. */
  get failure(): unknown {
    return this.#failure ?? new Error('Connection terminated')
  }

  /** Whether the next tenant may have this connection as it is: nothing runs, and no transaction is open. */
  get isFit(): boolean {
    const { isAlive, isBusy } = this.#client
    return isAlive && !isBusy && this.#client.getTransactionStatus() === 'I'
  }

  /** Waits for what still runs at a release. False: the connection is not fit, close it. */
  becomesFit(): Promise<boolean> {
    return new Promise((resolve) => whenQuiet(this.#client, () => resolve(this.isFit)))
  }

  /** The loan of the calling code, which this connection is on. */
  #claim(): Lease {
    const { leases, scope } = this.#parts
    const lease = leases.current()
    if (lease === undefined) throw new TenantRequiredError('A query that no method of the pool led to')
    if (!lease.isActive) throw releasedError(lease)
    const mismatch = mismatchOf(lease, scope())
    if (mismatch !== undefined) throw mismatch
    this.#lease ??= lease
    if (this.#lease === lease) return lease
    throw new IsolationError('This connection was given to another call.', { tenant: lease.wanted.tenant })
  }

  #endLease(...others: readonly (Lease | undefined)[]): void {
    for (const lease of [this.#lease, ...others]) if (lease !== undefined) lease.isActive = false
    this.#lease = undefined
    this.#client.endLease()
  }
}

function ignore(): void {}

function fieldOf({ name, dataTypeID }: WireField): DriverQueryResult['fields'][number] {
  return { name, dataTypeId: dataTypeID }
}
