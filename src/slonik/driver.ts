import { setTimeout as sleep } from 'node:timers/promises'
import { createDriverFactory } from 'slonik'
import type { Driver, DriverClient, DriverConfiguration, DriverFactory } from 'slonik'
import { SESSION, TenantClient } from '../postgres/client'
import type { SessionOptions } from '../postgres/connection-scope'
import { outsideTenants } from '../tenant/context'
import { clientConfigOf } from './client-config'
import type { ClientConfig } from './client-config'
import { RunningQueries } from './running-queries'
import { TenantConnection } from './tenant-connection'
import type { ConnectionParts } from './tenant-connection'
import { TypeParsers } from './type-parsers'
import type { ReadTypes, TypeRow } from './type-parsers'

/** What the driver needs of its pool. */
export interface TenantDriverOptions extends Pick<ConnectionParts, 'leases' | 'scope'> {
  readonly session: SessionOptions
}

/** A driver factory for slonik's option `driverFactory`, whose connections run queries for loans. */
export function createTenantDriverFactory({ leases, scope, session }: TenantDriverOptions): DriverFactory {
  return async ({ driverConfiguration }) => {
    const plain: ClientConfig = { ...clientConfigOf(driverConfiguration), [SESSION]: session }
    const readTypes: ReadTypes = (where) => leases.carry(undefined, () => readTypesOf(plain, where))
    const types = new TypeParsers(driverConfiguration.typeParsers, readTypes)
    await types.load()
    const config: ClientConfig = { ...plain, types: { getTypeParser: types.parserOf } }
    return { createClient: () => createClient({ config, types, leases, scope }, driverConfiguration) }
  }
}

/** Slonik's default. */
const GRACE_MS = 5000

async function createClient(
  parts: ConnectionParts,
  driverConfiguration: DriverConfiguration,
): Promise<DriverClient> {
  let connection: TenantConnection | undefined
  // A driver for each client, since slonik does not tell which connection a client of a driver has.
  const createDriver = createDriverFactory(async () => ({
    createPoolClient: async ({ clientEventEmitter }) =>
      (connection = new TenantConnection(parts, clientEventEmitter)),
  }))
  const driver: Driver = await createDriver({ driverConfiguration })
  const client = await driver.createClient()
  if (connection === undefined) return client
  // Ended by the server in the very message that it began with. Slonik would count it in for ever: it listens for the end
  // of a connection only when it has it.
  if (client.state() !== 'IDLE') throw connection.failure
  return releasedWhenFit(client, connection, driverConfiguration.gracefulTerminationTimeout ?? GRACE_MS)
}

/** Slonik would give a connection on in an open transaction, and get stuck on one whose query nobody waited for. */
function releasedWhenFit(client: DriverClient, connection: TenantConnection, graceMs: number): DriverClient {
  const running = new RunningQueries()
  return {
    ...client,
    query: (...args) => running.track(client.query(...args)),
    destroy: () => (running.size === 0 ? client.destroy() : destroyLater()),
    release: () => (running.size === 0 && connection.isFit ? client.release() : releaseLater()),
  }
  /** A query that fails while slonik waits for it would have the connection counted in for ever. */
  async function destroyLater(): Promise<void> {
    await Promise.race([running.settled(), sleep(graceMs, undefined, { ref: false })])
    await client.destroy()
  }
  async function releaseLater(): Promise<void> {
    let isFit: boolean
    do {
      await running.settled()
      isFit = await connection.becomesFit()
      // One may have waited in slonik for those before it.
    } while (running.size > 0)
    await (isFit ? client.release() : client.destroy())
  }
}

/** Asks on a connection of its own: the one that met an unknown type may be in the middle of a stream or a transaction. */
async function readTypesOf(
  config: ClientConfig,
  where: Parameters<ReadTypes>[0],
): Promise<readonly TypeRow[]> {
  const client = new TenantClient(config)
  // What breaks this connection is the answer to its query, too.
  client.on('error', ignore)
  try {
    await outsideTenants(() => client.connect())
    const columns = 'oid::int8::text as oid, typarray::int8::text as typarray, typname::text as typname'
    const [condition, list] =
      'names' in where
        ? ['typname = any ($1::text[])', where.names]
        : ['oid = any ($1::oid[]) or typarray = any ($1::oid[])', where.oids]
    const sql = `select ${columns} from pg_catalog.pg_type where ${condition}`
    const answer: Promise<{ readonly rows: readonly Record<keyof TypeRow, string>[] }> = client.query(sql, [
      list,
    ])
    return (await answer).rows.map(({ oid, typarray, typname }) => ({
      oid: Number(oid),
      typarray: Number(typarray),
      typname,
    }))
  } finally {
    await client.end()
  }
}

function ignore(): void {}
