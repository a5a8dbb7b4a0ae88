import express from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import type { ValueDeterminingMiddleware } from 'express-rate-limit'
import { postgres } from '../../src/postgres/postgres'
import { fromPath } from '../../src/request/from-path'
import { createTenancy } from '../../src/tenancy'
import { serve } from '../request/serve'

const tenancy = createTenancy({
  engine: postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }),
  directory: (id) => ({ id }),
})
const admit = tenancy.middleware({ resolve: fromPath('tenant'), trustResolution: true })

/** Statuses of one request after the other. */
async function statusesOf(
  paths: readonly string[],
  keyGenerator?: ValueDeterminingMiddleware<string>,
): Promise<number[]> {
  const app = express()
  const limit = rateLimit({
    windowMs: 60_000,
    limit: 2,
    validate: false,
    ...(keyGenerator && { keyGenerator }),
  })
  app.get('/open', limit, (_req, res) => void res.send('ok'))
  app.get('/:tenant', admit, limit, (_req, res) => void res.send('ok'))
  app.use(
    (_error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) =>
      void res.sendStatus(500),
  )
  const served = await serve(app)
  try {
    const statuses: number[] = []
    for (const path of paths) statuses.push((await served.fetch(path)).status)
    return statuses
  } finally {
    await served.close()
  }
}

const byTenant: ValueDeterminingMiddleware<string> = (req) => tenancy.key(ipKeyGenerator(req.ip!))
const PATHS = ['/acme', '/acme', '/acme', '/globex', '/globex', '/globex', '/acme']

test("one tenant's requests do not count for another", async () => {
  expect(await statusesOf(PATHS, byTenant)).toEqual([200, 200, 429, 200, 200, 429, 429])
})

test('by the address alone they do', async () => {
  expect(await statusesOf(PATHS)).toEqual([200, 200, 429, 429, 429, 429, 429])
})

test('a route without a tenant has no such key, and its requests are not counted for anybody', async () => {
  expect(await statusesOf(['/open', '/acme', '/acme', '/open'], byTenant)).toEqual([500, 200, 200, 500])
})
