import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const HOST = '127.0.0.1'
const DEFAULT_PORT = 4000
const TRIES = 10
const PATIENCE_MS = 2000

/** An application that listens. */
export interface Listening {
  /** `http://127.0.0.1:4000` */
  readonly url: string
  /** Lets running requests end, for two seconds. */
  close(): Promise<void>
}

/**
 * Listens on this machine only, on the port that was asked for, or else on the first free one from 4000.
 *
 * @param wanted - `8080`; `0` takes any free one
 * @throws when the port is none, or taken
 */
export async function listen(app: RequestListener, wanted: string | undefined): Promise<Listening> {
  const ports = portsOf(wanted)
  for (const port of ports) {
    const server = createServer(app)
    try {
      await once(server.listen(port, HOST), 'listening')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue
      throw error
    }
    const { port: actual } = server.address() as AddressInfo
    return { url: `http://${HOST}:${actual}`, close: () => close(server) }
  }
  throw new Error(`Port ${ports.join(', ')} is taken. Set PORT to a free one.`)
}

function portsOf(wanted: string | undefined): number[] {
  if (!wanted) return Array.from({ length: TRIES }, (_, index) => DEFAULT_PORT + index)
  const port = Number(wanted)
  if (/^\d+$/.test(wanted) && port < 65_536) return [port]
  throw new Error(`PORT is "${wanted}" and must be a number from 0 to 65535.`)
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // Browsers keep connections open that have nothing to say, for when they might.
  server.closeIdleConnections()
  const patience = setTimeout(() => server.closeAllConnections(), PATIENCE_MS)
  await closed
  clearTimeout(patience)
}
