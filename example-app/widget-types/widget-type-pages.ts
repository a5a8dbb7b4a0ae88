import type { CurrentTenant } from '../tenants/current-tenant'
import { frameOf } from '../tenants/tenant-frame'
import { html } from '../views/html'
import type { Page } from '../views/layout'
import { nameForm } from '../views/name-form'
import type { NameDraft } from '../views/name-form'
import { deleteButton, facts, links, table } from '../views/parts'
import type { WidgetType } from './widget-type-table'

const RECORD = 'widget_type'

/** `/tenants/7/widget-types`, or `/widget-types` on the tenant's own subdomain. */
export function typesPath(tenant: CurrentTenant): string {
  return `${tenant.base}/widget-types`
}

/** A tenant's types of widgets. */
export function listTypesPage(types: readonly WidgetType[], tenant: CurrentTenant): Page {
  const path = typesPath(tenant)
  const content = html`${links({ text: 'New widget type', href: `${path}/new`, kind: 'primary' })}
  ${table(types, {
    caption: `Widget types of ${tenant.name}`,
    columns: [{ title: 'Name', cell: ({ name }) => name }],
    actions: ({ id, name }) =>
      html`${links(
        { text: 'Show', href: `${path}/${id}` },
        { text: 'Edit', href: `${path}/${id}/edit` },
      )}${deleteButton({ href: `${path}/${id}`, name })}`,
    none: `${tenant.name} has no widget types yet.`,
  })}`
  return { title: 'Listing widget types', ...frameOf(tenant, 'Widget types'), content }
}

/** The form for a type that is to be. */
export function newTypePage(tenant: CurrentTenant, draft: NameDraft = { name: '' }): Page {
  const content = nameForm(draft, { record: RECORD, action: typesPath(tenant) })
  return { title: 'New widget type', ...frameOf(tenant, 'Widget types'), content }
}

/** One type. */
export function showTypePage({ id, name }: WidgetType, tenant: CurrentTenant): Page {
  const path = typesPath(tenant)
  const content = html`${facts([['Name', name]])}
  ${links({ text: 'Edit', href: `${path}/${id}/edit` }, { text: 'Back', href: path })}`
  return { title: 'Show widget type', ...frameOf(tenant, 'Widget types'), content }
}

/** The form for another name. */
export function editTypePage(type: WidgetType, tenant: CurrentTenant, draft: NameDraft = type): Page {
  const action = `${typesPath(tenant)}/${type.id}`
  return {
    title: 'Edit widget type',
    ...frameOf(tenant, 'Widget types'),
    content: nameForm(draft, { record: RECORD, action, method: 'put' }),
  }
}
