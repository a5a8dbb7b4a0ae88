import type { Finding } from '../../doctor/finding'
import type { Drift } from '../../fleet/drift'
import type { LintFinding } from '../../lint-finding'
import { html } from '../html'
import type { Html } from '../html'
import { linkTo } from '../request'
import { countText, numberText } from './format'
import type { Page } from './layout'

/** Looks that take a while, so each is made when it is asked for. */
export const CHECKS = ['lint', 'doctor', 'drift'] as const

/** @see CHECKS */
export type CheckName = (typeof CHECKS)[number]

/** What was found; only of the one that was asked for. */
export interface CheckResults {
  readonly lint?: readonly LintFinding[]
  readonly doctor?: readonly Finding[]
  readonly drift?: Drift
}

const TEXTS: Readonly<Record<CheckName, readonly [title: string, text: string]>> = {
  lint: [
    'Migrations',
    'Reads all migration files, without the database, for what is refused and what to think of.',
  ],
  doctor: [
    'Set-up',
    'Looks at the server, its roles and the options for what endangers isolation, with a few questions.',
  ],
  drift: [
    'Drift',
    'Compares how tenants with the same migrations are built. Reads the catalogue of all tenants: seconds for thousands.',
  ],
}

/** The looks, and what one of them found. */
export function checksPage(base: string, results: CheckResults): Page {
  return {
    title: 'Checks',
    content: html`${CHECKS.map((name) => {
      const [title, text] = TEXTS[name]
      return html`<section aria-labelledby="${name}">
        <h2 id="${name}">${title}</h2>
        <p class="prose">
          ${text}
          <a href="${linkTo(base, '/checks', { run: name })}#${name}"
            >Look now<span class="unseen">: ${title}</span></a
          >
        </p>
        ${resultOf(results, name)}
      </section>`
    })}`,
  }
}

function resultOf({ lint, doctor, drift }: CheckResults, name: CheckName): Html | false {
  if (name === 'lint' && lint !== undefined)
    return findings(
      lint.map(({ severity, code, reason, cure, migration, line, direction, statement }) => ({
        ...{ severity, code, reason, cure, statement },
        place: `${migration}${line === undefined ? '' : `, line ${line}`}${direction === 'down' ? ', on the way down' : ''}`,
      })),
    )
  if (name === 'doctor' && doctor !== undefined)
    return findings(doctor.map((one) => ({ ...one, place: undefined, statement: undefined })))
  return name === 'drift' && drift !== undefined && driftResult(drift)
}

interface Shown {
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly place: string | undefined
  readonly statement: string | undefined
  readonly reason: string
  readonly cure: string
}

function findings(all: readonly Shown[]): Html {
  if (all.length === 0) return html`<p><span class="state good">nothing found</span></p>`
  return html`<ul class="findings">
    ${all.map(
      ({ severity, code, place, statement, reason, cure }) =>
        html`<li>
          <p>
            <span class="state ${severity === 'error' ? 'bad' : 'warn'}">${severity}</span>
            <code>${code}</code> ${place}
          </p>
          ${statement !== undefined && html`<pre>${statement}</pre>`}
          <p>${reason}</p>
          <p><strong>What to do:</strong> ${cure}</p>
        </li>`,
    )}
  </ul>`
}

function driftResult({ versions, problems }: Drift): Html {
  const shown = (lines: readonly string[], sign: string): Html[] =>
    lines.map((line) => html`<li><code>${sign} ${line}</code></li>`)
  return html`${versions.map(
    ({ version, tenants, alike, example, outliers }) =>
      html`<h3>At ${version ?? 'no version'}: ${numberText(alike)} of ${numberText(tenants)} alike</h3>
        ${outliers.map(
          ({ tenants: ids, lacking, extra }) =>
            html`<p>
                ${ids.slice(0, 5).join(', ')}${ids.length > 5 && ` and ${countText(ids.length - 5, 'other')}`},
                unlike ${example}:
              </p>
              <ul class="lines">
                ${shown(lacking, '−')}${shown(extra, '+')}
              </ul>`,
        )}`,
  )}
  ${problems.map(({ tenant, error }) => html`<p><span class="state bad">problem</span> ${tenant}: ${error.message}</p>`)}
  ${versions.length === 0 && problems.length === 0 && html`<p>There are no tenants.</p>`}`
}
