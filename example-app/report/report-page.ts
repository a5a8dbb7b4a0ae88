import { html } from '../views/html'
import type { Page } from '../views/layout'
import { table } from '../views/parts'
import type { TenantCount } from './fleet-report'

/** Widgets of all tenants. */
export function fleetReportPage(counts: readonly TenantCount[]): Page {
  const total = counts.reduce((sum, { widgets }) => sum + widgets, 0)
  const most = Math.max(1, ...counts.map(({ widgets }) => widgets))
  const content = html`<p class="lead">
      ${total} widgets of ${counts.length} tenants, read in one statement for each hundred of them.
    </p>
    ${table(counts, {
      caption: 'Widgets by tenant',
      columns: [
        {
          title: 'Tenant',
          cell: ({ tenant }) => html`<a href="/tenants/${tenant.id}/widgets">${tenant.name}</a>`,
        },
        { title: 'Widgets', cell: ({ widgets }) => widgets },
        { title: 'Types', cell: ({ widget_types }) => widget_types },
        {
          title: 'Share',
          cell: ({ tenant, widgets }) =>
            html`<meter
              min="0"
              max="${most}"
              value="${widgets}"
              aria-label="Widgets of ${tenant.name}"
            ></meter>`,
        },
      ],
      none: 'There are no tenants yet.',
    })}`
  return { title: 'Report', content }
}
