import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { postgres } from '../../src/postgres'
import type { Engine, MigrationWorker } from '../../src/engine'
import { isTransient } from '../../src/migrations/transient'
import { eventually } from '../lifecycle/support'
import { adminClient, SERVERS } from '../support/servers'

/** Hands on all bytes, and keeps the end of a connection to itself, as a server does that is still clearing up. */
class HoldingProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server
    this.#sockets = sockets
  }

  static async to({ hostname, port }: URL): Promise<HoldingProxy> {
    const sockets = new Set<Socket>()
    const server = createServer((client) => {
      const upstream = connect(Number(port), hostname)
      for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}))
      upstream.on('data', (data: Buffer) => client.write(data))
      client.on('data', (data: Buffer) => upstream.write(data))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new HoldingProxy(server, sockets)
  }

  /** Client ports as the database sees them. */
  get ports(): number[] {
    return [...this.#sockets].flatMap(({ localPort }) => localPort ?? [])
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

describe.each(SERVERS)('a connection for migrations on $name', (server) => {
  let proxy: HoldingProxy
  let engine: Engine
  let worker: MigrationWorker

  beforeEach(async () => {
    const url = new URL(server.ownerUrl)
    proxy = await HoldingProxy.to(url)
    url.host = `127.0.0.1:${proxy.port}`
    const scope = (): undefined => undefined
    engine = postgres({ connectionString: url.href }).open({
      ...{ tenancy: 'loss', migrationsTable: 'schema_migrations', scope, transaction: scope },
    })
    worker = await engine.openWorker()
  })
  afterEach(async () => {
    await proxy.close()
    await worker.close().catch(() => {})
    await engine.close()
  })

  test('that the server has ended while it was idle is not lent again, though its socket is still open', async () => {
    const admin = await adminClient(server)
    try {
      const ours = [proxy.ports]
      const { rowCount } = await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where client_port = any ($1)',
        ours,
      )
      expect(rowCount).toBe(1)
      // A query that is sent before would be told by its own error.
      await eventually(async () => {
        const left = await admin.query('select from pg_stat_activity where client_port = any ($1)', ours)
        return left.rowCount === 0 || undefined
      })
    } finally {
      await admin.end()
    }
    await eventually(async () => !worker.isUsable || undefined)
    const error: unknown = await worker.candidates('loss_').catch((thrown: unknown) => thrown)
    expect((error as Error).message).toContain('not queryable')
    // A connection that is lost while it is opened has no flag yet, and is told by its error alone.
    expect(isTransient(error)).toBe(true)
  })
})
