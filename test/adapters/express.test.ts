import type express from 'express'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { serve } from '../request/serve'
import { describeAdapter } from './describe-adapter'
import { pieces } from './shop'

// Both lines of Express that applications run. The names are resolved by npm, see package.json.
for (const packageName of ['express', 'express4']) {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const createApp = require(packageName) as typeof express

  describeAdapter(packageName, ({ tenancy }) => async (shop, options, sockets) => {
    const app = createApp()
    app.set('env', 'production')
    const asked = (req: express.Request): string => String(req.headers['x-tenant'])
    const answer =
      (work: (req: express.Request, res: express.Response) => Promise<unknown>): express.RequestHandler =>
      (req, res, next) => {
        work(req, res).catch(next)
      }
    app.use((req, res, next) => {
      res.on('finish', () => shop.finished.push(`${asked(req)}=${shop.currentId() ?? 'none'}`))
      next()
    })
    app.use(tenancy.middleware(options as Parameters<typeof tenancy.middleware>[0]), createApp.json())
    app.get(
      '/widgets',
      answer(async (_req, res) => res.json(await shop.read())),
    )
    app.post(
      '/widgets',
      answer(async (req, res) => res.json(await shop.sell(req.body.name))),
    )
    app.get('/stream', (_req, res) => void Readable.from(pieces(shop)).pipe(res))
    app.get(
      '/fail',
      answer((req) => sleep(2).then(() => Promise.reject(new Error(`failed for ${asked(req)}`)))),
    )
    app.use(((error, _req, res, next) => {
      if (error.status !== undefined) return next(error)
      shop.failed.push(`${error.code ?? error.message} in ${shop.currentId() ?? 'none'}`)
      res.status(418).end()
    }) as express.ErrorRequestHandler)
    return serve(app, { sockets })
  })
}
