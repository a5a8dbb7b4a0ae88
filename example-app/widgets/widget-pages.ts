import { tenantPath } from '../tenants/tenant-pages'
import { trailOf } from '../tenants/current-tenant'
import type { Tenant } from '../tenants/tenant-table'
import { form, selectField, textField } from '../views/form'
import { html } from '../views/html'
import type { Html } from '../views/html'
import type { Link, Page } from '../views/layout'
import { deleteButton, facts, links, table } from '../views/parts'
import type { WidgetType } from '../widget-types/widget-type-table'
import { draftOf } from './widget'
import type { Widget, WidgetDraft } from './widget'
import type { TypeCount } from './widget-report'

/** What a form of widgets needs beside the widget. */
export interface WidgetFormOptions {
  readonly tenant: Tenant
  readonly types: readonly WidgetType[]
  /** Default: the widget as it is. */
  readonly draft?: WidgetDraft
}

const BLANK: WidgetDraft = { name: '', typeId: '', errors: {} }

/** `/tenants/7/widgets` */
export function widgetsPath(tenant: Tenant): string {
  return `${tenantPath(tenant)}/widgets`
}

/** A tenant's widgets. */
export function listWidgetsPage(widgets: readonly Widget[], tenant: Tenant): Page {
  const path = widgetsPath(tenant)
  const content = html`${table(widgets, {
    caption: `Widgets of ${tenant.name}`,
    columns: [
      { title: 'Name', cell: ({ name }) => name },
      { title: 'Type', cell: ({ widget_type }) => widget_type ?? '' },
    ],
    actions: ({ id, name }) =>
      html`${links(
        { text: 'Show', href: `${path}/${id}` },
        { text: 'Edit', href: `${path}/${id}/edit` },
      )}${deleteButton({ href: `${path}/${id}`, name })}`,
    none: `${tenant.name} has no widgets yet.`,
  })}
  ${links(
    { text: 'New widget', href: `${path}/new` },
    { text: 'Report', href: `${path}/report` },
    { text: 'Widget types', href: `${tenantPath(tenant)}/widget-types` },
  )}`
  return { title: 'Listing widgets', trail: trailOf(tenant), content }
}

/** How many widgets a tenant has of each type. */
export function reportPage(counts: readonly TypeCount[], tenant: Tenant): Page {
  const rows = counts.map(
    ({ widget_type, widgets }) => [widget_type ?? 'without a type', String(widgets)] as const,
  )
  const content = html`${
    rows.length > 0 ? facts(rows) : html`<p class="none">${tenant.name} has no widgets yet.</p>`
  }
  ${links({ text: 'Back', href: widgetsPath(tenant) })}`
  return { title: 'Widget report', trail: trailOfWidgets(tenant), content }
}

/** The form for a widget that is to be. */
export function newWidgetPage({ tenant, types, draft = BLANK }: WidgetFormOptions): Page {
  const content = widgetForm(draft, types, { action: widgetsPath(tenant) })
  return { title: 'New widget', trail: trailOfWidgets(tenant), content }
}

/** One widget. */
export function showWidgetPage(widget: Widget, tenant: Tenant): Page {
  const path = widgetsPath(tenant)
  const content = html`${facts([
    ['Name', widget.name],
    ['Type', widget.widget_type ?? 'none'],
  ])}
  ${links({ text: 'Edit', href: `${path}/${widget.id}/edit` }, { text: 'Back', href: path })}`
  return { title: 'Show widget', trail: trailOfWidgets(tenant), content }
}

/** The form for a widget that is there. */
export function editWidgetPage(
  widget: Widget,
  { tenant, types, draft = draftOf({}, widget) }: WidgetFormOptions,
): Page {
  const action = `${widgetsPath(tenant)}/${widget.id}`
  return {
    title: 'Edit widget',
    trail: [...trailOfWidgets(tenant), { text: widget.name, href: action }],
    content: widgetForm(draft, types, { action, method: 'put' }),
  }
}

function widgetForm(
  { name, typeId, errors }: WidgetDraft,
  types: readonly WidgetType[],
  options: { readonly action: string; readonly method?: 'put' },
): Html {
  const fields = [
    textField({ name: 'widget[name]', label: 'Name', value: name, errors: errors.name }),
    selectField({
      name: 'widget[widget_type_id]',
      label: 'Type',
      value: typeId,
      errors: errors.widget_type_id,
      choices: types,
    }),
  ]
  return form({ ...options, errors, fields })
}

function trailOfWidgets(tenant: Tenant): Link[] {
  return [...trailOf(tenant), { text: 'Widgets', href: widgetsPath(tenant) }]
}
