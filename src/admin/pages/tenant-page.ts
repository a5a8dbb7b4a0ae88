import type { DriftVersion } from '../../fleet/drift'
import type { TenantContents } from '../../fleet/figures'
import type { TenantStatus } from '../../lifecycle/results'
import type { KnownFailure } from '../failures'
import { html } from '../html'
import type { Html } from '../html'
import { linkTo } from '../request'
import { bytesText, countText, NOTHING, numberText, timeHtml } from './format'
import type { Page } from './layout'
import { errorBox, standingBadge, table, tile } from './parts'

/** What a tenant's drift was compared with. */
export interface ComparedDrift {
  readonly versions: readonly DriftVersion[]
  /** How many others there are; 0: nobody else stands there. */
  readonly compared: number
}

/** What the page of a tenant is made of. */
export interface TenantPageParts {
  readonly base: string
  readonly isReadOnly: boolean
  readonly status: TenantStatus
  readonly contents: TenantContents
  /** Names of applied migrations whose file is another one now. */
  readonly changed: readonly string[]
  readonly failure: KnownFailure | undefined
  /** Undefined: not asked for. */
  readonly drift: ComparedDrift | undefined
}

/** One tenant: its migrations, its tables, and what can be done with it. */
export function tenantPage(parts: TenantPageParts): Page {
  const { base, isReadOnly, status, contents, failure } = parts
  const bytes = contents.tables.reduce((sum, one) => sum + (one.bytes ?? 0), 0)
  return {
    title: status.tenant,
    kicker: html`<a href="${linkTo(base, '/')}">Fleet</a> / <code>${status.prefix}</code>`,
    actions: isReadOnly ? undefined : actions(base, status),
    content: html`<dl class="tiles">
        <div class="tile">
          <dt>State</dt>
          <dd>${standingBadge(status.state)}</dd>
        </div>
        ${tile('Applied', numberText(contents.migrations.length))}
        ${tile('Pending', numberText(status.pending.length), status.pending.length > 0 ? 'warn' : '')}
        ${tile('Tables', numberText(contents.tables.length))} ${tile('Size', bytesText(bytes))}
      </dl>
      ${
        failure !== undefined &&
        html`<section aria-labelledby="failed">
          <h2 id="failed">Failed when migrated here, ${timeHtml(failure.at)} UTC</h2>
          ${errorBox(failure)}
        </section>`
      }
      ${unfinishedBox(status)} ${migrations(parts)} ${tables(contents)} ${driftSection(parts)}`,
  }
}

function actions(base: string, { tenant: id, state, pending, versions }: TenantStatus): Html {
  const link = (action: string, label: string, look = ''): Html =>
    html`<a class="button ${look}" href="${linkTo(base, `/tenant/${action}`, { id })}">${label}</a>`
  if (state === 'creating') return html`${link('drop', 'Drop', 'danger')}`
  return html`${pending.length > 0 && link('migrate', 'Migrate', 'primary')}
  ${versions.length > 0 && link('rollback', 'Roll back')}
  ${state === 'suspended' ? link('unsuspend', 'Unsuspend') : link('suspend', 'Suspend')}
  ${link('drop', 'Drop', 'danger')}`
}

function unfinishedBox({ unfinished }: TenantStatus): Html | false {
  if (unfinished === undefined) return false
  const { name, direction, statement, error } = unfinished
  return html`<section aria-labelledby="unfinished">
    <h2 id="unfinished">A migration is unfinished</h2>
    <div class="problem">
      <p class="message">${error ?? 'The run was interrupted.'}</p>
      <dl class="facts">
        <div>
          <dt>Migration</dt>
          <dd>${name}</dd>
        </div>
        <div>
          <dt>Direction</dt>
          <dd>${direction}</dd>
        </div>
        <div>
          <dt>Statement</dt>
          <dd>${statement}</dd>
        </div>
      </dl>
      <p>
        <strong>What to do:</strong> mend what the message names and migrate again, or say what is so with
        <code>rowhouse repair</code>.
      </p>
    </div>
  </section>`
}

function migrations({ status, contents, changed }: TenantPageParts): Html {
  const row = (name: string, state: Html, at: Html): Html =>
    html`<tr>
      <th scope="row"><code>${name}</code></th>
      <td>${state}</td>
      <td>${at}</td>
    </tr>`
  const stateOf = (name: string): Html => {
    if (status.missing.includes(name)) return html`<span class="state warn">applied, file missing</span>`
    if (changed.includes(name)) return html`<span class="state warn">applied, file changed</span>`
    return html`<span class="state good">applied</span>`
  }
  const rows = [
    ...[...status.pending]
      .reverse()
      .map((name) => row(name, html`<span class="state warn">pending</span>`, NOTHING)),
    ...status.renamed.map((name) =>
      row(name, html`<span class="state warn">applied under another name</span>`, NOTHING),
    ),
    ...[...contents.migrations]
      .reverse()
      .map(({ name, appliedAt }) => row(name, stateOf(name), timeHtml(appliedAt))),
  ]
  return html`<section aria-labelledby="migrations">
    <h2 id="migrations">Migrations</h2>
    ${rows.length === 0 ? html`<p class="empty">None.</p>` : table('Migrations, the newest first', ['Migration', 'State', 'Applied (UTC)'], rows)}
  </section>`
}

function tables({ tables: all }: TenantContents): Html {
  const rows = all.map(
    ({ name, kind, rows: count, bytes }) =>
      html`<tr>
        <th scope="row"><code>${name}</code></th>
        <td>${kind}</td>
        <td class="number">${count === undefined ? NOTHING : numberText(count)}</td>
        <td class="number">${bytes === undefined ? NOTHING : bytesText(bytes)}</td>
      </tr>`,
  )
  return html`<section aria-labelledby="tables">
    <h2 id="tables">Tables</h2>
    ${rows.length === 0 ? html`<p class="empty">None.</p>` : table('Tables', ['Name', 'Kind', 'Rows, estimated', 'Size'], rows, [2, 3])}
  </section>`
}

function driftSection({ base, status, drift }: TenantPageParts): Html {
  const id = status.tenant
  return html`<section aria-labelledby="drift">
    <h2 id="drift">Drift</h2>
    ${
      drift === undefined
        ? html`<p>
            Is it built as others with the same migrations are?
            <a href="${linkTo(base, '/tenant', { id, drift: 1 })}#drift">Compare</a>
          </p>`
        : driftResult(id, drift)
    }
  </section>`
}

function driftResult(id: string, { versions, compared }: ComparedDrift): Html {
  if (compared === 0)
    return html`<p>No other tenant has the same migrations, so there is nothing to compare it with.</p>`
  const own = versions.flatMap(({ outliers }) => outliers).find(({ tenants }) => tenants.includes(id))
  if (own === undefined)
    return html`<p class="state good">
      Built as most of ${countText(compared, 'other tenant')} with the same migrations.
    </p>`
  return html`<p class="state bad">
      Not built as most of ${countText(compared, 'other tenant')} with the same migrations.
    </p>
    ${lines('Lacking: others have it', own.lacking)} ${lines('Extra: others do not have it', own.extra)}`
}

function lines(label: string, all: readonly string[]): Html | false {
  if (all.length === 0) return false
  return html`<h3>${label}</h3>
    <ul class="lines">
      ${all.map((line) => html`<li><code>${line}</code></li>`)}
    </ul>`
}
