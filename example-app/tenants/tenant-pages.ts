import { html } from '../views/html'
import type { Html } from '../views/html'
import type { Page } from '../views/layout'
import { nameForm } from '../views/name-form'
import type { NameDraft } from '../views/name-form'
import { deleteButton, facts, links, table } from '../views/parts'
import type { Tenant } from './tenant-table'

/** Where a tenant's own site is, `http://acme.localhost:4000`; undefined where it has no subdomain. */
export type SiteUrl = (tenant: Tenant) => string | undefined

const HOME = { text: 'Tenants', href: '/tenants' }

/** `/tenants/7` */
export function tenantPath({ id }: Tenant): string {
  return `/tenants/${id}`
}

/** All tenants, and what one can do with them. */
export function listTenantsPage(tenants: readonly Tenant[], siteUrl: SiteUrl): Page {
  const content = html`${links(
    { text: 'New tenant', href: '/tenants/new', kind: 'primary' },
    { text: 'Report', href: '/report' },
  )}
  ${table(tenants, {
    caption: 'All tenants',
    columns: [
      { title: 'Name', cell: ({ name }) => name },
      { title: 'Address', cell: (tenant) => siteLink(siteUrl(tenant)) },
    ],
    actions: (tenant) => {
      const href = tenantPath(tenant)
      return html`${links(
        { text: 'Show', href },
        { text: 'Edit', href: `${href}/edit` },
        { text: 'Widgets', href: `${href}/widgets` },
      )}${deleteButton({ href, name: tenant.name })}`
    },
    none: 'There are no tenants yet.',
  })}`
  return { title: 'Listing tenants', content }
}

/** The form for a tenant that is to be. */
export function newTenantPage(draft: NameDraft = { name: '' }): Page {
  const content = nameForm(draft, { record: 'tenant', action: '/tenants' })
  return { title: 'New tenant', trail: [HOME], content }
}

/** One tenant. */
export function showTenantPage(tenant: Tenant, siteUrl: SiteUrl): Page {
  const href = tenantPath(tenant)
  const content = html`${facts([
    ['Name', tenant.name],
    ['Address', siteLink(siteUrl(tenant))],
    ['Id', tenant.id],
    ['Since', `${tenant.inserted_at.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
  ])}
  ${links(
    { text: 'Widgets', href: `${href}/widgets`, kind: 'primary' },
    { text: 'Widget types', href: `${href}/widget-types` },
    { text: 'Imports', href: `${href}/imports` },
    { text: 'Edit', href: `${href}/edit` },
    { text: 'Back', href: '/tenants' },
  )}`
  return { title: 'Show tenant', trail: [HOME], content }
}

/** The form for another name. */
export function editTenantPage(tenant: Tenant, draft: NameDraft = tenant): Page {
  const href = tenantPath(tenant)
  const content = nameForm(draft, { record: 'tenant', action: href, method: 'put' })
  return { title: 'Edit tenant', trail: [HOME, { text: tenant.name, href }], content }
}

function siteLink(url: string | undefined): Html {
  return url === undefined
    ? html`<span class="none">none</span>`
    : html`<a href="${url}">${url.replace(/^https?:\/\//, '')}</a>`
}
