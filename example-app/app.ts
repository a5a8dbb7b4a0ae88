import { join } from 'node:path'
import express from 'express'
import type { Express } from 'express'
import { createTenancy } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import { adminRouter } from 'rowhouse/admin'
import type { Database } from './database/database'
import { FORMS } from './http/answer'
import { answerErrors } from './http/answer-errors'
import { HttpError, notFound } from './http/http-error'
import { methodOverride } from './http/method-override'
import { ownHost } from './http/own-host'
import { sameOrigin } from './http/same-origin'
import { securityHeaders } from './http/security-headers'
import { ImportQueue } from './imports/import-queue'
import { importWidgets } from './imports/import-widgets'
import { isOfTenant, ROOT, sites } from './sites'
import { TenantTable } from './tenants/tenant-table'
import type { Tenant } from './tenants/tenant-table'

/** Where the data is, and what errors are written to. */
export interface AppOptions<Pool> {
  readonly database: Database<Pool>
  /** In front of a tenant's id in the name of its schema. Default `tenant_`. */
  readonly prefix?: string
  /** Gets what is answered with 500, and why an import failed. Default `console.error`. */
  readonly log?: (error: unknown) => void
}

/** The application, and what it works with. */
export interface ExampleApp<Pool> {
  readonly app: Express
  readonly tenancy: Tenancy<Pool, Pool, Tenant>
  /** Lets the import that runs end, and ends the pools. */
  readonly close: () => Promise<void>
}

/** Makes the application. Nothing is connected before the first request. */
export function createApp<Pool>({
  database,
  prefix,
  log = console.error,
}: AppOptions<Pool>): ExampleApp<Pool> {
  const tenancy = createTenancy({
    engine: database.engine,
    migrations: database.migrations,
    prefix,
    directory: (id): Promise<Tenant | undefined> => tenants.find(id),
    hooks: {
      // Also for what was dropped elsewhere, such as on the admin page. Kept data may come back, and needs its row then.
      afterDrop: ({ tenant, keptUntil }) => (keptUntil === undefined ? tenants.remove(tenant) : undefined),
    },
  })
  // In a request, and in a job, `sql` is the tenant's.
  const [sql, mainSql] = [database.sqlOf(tenancy.pool, log), database.sqlOf(tenancy.admin, log)]
  const tenants: TenantTable = new TenantTable(mainSql, database.tenantTable)
  const report = database.reportOf({ tenancy, sql })
  // Whoever's request wakes the queue, each job is done as the tenant that it names.
  const queue = new ImportQueue(tenancy.wrapJob(importWidgets(sql)), log)

  const app = express().disable('x-powered-by')
  app.use(securityHeaders, express.static(join(__dirname, 'public')))
  app.use(ownHost(ROOT), sameOrigin)
  // There is no log-in here, and only this machine gets in. An application says: (req) => req.user?.isOperator === true
  app.use('/admin', adminRouter({ tenancy, title: 'Rowhouse example', authorize: (req) => !isOfTenant(req) }))
  app.use(
    requireKnownForm,
    express.urlencoded({ extended: true, limit: '20kb' }),
    express.json({ limit: '20kb' }),
  )
  app.use(methodOverride, sites({ tenancy, tenants, sql, report, queue }))
  app.use(() => {
    throw notFound()
  })
  app.use(answerErrors(log))
  const close = async (): Promise<void> => {
    await queue.close()
    await Promise.all([report.close(), tenancy.close()])
  }
  return { app, tenancy, close }
}

/** Before anything is changed: a client that could not read the answer. */
const requireKnownForm: express.RequestHandler = (req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next(
    req.accepts(FORMS) ? undefined : new HttpError(406, 'There are pages (text/html) and application/json.'),
  )
}
