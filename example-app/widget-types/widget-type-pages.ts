import { trailOf } from '../tenants/current-tenant'
import { tenantPath } from '../tenants/tenant-pages'
import type { Tenant } from '../tenants/tenant-table'
import { html } from '../views/html'
import type { Link, Page } from '../views/layout'
import { nameForm } from '../views/name-form'
import type { NameDraft } from '../views/name-form'
import { deleteButton, facts, links, table } from '../views/parts'
import type { WidgetType } from './widget-type-table'

const RECORD = 'widget_type'

/** `/tenants/7/widget-types` */
export function typesPath(tenant: Tenant): string {
  return `${tenantPath(tenant)}/widget-types`
}

/** A tenant's types of widgets. */
export function listTypesPage(types: readonly WidgetType[], tenant: Tenant): Page {
  const path = typesPath(tenant)
  const content = html`${table(types, {
    caption: `Widget types of ${tenant.name}`,
    columns: [{ title: 'Name', cell: ({ name }) => name }],
    actions: ({ id, name }) =>
      html`${links(
        { text: 'Show', href: `${path}/${id}` },
        { text: 'Edit', href: `${path}/${id}/edit` },
      )}${deleteButton({ href: `${path}/${id}`, name })}`,
    none: `${tenant.name} has no widget types yet.`,
  })}
  ${links(
    { text: 'New widget type', href: `${path}/new` },
    { text: 'Widgets', href: `${tenantPath(tenant)}/widgets` },
  )}`
  return { title: 'Listing widget types', trail: trailOf(tenant), content }
}

/** The form for a type that is to be. */
export function newTypePage(tenant: Tenant, draft: NameDraft = { name: '' }): Page {
  const content = nameForm(draft, { record: RECORD, action: typesPath(tenant) })
  return { title: 'New widget type', trail: trailOfTypes(tenant), content }
}

/** One type. */
export function showTypePage({ id, name }: WidgetType, tenant: Tenant): Page {
  const path = typesPath(tenant)
  const content = html`${facts([['Name', name]])}
  ${links({ text: 'Edit', href: `${path}/${id}/edit` }, { text: 'Back', href: path })}`
  return { title: 'Show widget type', trail: trailOfTypes(tenant), content }
}

/** The form for another name. */
export function editTypePage(type: WidgetType, tenant: Tenant, draft: NameDraft = type): Page {
  const action = `${typesPath(tenant)}/${type.id}`
  return {
    title: 'Edit widget type',
    trail: [...trailOfTypes(tenant), { text: type.name, href: action }],
    content: nameForm(draft, { record: RECORD, action, method: 'put' }),
  }
}

function trailOfTypes(tenant: Tenant): Link[] {
  return [...trailOf(tenant), { text: 'Widget types', href: typesPath(tenant) }]
}
