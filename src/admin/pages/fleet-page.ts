import type { PoolCounts } from '../../observe/pool-counts'
import { describeError } from '../describe-error'
import type { KnownFailure } from '../failures'
import { keptMs } from '../fleet-memory'
import type { FleetView } from '../fleet-view'
import { html } from '../html'
import type { Html } from '../html'
import { linkTo } from '../request'
import { NOTHING, numberText, secondsText, timeHtml } from './format'
import type { Page } from './layout'
import { matrix } from './matrix'
import { table, tile } from './parts'
import { tenantList } from './tenant-list'
import type { ListParts } from './tenant-list'

/** What the page of the fleet is made of. */
export interface FleetPageParts extends ListParts {
  readonly isReadOnly: boolean
  readonly pool: PoolCounts | undefined
  readonly failures: readonly KnownFailure[]
}

/** More than one looks through. */
const MOST_FAILURES = 25

/** All tenants: where they stand, what is wrong, and the list. */
export function fleetPage(parts: FleetPageParts): Page {
  const { base, view, isReadOnly } = parts
  const actions = html`<a class="button" href="${linkTo(base, '/create')}">Create tenant</a>
    <a class="button primary" href="${linkTo(base, '/migrate')}">Migrate fleet</a>`
  return {
    title: 'Fleet',
    actions: isReadOnly ? undefined : actions,
    content: html`${tiles(parts)}
      <section aria-labelledby="stand">
        <h2 id="stand">Where tenants stand</h2>
        ${view.groups.length === 0 ? html`<p class="empty">There are no tenants yet.</p>` : matrix(base, view)}
      </section>
      ${failureList(parts)} ${tenantList(parts)}
      <p class="quiet foot">
        Looked at ${timeHtml(view.at)} UTC in ${numberText(view.ms)} ms; shown for
        ${secondsText(keptMs(view) / 1000)}.
        <a href="${linkTo(base, '/', { fresh: 1 })}">Look again</a>
      </p>`,
  }
}

function tiles({ view: { status }, pool }: FleetPageParts): Html {
  const { tenants, atHead, creating, suspended, problems } = status
  const behind = tenants - atHead - problems.length
  return html`<dl class="tiles">
    ${tile('Tenants', numberText(tenants + creating.length))}
    ${tile('At head', numberText(atHead), behind === 0 && tenants > 0 ? 'good' : '')}
    ${tile('Not at head', numberText(behind), behind > 0 ? 'warn' : '')}
    ${tile('Suspended', numberText(suspended.length), suspended.length > 0 ? 'warn' : '')}
    ${tile('Half made', numberText(creating.length), creating.length > 0 ? 'warn' : '')}
    ${tile('Problems', numberText(problems.length), problems.length > 0 ? 'bad' : '')}
    ${
      pool !== undefined &&
      tile(
        'Pool of this process',
        `${pool.open - pool.idle} of ${pool.open} in use${pool.waiting > 0 ? `, ${pool.waiting} waiting` : ''}`,
        'small',
      )
    }
  </dl>`
}

/** What a tenant can't do now, and why. */
interface Trouble {
  readonly tenant: string
  readonly what: string
  readonly place: string
  readonly code: string | undefined
  readonly message: string
  readonly at: Date | undefined
}

function failureList({ base, view, failures }: FleetPageParts): Html | false {
  const all = [...failures.map(troubleOf), ...troublesIn(view)]
  if (all.length === 0) return false
  const rows = all.slice(0, MOST_FAILURES).map(
    ({ tenant, what, place, code, message, at }) =>
      html`<tr>
        <th scope="row"><a href="${linkTo(base, '/tenant', { id: tenant })}">${tenant}</a></th>
        <td>${what}${place !== '' && html`<br /><span class="quiet">${place}</span>`}</td>
        <td>${code === undefined ? NOTHING : html`<code>${code}</code>`}</td>
        <td class="message">${message}</td>
        <td>${timeHtml(at)}</td>
      </tr>`,
  )
  const more = all.length - rows.length
  return html`<section aria-labelledby="failures">
    <h2 id="failures">Failures</h2>
    ${table('Failures', ['Tenant', 'What', 'Code', 'Message', 'When (UTC)'], rows)}
    ${more > 0 && html`<p class="quiet">and ${numberText(more)} more.</p>`}
  </section>`
}

function troubleOf({
  tenant,
  migration,
  statement,
  line,
  code,
  sqlState,
  cause,
  message,
  at,
}: KnownFailure): Trouble {
  const place = [
    migration,
    statement !== undefined && `statement ${statement}`,
    line !== undefined && `line ${line}`,
  ]
  return {
    ...{ tenant, what: 'failed when migrated here', code: sqlState ?? code, message: cause ?? message, at },
    place: place.filter((part) => part !== undefined && part !== false).join(', '),
  }
}

/** What the survey itself knows: tenants that can't be looked at, and migrations that were left unfinished. */
function troublesIn({ status, groups }: FleetView): readonly Trouble[] {
  const problems = status.problems.map(({ tenant, error }): Trouble => {
    const { code, message } = describeError(error)
    return { tenant, what: "can't be looked at", place: '', code, message, at: undefined }
  })
  const unfinished = groups.flatMap(({ tenants, unfinished: open }) =>
    open === undefined
      ? []
      : tenants.map((tenant): Trouble => {
          const place = `${open.name}, statement ${open.statement}`
          const message = open.error ?? 'The run was interrupted.'
          return { tenant, what: 'is unfinished', place, code: undefined, message, at: undefined }
        }),
  )
  return [...unfinished, ...problems]
}
