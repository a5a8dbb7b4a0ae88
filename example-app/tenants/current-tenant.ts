import type { Link } from '../views/layout'
import { tenantPath } from './tenant-pages'
import type { Tenant } from './tenant-table'

/**
 * The tenant of a request, as the middleware's directory found it. Pages have its name in the heading and its id in the
 * links; no query needs it.
 */
export function tenantOf(req: object): Tenant {
  // An application would declare `tenant` in Express' global `Request`; a test of this repository has another one there.
  return (req as { readonly tenant: Tenant }).tenant
}

/** The way to a tenant's pages: Tenants, Acme. */
export function trailOf(tenant: Tenant): Link[] {
  return [
    { text: 'Tenants', href: '/tenants' },
    { text: tenant.name, href: tenantPath(tenant) },
  ]
}
