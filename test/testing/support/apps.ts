import { EventEmitter } from 'node:events'
import express5 from 'express'
import type { Express, RequestHandler } from 'express'
import { createPool } from 'mysql2/promise'
import { Pool } from 'pg'
import { fromHeader } from '../../../src/index'
import type { Town } from './town'
import { sqlOf } from './town'

const load: (name: string) => unknown = require

/** Both versions of Express, which have the same face. */
export const EXPRESS: Readonly<Record<string, typeof express5>> = {
  'Express 5': express5,
  'Express 4': load('express4') as typeof express5,
}

const admit = ({ tenancy }: Town): RequestHandler =>
  tenancy.middleware({ resolve: fromHeader('x-tenant'), trustResolution: true })

/** Express 4 leaves a rejected promise to nobody. */
const answering =
  (work: (...args: Parameters<RequestHandler>) => Promise<unknown>): RequestHandler =>
  (req, res, next) => {
    work(req, res, next).then((body) => res.json(body), next)
  }

/** What is right: also an upload behind which the tenant is taken up again, and a router in a router. */
export function correctApp(town: Town, express = express5): Express {
  const { sql, tenancy } = town
  const app = express()
  app.get('/health', (_req, res) => void res.json({ ok: true }))
  const widgets = express.Router()
  widgets.get(
    '/',
    answering(() => sql('select id, name from widgets order by id')),
  )
  widgets.post(
    '/',
    express.json(),
    answering(async (req) => sql('insert into widgets (name) values (?)', req.body.name)),
  )
  widgets.post(
    '/upload',
    fileUpload,
    tenancy.resumeTenant(),
    answering(async (req) => sql('insert into widgets (name) values (?)', String((req as any).file))),
  )
  const api = express.Router().use('/widgets', widgets)
  app.use(admit(town), api)
  return app
}

/** Collects a body as many do, and calls `next` from a listener of the request: behind it the tenant is lost. */
const fileUpload: RequestHandler = (req, _res, next) => {
  const parts: Buffer[] = []
  req.on('data', (part: Buffer) => parts.push(part))
  req.on('end', () => {
    Object.assign(req, { file: Buffer.concat(parts).toString() })
    next()
  })
}

/** The upload without `resumeTenant()`. */
export function uploadApp(town: Town, express = express5): Express {
  const app = express()
  app.use(admit(town))
  const uploads = express.Router()
  uploads.post(
    '/',
    fileUpload,
    answering(async (req) => town.sql('insert into widgets (name) values (?)', String((req as any).file))),
  )
  app.use('/upload', uploads)
  return app
}

/** A context that gets lost inside of a handler: somebody else's timer calls it back. */
export function batchingApp(town: Town, express = express5): { readonly app: Express; stop(): void } {
  const bus = new EventEmitter().setMaxListeners(0)
  const timer = setInterval(() => bus.emit('tick'), 2)
  const app = express()
  app.use(admit(town))
  app.get('/widgets', function listOnTick(_req, res, next) {
    bus.once('tick', () => {
      town.sql('select name from widgets').then((rows) => res.json(rows), next)
    })
  })
  return { app, stop: () => clearInterval(timer) }
}

/** Who the tenant is stands in a variable of the module. */
export function globalVariableApp({ tenancy, sql }: Town, express = express5): Express {
  let current = ''
  const app = express()
  app.use((req, _res, next) => {
    current = String(req.headers['x-tenant'])
    next()
  })
  app.get(
    '/widgets',
    answering(async () => {
      await tenancy.run(current, () => sql('select 1 as permission'))
      return tenancy.run(current, () => sql('select name from widgets order by id'))
    }),
  )
  app.get(
    '/count',
    answering(async () => {
      await tenancy.run(current, () => sql('select 1 as permission'))
      return tenancy.run(current, () => sql('select count(*) as n from widgets'))
    }),
  )
  return app
}

/** Answers are kept by their path alone. */
export function cachingApp(town: Town): Express {
  const answers = new Map<string, unknown>()
  const app = express5()
  app.use(admit(town))
  app.get(
    '/widgets',
    answering(async (req) => {
      if (!answers.has(req.path)) answers.set(req.path, await town.sql('select name from widgets'))
      return answers.get(req.path)
    }),
  )
  return app
}

/** Log lines of all tenants are collected, and written by whoever comes third. */
export function bufferingApp(town: Town): Express {
  let lines: string[] = []
  const app = express5()
  app.use(admit(town), express5.json())
  app.post(
    '/logs',
    answering(async (req) => {
      lines.push(String(req.body.line))
      if (lines.length < 3) return { kept: true }
      const full = lines
      lines = []
      for (const line of full) await town.sql('insert into logs (line) values (?)', line)
      return { written: true }
    }),
  )
  return app
}

/** No pool of Rowhouse at all: a pool of the driver, switched by hand. */
export function plainPoolApp({ engine, appUrl, prefix }: Town): {
  readonly app: Express
  end(): Promise<void>
} {
  const pool =
    engine === 'postgres'
      ? new Pool({ connectionString: appUrl, max: 2 })
      : createPool({ uri: appUrl, connectionLimit: 2 })
  const sql = sqlOf(engine, pool)
  const app = express5()
  app.get(
    '/widgets',
    answering(async (req) => {
      const schema = `${prefix}${String(req.headers['x-tenant'])}`
      await sql(engine === 'postgres' ? `set search_path to "${schema}"` : `use \`${schema}\``)
      return sql('select name from widgets order by id')
    }),
  )
  return { app, end: () => pool.end() }
}

/** The resolver believes the first name that it has ever seen on a path. */
export function wrongResolverApp({ tenancy, sql }: Town): Express {
  const byPath = new Map<string, string>()
  const app = express5()
  app.use(
    tenancy.middleware({
      resolve: {
        trust: 'trusted',
        name: 'memory',
        resolve: (req: any) => {
          if (!byPath.has(req.path)) byPath.set(req.path, req.headers['x-tenant'])
          return byPath.get(req.path)
        },
      },
    }),
  )
  app.get(
    '/quiet',
    answering(async () => ({ rows: (await sql('select name from widgets')).length > 0 })),
  )
  return app
}
