import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { isTransient } from '../../src/migrations/transient'
import { MigrationSession } from '../../src/mysql/migration-session'
import { MYSQL_SERVERS } from '../support/servers'

/** Hands on all bytes until it is told to answer the next ones with a reset, as the system of a server that was killed does. */
class ResettingProxy {
  isArmed = false
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor({ hostname, port }: URL) {
    this.#server = createServer((client) => {
      const upstream = connect(Number(port), hostname)
      for (const socket of [client, upstream]) this.#sockets.add(socket.on('error', () => {}))
      upstream.on('data', (data: Buffer) => client.write(data))
      client.on('data', (data: Buffer) => {
        if (this.isArmed) client.resetAndDestroy()
        else upstream.write(data)
      })
    })
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

test.each(MYSQL_SERVERS)(
  'a session that is lost while it is cleared is not lent again on $name',
  async (server) => {
    const { hostname, port, username } = new URL(server.ownerUrl)
    const proxy = new ResettingProxy(new URL(`mysql://${hostname}:${port}`))
    try {
      const session = await MigrationSession.open({
        host: '127.0.0.1',
        port: await proxy.listen(),
        user: username,
      })
      await session.look()
      proxy.isArmed = true
      await expect(session.clear()).rejects.toThrow('ECONNRESET')
      expect(session.isUsable).toBe(false)
      // What a connection says that was lost while it was opened.
      const error: unknown = await session.clear().catch((thrown: unknown) => thrown)
      expect((error as Error).message).toContain('closed state')
      expect(isTransient(error)).toBe(true)
      await session.close()
    } finally {
      await proxy.close()
    }
  },
)
