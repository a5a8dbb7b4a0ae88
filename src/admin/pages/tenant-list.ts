import type { TenantFigures } from '../../fleet/figures'
import type { FleetView, FoundPage, ListedTenant, Search } from '../fleet-view'
import { html } from '../html'
import type { Html } from '../html'
import { linkTo } from '../request'
import { bytesText, countText, NOTHING, numberText, timeHtml } from './format'
import { lackText } from './matrix'
import { standingBadge, table } from './parts'

/** What the list is made of. */
export interface ListParts {
  readonly base: string
  readonly view: FleetView
  readonly search: Search
  readonly found: FoundPage
  /** Of the tenants of this page. */
  readonly figures: ReadonlyMap<string, TenantFigures>
}

const HEAD = ['Tenant', 'State', 'Version', 'Migrations', 'Tables', 'Size', 'Last migrated (UTC)']

/** The search, what it found, and where to turn the pages. */
export function tenantList(parts: ListParts): Html {
  const { base, found, figures } = parts
  return html`<section aria-labelledby="tenants">
    <h2 id="tenants">Tenants</h2>
    ${searchForm(parts)}
    <p class="quiet">
      ${countText(found.found, 'tenant')}${isNarrow(parts.search) && html` found. <a href="${linkTo(base, '/')}#tenants">Show all</a>`}
    </p>
    ${
      found.tenants.length > 0 &&
      table(
        'Tenants',
        HEAD,
        found.tenants.map((tenant) => row(base, tenant, figures.get(tenant.id))),
        [4, 5],
      )
    }
    ${pager(parts)}
  </section>`
}

function isNarrow({ text, standing, group }: Search): boolean {
  return text !== '' || standing !== undefined || group !== undefined
}

function searchForm({ base, view, search }: ListParts): Html {
  const standings: readonly (readonly [string, string])[] = [
    ['', 'any state'],
    ['active', 'active'],
    ['suspended', 'suspended'],
    ['creating', 'half made'],
    ['problem', 'problem'],
  ]
  const groups = view.groups.map(({ key, tenants, ...group }): readonly [string, string] => [
    key,
    `${group.version ?? 'no version'}: ${lackText({ tenants, ...group })} (${numberText(tenants.length)})`,
  ])
  return html`<form class="search" method="get" action="${linkTo(base, '/')}#tenants" role="search">
    <label
      >Part of the id
      <input type="search" name="q" value="${search.text}" autocomplete="off" spellcheck="false"
    /></label>
    <label>State ${select('state', standings, search.standing ?? '')}</label>
    <label>Migrations ${select('group', [['', 'any'], ...groups], search.group ?? '')}</label>
    <button class="quiet-button">Search</button>
  </form>`
}

function select(
  name: string,
  options: readonly (readonly [value: string, label: string])[],
  chosen: string,
): Html {
  return html`<select name="${name}">
    ${options.map(([value, label]) => html`<option value="${value}" ${value === chosen && html`selected`}>${label}</option>`)}
  </select>`
}

function row(base: string, { id, standing, group }: ListedTenant, figures: TenantFigures | undefined): Html {
  return html`<tr>
    <th scope="row"><a href="${linkTo(base, '/tenant', { id })}">${id}</a></th>
    <td>${standingBadge(standing)}</td>
    <td>${group?.version === undefined ? NOTHING : html`<code>${group.version}</code>`}</td>
    <td>
      ${group === undefined ? NOTHING : html`<span class="${group.isAtHead ? 'quiet' : 'warn-text'}">${lackText(group)}</span>`}
    </td>
    <td class="number">${figures === undefined ? NOTHING : numberText(figures.tables)}</td>
    <td class="number">${figures?.bytes === undefined ? NOTHING : bytesText(figures.bytes)}</td>
    <td>${timeHtml(figures?.migratedAt)}</td>
  </tr>`
}

function pager({ base, search, found: { page, pages } }: ListParts): Html | false {
  if (pages === 1) return false
  const link = (to: number, label: string): Html => {
    const { text: q, standing: state, group } = search
    return to < 1 || to > pages
      ? html`<span class="quiet" aria-disabled="true">${label}</span>`
      : html`<a href="${linkTo(base, '/', { q, state, group, page: to })}#tenants">${label}</a>`
  }
  return html`<nav class="pager" aria-label="Pages of tenants">
    ${link(page - 1, '← Previous')}
    <span>Page ${numberText(page)} of ${numberText(pages)}</span> ${link(page + 1, 'Next →')}
  </nav>`
}
