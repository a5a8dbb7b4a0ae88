import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionError, createDriverFactory } from 'slonik'
import type { ClientConfiguration, DriverClient, DriverConfiguration } from 'slonik'
import { RunningQueries } from './running-queries'
import { TenantConnection } from './tenant-connection'
import type { ConnectionParts } from './tenant-connection'

/** How the clients of a pool are made. */
export interface PoolClientOptions {
  readonly driverConfiguration: DriverConfiguration
  /** How often a connection is tried before its error is the answer. */
  readonly attempts: number
  /** What the application does with each connection at its release. */
  readonly reset: ClientConfiguration['resetConnection'] | undefined
}

/** Slonik's default. */
const GRACE_MS = 5000
const RETRY_MS = 1000

/**
 * A client for slonik's pool. It is given even when there is no connection, and then answers with a `ConnectionError`:
 * slonik 43 loses a place of its pool for ever with each rejection, and up to 47 the calls that queue for the connection
 * would wait until others come.
 */
export async function createPoolClient(
  parts: ConnectionParts,
  options: PoolClientOptions,
): Promise<DriverClient> {
  let failure: unknown
  for (let left = options.attempts; left > 0; left--)
    try {
      return await openClient(parts, options)
    } catch (error) {
      failure = error
    }
  return failedClient(failure, options)
}

async function openClient(parts: ConnectionParts, options: PoolClientOptions): Promise<DriverClient> {
  let connection: TenantConnection | undefined
  // A driver for each client, since slonik does not tell which connection a client of a driver has.
  const createDriver = createDriverFactory(async () => ({
    createPoolClient: async ({ clientEventEmitter }) =>
      (connection = new TenantConnection(parts, clientEventEmitter)),
  }))
  const driver = await createDriver(options)
  const client = await driver.createClient()
  if (connection === undefined) return client
  // Ended by the server in the very message that it began with. Slonik would count it in for ever: it listens for the end
  // of a connection only when it has it.
  if (client.state() !== 'IDLE') throw connection.failure
  return releasedWhenFit(client, connection, options)
}

/**
 * Slonik would give a connection on in an open transaction, get stuck on one whose query nobody waited for, and count one
 * in for ever that breaks while the application resets it.
 */
function releasedWhenFit(
  client: DriverClient,
  connection: TenantConnection,
  { driverConfiguration, reset }: PoolClientOptions,
): DriverClient {
  const { gracefulTerminationTimeout: graceMs = GRACE_MS } = driverConfiguration
  const running = new RunningQueries()
  const isFitNow = (): boolean => reset === undefined && running.size === 0 && connection.isFit
  return {
    ...client,
    query: (...args) => running.track(client.query(...args)),
    destroy,
    release: () => (isFitNow() ? client.release() : releaseLater()),
  }
  async function destroy(): Promise<void> {
    if (running.size > 0) await stop()
    await client.destroy()
  }
  /** A query that fails while slonik destroys its connection would have that counted in for ever. */
  async function stop(): Promise<void> {
    await Promise.race([running.drained(), sleep(graceMs, undefined, { ref: false })])
    if (running.size === 0) return
    await connection.end()
    await running.drained()
  }
  async function releaseLater(): Promise<void> {
    if (await becomesFit()) {
      try {
        await reset?.({ query: async (sql) => void (await connection.query(sql)) })
      } catch (error) {
        await destroy()
        throw error
      }
    }
    await ((await becomesFit()) ? client.release() : destroy())
  }
  async function becomesFit(): Promise<boolean> {
    let isFit: boolean
    do {
      await running.settled()
      isFit = await connection.becomesFit()
      // One may have waited in slonik for those before it.
    } while (running.size > 0)
    return isFit
  }
}

async function failedClient(failure: unknown, options: PoolClientOptions): Promise<DriverClient> {
  const fail = (): never => {
    throw new ConnectionError((failure as Error).message, { cause: failure as Error })
  }
  const nothing = async (): Promise<void> => {}
  const createDriver = createDriverFactory(async () => ({
    createPoolClient: async () => ({
      connect: nothing,
      end: nothing,
      query: async () => fail(),
      stream: fail,
    }),
  }))
  const driver = await createDriver(options)
  const client = await driver.createClient()
  // It is for one call only, also where that asks it nothing.
  client.release = client.destroy
  // One that slonik keeps in reserve (`minimumPoolSize`) makes room for another try.
  setTimeout(() => void (client.state() === 'IDLE' && client.destroy()), RETRY_MS).unref()
  return client
}
