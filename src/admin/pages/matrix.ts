import type { FleetGroup } from '../../fleet/status-fleet'
import type { FleetView, KeyedGroup } from '../fleet-view'
import { html } from '../html'
import type { Html } from '../html'
import { linkTo } from '../request'
import { countText } from './format'

/** Where a group stands with one migration. */
type Mark = 'applied' | 'pending' | 'unfinished' | 'missing' | 'changed' | 'renamed' | 'none'

const MARKS: Readonly<Record<Mark, readonly [sign: string, label: string]>> = {
  applied: ['✓', 'applied'],
  pending: ['○', 'pending'],
  unfinished: ['!', 'unfinished'],
  missing: ['?', 'applied, file missing'],
  changed: ['≠', 'applied, file changed'],
  renamed: ['≠', 'applied under another name'],
  none: ['', 'not there'],
}

/** More columns than people compare. */
const MOST_GROUPS = 8
/** Of the newest migrations so many are shown although all have them. */
const NEWEST = 3
const MOST_ROWS = 30

/** Migrations down, groups of tenants across, the newest and the greatest first. */
export function matrix(base: string, { status, groups }: FleetView): Html {
  const shown = groups.slice(0, MOST_GROUPS)
  const all = namesIn(status.migrations, groups)
  const isUneven = (name: string): boolean =>
    groups.some((group) => markOf(status.migrations, group, name) !== 'applied')
  const uneven = all.filter((name, index) => index < NEWEST || isUneven(name))
  const rows = uneven.slice(0, MOST_ROWS)
  const rest = all.length - rows.length
  const more = groups.length - shown.length
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Migrations by groups of tenants">
      <table class="matrix">
        <caption class="unseen">
          Migrations by groups of tenants that stand in the same place
        </caption>
        <thead>
          <tr>
            <th scope="col">Migration</th>
            ${shown.map((group) => head(base, group))}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (name) =>
              html`<tr>
                <th scope="row"><code>${name}</code></th>
                ${shown.map((group) => cell(markOf(status.migrations, group, name)))}
              </tr>`,
          )}
          ${
            rest > 0 &&
            html`<tr class="rest">
              <th scope="row">
                ${countText(rest, uneven.length > rows.length ? 'more migration' : 'older migration')}
              </th>
              ${uneven.length === rows.length && shown.map(() => cell('applied'))}
            </tr>`
          }
        </tbody>
      </table>
    </div>
    ${more > 0 && html`<p class="quiet">${countText(more, 'more group')}, each smaller than these.</p>`}`
}

/** `at head`, or what it lacks. */
export function lackText(group: FleetGroup): string {
  if (group.isAtHead) return 'at head'
  const { pending, missing, renamed, changed, unfinished } = group
  const parts = [
    unfinished !== undefined && `unfinished at statement ${unfinished.statement}`,
    pending.length > 0 && `${pending.length} pending`,
    missing.length > 0 && `${missing.length} without file`,
    renamed.length > 0 && `${renamed.length} renamed`,
    changed.length > 0 && `${changed.length} changed`,
  ]
  return parts.filter((part) => part !== false).join(', ')
}

function head(base: string, group: KeyedGroup): Html {
  return html`<th scope="col" class="${group.isAtHead ? 'good' : 'warn'}">
    <a href="${linkTo(base, '/', { group: group.key })}#tenants"
      >${countText(group.tenants.length, 'tenant')}</a
    >
    <span>${lackText(group)}</span>
  </th>`
}

function cell(mark: Mark): Html {
  const [sign, label] = MARKS[mark]
  return html`<td class="mark ${mark}">
    <span aria-hidden="true">${sign}</span><span class="unseen">${label}</span>
  </td>`
}

/** Of files, and of what is applied without one; the newest first. */
function namesIn(files: readonly string[], groups: readonly FleetGroup[]): readonly string[] {
  return [...new Set([...files, ...groups.flatMap(({ missing }) => missing)])].sort().reverse()
}

function markOf(files: readonly string[], group: FleetGroup, name: string): Mark {
  if (group.unfinished?.name === name) return 'unfinished'
  for (const mark of ['missing', 'changed', 'renamed', 'pending'] as const)
    if (group[mark].includes(name)) return mark
  return files.includes(name) ? 'applied' : 'none'
}
