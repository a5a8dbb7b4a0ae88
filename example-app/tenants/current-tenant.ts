import type { Request } from 'express'
import type { Tenant } from './tenant-table'

/** A tenant, and where its pages are. */
export interface CurrentTenant extends Tenant {
  /** In front of the addresses of all its pages: `/tenants/7`, and nothing on its own subdomain. */
  readonly base: string
}

/**
 * The tenant of a request, as the middleware's directory found it. Pages have its name in the heading and its base in the
 * links; no query needs it.
 */
export function tenantOf(req: Request): CurrentTenant {
  // An application would declare `tenant` in Express' global `Request`; a test of this repository has another one there.
  const { tenant } = req as unknown as { readonly tenant: Tenant }
  return { ...tenant, base: /^\/tenants\/\d+/.exec(req.baseUrl)?.[0] ?? '' }
}
