import { join } from 'node:path'
import express from 'express'
import type { Express } from 'express'
import type { Pool } from 'pg'
import { createTenancy, fromPath } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import { postgres } from 'rowhouse/postgres'
import { answer, FORMS } from './http/answer'
import { answerErrors } from './http/answer-errors'
import { HttpError, notFound } from './http/http-error'
import { methodOverride } from './http/method-override'
import { sameOrigin } from './http/same-origin'
import { securityHeaders } from './http/security-headers'
import type { DatabaseOptions } from './set-up-database'
import { tenantRoutes } from './tenants/tenant-routes'
import { TenantTable } from './tenants/tenant-table'
import type { Tenant } from './tenants/tenant-table'
import { welcomePage } from './views/welcome-page'
import { widgetTypeRoutes } from './widget-types/widget-type-routes'
import { widgetRoutes } from './widgets/widget-routes'

/** Where the data is, and what errors are written to. */
export interface AppOptions extends DatabaseOptions {
  /** In front of a tenant's id in the name of its schema. Default `tenant_`. */
  readonly prefix?: string
  /** Gets what is answered with 500. Default `console.error`. */
  readonly log?: (error: unknown) => void
}

/** The application, and what it works with. */
export interface ExampleApp {
  readonly app: Express
  /** Its tenancy; `close()` ends the pools. */
  readonly tenancy: Tenancy<Pool, Pool, Tenant>
}

const MIGRATIONS = join(__dirname, '../tenant-migrations')

/** Makes the application. Nothing is connected before the first request. */
export function createApp({
  appUrl,
  ownerUrl,
  mainSchema = 'public',
  prefix,
  log = console.error,
}: AppOptions): ExampleApp {
  const tenancy = createTenancy({
    engine: postgres({ connectionString: appUrl, migrationUrl: ownerUrl }),
    migrations: MIGRATIONS,
    prefix,
    directory: (id): Promise<Tenant | undefined> => tenants.find(id),
  })
  // An idle connection that breaks is one to be logged; without a listener it would end the process.
  for (const pool of [tenancy.pool, tenancy.admin]) pool.on('error', log)
  const tenants: TenantTable = new TenantTable(tenancy.admin, mainSchema)

  // Below this, `tenancy.pool` is the tenant's of the path. It sits here, not at `/tenants/:tenantId`, where it would
  // take `/tenants/new` for a tenant.
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
  app.use('/tenants/:tenantId/widgets', admitTenant, widgetRoutes(tenancy.pool))
  app.use('/tenants/:tenantId/widget-types', admitTenant, widgetTypeRoutes(tenancy.pool))
  app.use('/tenants', tenantRoutes({ tenants, tenancy }))
  app.use(() => {
    throw notFound()
  })
  app.use(answerErrors(log))
  return { app, tenancy }
}

/** Before anything is changed: a client that could not read the answer. */
const requireKnownForm: express.RequestHandler = (req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next(
    req.accepts(FORMS) ? undefined : new HttpError(406, 'There are pages (text/html) and application/json.'),
  )
}
