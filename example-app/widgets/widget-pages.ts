import type { CurrentTenant } from '../tenants/current-tenant'
import { frameOf } from '../tenants/tenant-frame'
import { form, selectField, textField } from '../views/form'
import { html } from '../views/html'
import type { Html } from '../views/html'
import type { Page } from '../views/layout'
import { deleteButton, facts, links, table } from '../views/parts'
import type { WidgetType } from '../widget-types/widget-type-table'
import { draftOf } from './widget'
import type { Widget, WidgetDraft } from './widget'
import type { TypeCount } from './widget-report'

/** What a form of widgets needs beside the widget. */
export interface WidgetFormOptions {
  readonly tenant: CurrentTenant
  readonly types: readonly WidgetType[]
  /** Default: the widget as it is. */
  readonly draft?: WidgetDraft
}

const BLANK: WidgetDraft = { name: '', typeId: '', errors: {} }

/** `/tenants/7/widgets`, or `/widgets` on the tenant's own subdomain. */
export function widgetsPath(tenant: CurrentTenant): string {
  return `${tenant.base}/widgets`
}

/** A tenant's widgets. */
export function listWidgetsPage(widgets: readonly Widget[], tenant: CurrentTenant): Page {
  const path = widgetsPath(tenant)
  const content = html`${links({ text: 'New widget', href: `${path}/new`, kind: 'primary' })}
  ${table(widgets, {
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
  })}`
  return { title: 'Listing widgets', ...frameOf(tenant, 'Widgets'), content }
}

/** How many widgets a tenant has of each type. */
export function reportPage(counts: readonly TypeCount[], tenant: CurrentTenant): Page {
  const rows = counts.map(
    ({ widget_type, widgets }) => [widget_type ?? 'without a type', String(widgets)] as const,
  )
  const content = html`${
    rows.length > 0 ? facts(rows) : html`<p class="none">${tenant.name} has no widgets yet.</p>`
  }
  ${links({ text: 'Back', href: widgetsPath(tenant) })}`
  return { title: 'Widget report', ...frameOf(tenant, 'Report'), content }
}

/** The form for a widget that is to be. */
export function newWidgetPage({ tenant, types, draft = BLANK }: WidgetFormOptions): Page {
  const content = widgetForm(draft, types, { action: widgetsPath(tenant) })
  return { title: 'New widget', ...frameOf(tenant, 'Widgets'), content }
}

/** One widget. */
export function showWidgetPage(widget: Widget, tenant: CurrentTenant): Page {
  const path = widgetsPath(tenant)
  const content = html`${facts([
    ['Name', widget.name],
    ['Type', widget.widget_type ?? 'none'],
  ])}
  ${links({ text: 'Edit', href: `${path}/${widget.id}/edit` }, { text: 'Back', href: path })}`
  return { title: 'Show widget', ...frameOf(tenant, 'Widgets'), content }
}

/** The form for a widget that is there. */
export function editWidgetPage(
  widget: Widget,
  { tenant, types, draft = draftOf({}, widget) }: WidgetFormOptions,
): Page {
  const action = `${widgetsPath(tenant)}/${widget.id}`
  return {
    title: 'Edit widget',
    ...frameOf(tenant, 'Widgets'),
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
