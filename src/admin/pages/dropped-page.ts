import type { DroppedInfo } from '../../lifecycle/kept'
import { html } from '../html'
import { linkTo } from '../request'
import { timeHtml } from './format'
import type { Page } from './layout'
import { table } from './parts'

const HEAD = ['Tenant', 'Dropped (UTC)', 'Kept until (UTC)', 'Kept as']

/** Dropped tenants whose data is kept. */
export function droppedPage(base: string, dropped: readonly DroppedInfo[], isReadOnly: boolean): Page {
  const rows = dropped.map(
    ({ tenant: id, droppedAt, keptUntil, keptAs }) =>
      html`<tr>
        <th scope="row">${id}</th>
        <td>${timeHtml(new Date(droppedAt))}</td>
        <td>${timeHtml(new Date(keptUntil))}</td>
        <td><code>${keptAs}</code></td>
        ${
          !isReadOnly &&
          html`<td>
            <a href="${linkTo(base, '/undrop', { id, as: keptAs })}"
              >Bring back<span class="unseen"> ${id}</span></a
            >
          </td>`
        }
      </tr>`,
  )
  const head = isReadOnly ? HEAD : [...HEAD, html`<span class="unseen">Action</span>`]
  return {
    title: 'Dropped',
    content:
      rows.length === 0
        ? html`<p class="empty">Nothing is kept of dropped tenants.</p>`
        : html`<p class="prose">
              Their data is kept until its time is over and somebody purges it with
              <code>rowhouse purge --expired</code>.
            </p>
            ${table('Dropped tenants', head, rows)}`,
  }
}
