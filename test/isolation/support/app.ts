import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { ErrorRequestHandler, Express } from 'express'
import type { Kind } from './kind'
import { Turn } from './turn'
import type { Account, Errand, Place } from './turn'

/** What a request is answered with: 200, or the error; what it saw in either case. */
export interface Reply extends Account {
  readonly error?: { readonly code: string | undefined; readonly message: string }
}

/** An application whose every route is one kind of request. */
export function createApp(place: Place, kinds: readonly Kind[]): Express {
  const app = express()
  app.use(express.json())
  app.use('/tenants/:tenantId', place.subject.enter)
  for (const kind of kinds) {
    app.post(`/tenants/:tenantId/${encodeURIComponent(kind.name)}`, async (req, res) => {
      const turn = new Turn(place, req.params.tenantId, req.body as Errand)
      res.locals.account = turn.account
      await kind.run(turn)
      turn.feel()
      res.json(turn.account satisfies Reply)
    })
  }
  app.use(((error: { status?: number; code?: string; message: string }, _req, res, _next) => {
    const account = (res.locals.account ?? { seen: [], states: [], contexts: [] }) as Account
    const { code, message } = error
    res.status(error.status ?? 500).json({ ...account, error: { code, message } } satisfies Reply)
  }) as ErrorRequestHandler)
  return app
}

/** An application that listens on a port of its own. */
export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** Serves it until `close`. Idle sockets stay open: closing one just when it is used again would lose a request. */
export async function listen(app: Express): Promise<Listening> {
  const server: Server = createServer({ keepAliveTimeout: 0 }, app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
