import { join } from 'node:path'
import express from 'express'
import type { Express } from 'express'
import { createTenancy, fromPath } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import type { Database } from './database/database'
import { answer, FORMS } from './http/answer'
import { answerErrors } from './http/answer-errors'
import { HttpError, notFound } from './http/http-error'
import { methodOverride } from './http/method-override'
import { sameOrigin } from './http/same-origin'
import { securityHeaders } from './http/security-headers'
import { tenantRoutes } from './tenants/tenant-routes'
import { TenantTable } from './tenants/tenant-table'
import type { Tenant } from './tenants/tenant-table'
import { welcomePage } from './views/welcome-page'
import { widgetTypeRoutes } from './widget-types/widget-type-routes'
import { widgetRoutes } from './widgets/widget-routes'

/** Where the data is, and what errors are written to. */
export interface AppOptions<Pool> {
  readonly database: Database<Pool>
  /** In front of a tenant's id in the name of its schema. Default `tenant_`. */
  readonly prefix?: string
  /** Gets what is answered with 500. Default `console.error`. */
  readonly log?: (error: unknown) => void
}

/** The application, and what it works with. */
export interface ExampleApp<Pool> {
  readonly app: Express
  readonly tenancy: Tenancy<Pool, Pool, Tenant>
  /** Ends the pools. */
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
  })
  const [sql, mainSql] = [database.sqlOf(tenancy.pool, log), database.sqlOf(tenancy.admin, log)]
  const tenants: TenantTable = new TenantTable(mainSql, database.tenantTable)
  const report = database.reportOf?.(tenancy)

  // Below this, `tenancy.pool`, which `sql` asks, is the tenant's of the path. It sits here, not at `/tenants/:tenantId`,
  // where it would take `/tenants/new` for a tenant.
  const admitTenant = tenancy.middleware({
    resolve: fromPath('tenantId'),
    // There is no log-in here, and everybody may see every tenant. An application with users says instead:
    //   authorize: (req, tenant) => req.user.tenantIds.includes(tenant.id),
    trustResolution: true,
  })

  const app = express().disable('x-powered-by')
  app.use(securityHeaders, express.static(join(__dirname, 'public')))
  app.use(sameOrigin, requireKnownForm)
  app.use(express.urlencoded({ extended: true, limit: '20kb' }), express.json({ limit: '20kb' }))
  app.use(methodOverride)
  app.get('/', (req, res) => answer(req, res, { page: () => welcomePage, json: { tenants: '/tenants' } }))
  app.use('/tenants/:tenantId/widgets', admitTenant, widgetRoutes(sql, report))
  app.use('/tenants/:tenantId/widget-types', admitTenant, widgetTypeRoutes(sql))
  app.use('/tenants', tenantRoutes({ tenants, tenancy }))
  app.use(() => {
    throw notFound()
  })
  app.use(answerErrors(log))
  const close = async (): Promise<void> => {
    await Promise.all([report?.close(), tenancy.close()])
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
