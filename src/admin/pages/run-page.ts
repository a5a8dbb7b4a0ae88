import { TOKEN_FIELD } from '../csrf'
import type { FleetRun, RunState } from '../fleet-run'
import type { KnownFailure } from '../failures'
import { html } from '../html'
import type { Html } from '../html'
import { linkTo } from '../request'
import type { FailureRow, RunMessage } from '../run-stream'
import { numberText, secondsText, timeHtml } from './format'
import type { Page } from './layout'
import { errorBox } from './parts'

const PHASES: Readonly<Record<RunState['phase'], string>> = {
  planning: 'Looking where each tenant stands',
  rehearsing: 'Rehearsing the migrations in a scratch schema',
  migrating: 'Migrating',
  ended: 'Ended',
}

const STOPPED = {
  canary: 'Stopped: the first tenant failed, so no other was touched.',
  failures: 'Stopped: too many tenants failed. The others were not begun.',
  aborted: 'Cancelled: tenants in hand were finished, the others were not begun.',
} as const

const HEAD = ['Tenant', 'Migration', 'Statement', 'Server', 'Code', 'Message']

/** The last run, or the one that is on: it changes by itself with the script, and is loaded anew without. */
export function runPage(
  { base, isReadOnly }: { readonly base: string; readonly isReadOnly: boolean },
  run: FleetRun | undefined,
  token: string,
): Page {
  if (run === undefined) {
    const start = html`<a class="button primary" href="${linkTo(base, '/migrate')}">Migrate fleet</a>`
    return {
      title: 'Migration run',
      actions: isReadOnly ? undefined : start,
      content: html`<p class="empty">No run was made from this page since the server started.</p>`,
    }
  }
  const { state } = run
  const hasCancel = run.isRunning && !isReadOnly && !state.isCancelled
  const cancel = html`<form method="post" action="${linkTo(base, '/run/cancel')}">
    <input type="hidden" name="${TOKEN_FIELD}" value="${token}" /><button class="danger">
      Cancel the run
    </button>
  </form>`
  const again = html`<a class="button primary" href="${linkTo(base, '/migrate')}">Migrate again</a>`
  return {
    title: 'Migration run',
    actions: hasCancel ? cancel : run.isRunning || isReadOnly ? undefined : again,
    ...(run.isRunning ? { refreshSeconds: 2, hasScript: true } : {}),
    content: html`${progress(base, run)}
      ${
        state.error !== undefined &&
        html`<section aria-labelledby="error">
          <h2 id="error">Nothing was migrated</h2>
          ${errorBox(state.error)}
        </section>`
      }
      ${failureTable(base, run)}
      <p class="quiet foot">
        Begun ${timeHtml(state.startedAt)}
        UTC${state.endedAt !== undefined && html`, ended ${timeHtml(state.endedAt)} UTC`}.
      </p>`,
  }
}

/** What the script puts into the page. */
export function runMessage(base: string, run: FleetRun, from: number): RunMessage {
  const { state } = run
  return {
    texts: textsOf(state),
    value: state.done + state.failed,
    max: Math.max(1, state.todo),
    failures: run.failures.slice(from).map((failure) => rowOf(base, failure)),
  }
}

function progress(base: string, run: FleetRun): Html {
  const { state } = run
  const texts = textsOf(state)
  const max = Math.max(1, state.todo)
  const events = linkTo(base, '/run/events', { shown: run.failures.length })
  const place = (name: string): Html => html`<span data-text="${name}">${texts[name]}</span>`
  const fact = (label: string, name: string): Html =>
    html`<div class="tile">
      <dt>${label}</dt>
      <dd>${place(name)}</dd>
    </div>`
  return html`<section class="card" aria-label="Progress" ${run.isRunning && html`data-events="${events}"`}>
    <p class="phase" role="status">${place('phase')}</p>
    <progress
      aria-label="Tenants done"
      value="${state.todo === 0 && !run.isRunning ? max : state.done + state.failed}"
      max="${max}"
    ></progress>
    <dl class="tiles flat">
      ${fact('Migrated', 'done')} ${fact('Failed', 'failed')} ${fact('To do', 'left')}
      ${fact('Nothing to do', 'idle')} ${fact('Retries', 'retries')} ${fact('Rate', 'rate')}
      ${fact('Time left', 'eta')} ${fact('Elapsed', 'elapsed')}
    </dl>
  </section>`
}

function textsOf(state: RunState): Readonly<Record<string, string>> {
  const { startedAt, endedAt = new Date() } = state
  const { phase, tenants, todo, done, failed, retries, isCancelled, stopped, rate, secondsLeft, error } =
    state
  return {
    phase: phaseText(phase, { isCancelled, stopped, hasError: error !== undefined, failed }),
    done: numberText(done),
    failed: numberText(failed),
    left: numberText(Math.max(0, todo - done - failed)),
    idle: numberText(Math.max(0, tenants - todo)),
    retries: numberText(retries),
    rate: rate === undefined ? '–' : `${rate < 10 ? rate.toFixed(1) : numberText(Math.round(rate))}/s`,
    elapsed: secondsText((endedAt.getTime() - startedAt.getTime()) / 1000),
    eta: secondsLeft === undefined ? '–' : secondsText(secondsLeft),
  }
}

function phaseText(
  phase: RunState['phase'],
  state: Pick<RunState, 'isCancelled' | 'stopped' | 'failed'> & { readonly hasError: boolean },
): string {
  if (phase !== 'ended') return state.isCancelled ? 'Cancelling: tenants in hand are finished' : PHASES[phase]
  if (state.hasError) return 'Ended: it could not begin.'
  if (state.stopped !== undefined) return STOPPED[state.stopped]
  return state.failed === 0 ? 'Done: all tenants are where they should be.' : 'Ended, with failures.'
}

function failureTable(base: string, run: FleetRun): Html {
  const kept = run.failures
  const more = run.state.failed - kept.length
  return html`<section aria-labelledby="failures" data-failures ${kept.length === 0 && html`hidden`}>
    <h2 id="failures">Failures</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Failures">
      <table>
        <caption class="unseen">
          Failures of this run
        </caption>
        <thead>
          <tr>
            ${HEAD.map((cell) => html`<th scope="col">${cell}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${kept
            .map((failure) => rowOf(base, failure))
            .map(
              ({ tenant, href, cells }) =>
                html`<tr>
                  <th scope="row"><a href="${href}">${tenant}</a></th>
                  ${cells.map((cell) => html`<td>${cell}</td>`)}
                </tr>`,
            )}
        </tbody>
      </table>
    </div>
    ${more > 0 && html`<p class="quiet">and ${numberText(more)} more.</p>`}
  </section>`
}

function rowOf(base: string, failure: KnownFailure): FailureRow {
  const { tenant, migration, statement, line, sqlState, code, message, cause } = failure
  const place =
    statement === undefined
      ? line && `line ${line}`
      : `${statement}${line === undefined ? '' : `, line ${line}`}`
  const cells = [migration, place, sqlState, code, cause ?? message].map((value) => String(value ?? '–'))
  return { tenant, href: linkTo(base, '/tenant', { id: tenant }), cells }
}
