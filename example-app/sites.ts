import { Router } from 'express'
import type { Request, RequestHandler } from 'express'
import { fromPath, fromRequest, fromSubdomain } from 'rowhouse'
import type { Tenancy } from 'rowhouse'
import type { Sql } from './database/database'
import { answer } from './http/answer'
import { notFound } from './http/http-error'
import { originOf, setMainOrigin } from './http/site'
import { importRoutes } from './imports/import-routes'
import type { ImportQueue } from './imports/import-queue'
import { reportRoutes } from './report/report-routes'
import { signUpRoutes } from './sign-up/sign-up-routes'
import { tenantRoutes } from './tenants/tenant-routes'
import type { Tenant, TenantTable } from './tenants/tenant-table'
import { welcomePage } from './views/welcome-page'
import { widgetTypeRoutes } from './widget-types/widget-type-routes'
import type { WidgetReport } from './widgets/widget-report'
import { widgetRoutes } from './widgets/widget-routes'

/** What the pages are made of. */
export interface SiteParts {
  readonly tenancy: Tenancy<any, any, Tenant>
  readonly tenants: TenantTable
  /** Of the tenancy's pool. */
  readonly sql: Sql
  readonly report: WidgetReport
  readonly queue: ImportQueue
}

/** Every browser takes `acme.localhost` for this machine. A real application has a domain: `example.com`. */
export const ROOT = 'localhost'
const SUBDOMAIN = fromSubdomain({ root: ROOT })

// There is no log-in here, and everybody may see every tenant. An application with users says instead:
//   authorize: (req, tenant) => req.user.tenantIds.includes(tenant.id),
const ACCESS = { trustResolution: true } as const

/** All pages: a tenant's at `/tenants/7/widgets` or on its own subdomain, and those of the application itself. */
export function sites(parts: SiteParts): RequestHandler {
  const [main, ofTenant] = [mainSite(parts), tenantSite(parts)]
  return (req, res, next) => (isOfTenant(req) ? ofTenant : main)(req, res, next)
}

/** Whether a request is for a tenant's own site, whether or not there is such a tenant. */
export function isOfTenant(req: Parameters<typeof SUBDOMAIN.resolve>[0]): boolean {
  return SUBDOMAIN.resolve(req) !== undefined
}

function mainSite(parts: SiteParts): Router {
  const { tenancy, tenants } = parts
  // It sits at the parts of a tenant, not at `/tenants/:tenantId`, where it would take `/tenants/new` for a tenant.
  const admitTenant = tenancy.middleware({ resolve: fromPath('tenantId'), ...ACCESS })
  const siteUrls =
    (req: Request) =>
    ({ subdomain }: Tenant) =>
      subdomain === null ? undefined : originOf(req, `${subdomain}.${ROOT}`)
  const router = Router()
  router.get('/', (req, res) => answer(req, res, { page: () => welcomePage, json: { tenants: '/tenants' } }))
  for (const [path, routes] of partsOfTenant(parts))
    router.use(`/tenants/:tenantId${path}`, admitTenant, routes)
  return router
    .use('/tenants', tenantRoutes({ tenants, tenancy, siteUrls }))
    .use('/sign-up', signUpRoutes({ tenants, tenancy }))
    .use('/report', reportRoutes({ tenants, tenancy }))
}

/** The same pages on `acme.localhost`, without a tenant in their addresses. */
function tenantSite(parts: SiteParts): Router {
  const resolve = fromRequest(
    async (req: Request) => {
      // An application with many requests would remember this.
      const id = await parts.tenants.idOf(String(await SUBDOMAIN.resolve(req)))
      if (id === undefined) throw notFound()
      return id
    },
    { trust: SUBDOMAIN.trust, name: SUBDOMAIN.name },
  )
  const router = Router()
  router.use((req, res, next) => {
    setMainOrigin(res, originOf(req, ROOT))
    next()
  })
  router.use(parts.tenancy.middleware({ resolve, ...ACCESS }))
  router.get('/', (_req, res) => res.redirect('/widgets'))
  for (const [path, routes] of partsOfTenant(parts)) router.use(path, routes)
  return router
}

function partsOfTenant({ sql, report, queue, tenancy }: SiteParts): readonly (readonly [string, Router])[] {
  return [
    ['/widgets', widgetRoutes(sql, report)],
    ['/widget-types', widgetTypeRoutes(sql)],
    ['/imports', importRoutes({ queue, tenancy })],
  ]
}
