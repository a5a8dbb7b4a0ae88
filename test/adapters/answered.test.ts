import express from 'express'
import type { RequestListener, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpTenant } from '../../src/adapters/http'
import { tenantMiddleware } from '../../src/adapters/nestjs'
import { serve } from '../request/serve'
import { BY_HEADER, openShops } from './shop'

/*
 * An application that answers by itself when a request takes too long (connect-timeout), and only then is the request refused.
 */
const shops = openShops('answered')
const { tenancy } = shops
beforeAll(shops.create)
afterAll(shops.close)

const slow = {
  ...BY_HEADER,
  ...({ suspended: 503, retryAfterSeconds: 9 } as const),
  authorize: async () => sleep(30, true),
}
const answerEarly = (res: ServerResponse): void => {
  setTimeout(() => res.writeHead(504).end('too late'), 5)
}
const byExpress = (middleware: unknown): RequestListener =>
  express()
    .use((_req, res, next) => {
      answerEarly(res)
      next()
    })
    .use(middleware as express.RequestHandler)
    .use(
      ((_error, _req, _res, _next) => undefined) as express.ErrorRequestHandler,
    )
const plain = httpTenant(tenancy, slow).handler(() => undefined)

test.each<[string, () => RequestListener]>([
  ['express', () => byExpress(tenancy.middleware(slow))],
  ['nestjs', () => byExpress(tenantMiddleware(tenancy, slow as never))],
  [
    'node:http',
    () => (req, res) => {
      answerEarly(res)
      plain(req, res)
    },
  ],
])('%s: a refusal behind an answer does not end the process', async (_name, open) => {
  const rejected: unknown[] = []
  const note = (reason: unknown): void => void rejected.push(reason)
  process.on('unhandledRejection', note)
  const served = await serve(open())
  try {
    const answer = await served.fetch('/', { headers: { 'x-tenant': 'sus' } })
    expect([answer.status, answer.text]).toEqual([504, 'too late'])
    await sleep(80)
    expect(rejected).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
    await served.close()
  }
})
