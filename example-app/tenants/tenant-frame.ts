import type { Link, Page } from '../views/layout'
import type { CurrentTenant } from './current-tenant'
import { tenantPath } from './tenant-pages'

const PARTS = [
  ['Widgets', '/widgets'],
  ['Widget types', '/widget-types'],
  ['Report', '/widgets/report'],
  ['Imports', '/imports'],
] as const

/** What of a tenant's pages a page belongs to. */
export type Part = (typeof PARTS)[number][0]

/** What is around a page of a tenant, wherever it is: its name, the way to it, and its other parts. */
export function frameOf(tenant: CurrentTenant, part: Part): Pick<Page, 'brand' | 'trail' | 'tabs'> {
  const { base, name } = tenant
  const tabs = PARTS.map(([text, path]) => ({ text, href: base + path, isCurrent: text === part }))
  if (base === '') return { brand: { text: name, href: '/' }, tabs }
  return { trail: trailOf(tenant), tabs }
}

function trailOf(tenant: CurrentTenant): Link[] {
  return [
    { text: 'Tenants', href: '/tenants' },
    { text: tenant.name, href: tenantPath(tenant) },
  ]
}
