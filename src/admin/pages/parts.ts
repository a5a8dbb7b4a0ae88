import type { ErrorFacts } from '../describe-error'
import type { Standing } from '../fleet-view'
import { html } from '../html'
import type { Html, HtmlPart } from '../html'

/** What stands beside an error. */
function factsOf(error: ErrorFacts): readonly (readonly [name: string, value: string])[] {
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ['Code', error.code],
    ['Tenant', error.tenant],
    ['Migration', error.migration],
    ['Statement', error.statement],
    ['Line', error.line],
    ['Server', error.sqlState],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]))
}

/** An error in full: message, facts, what the server said, what to do. */
export function errorBox(error: ErrorFacts): Html {
  const { message, cause, cure } = error
  return html`<div class="problem">
    <p class="message">${message}</p>
    ${cause !== undefined && !message.includes(cause) && html`<p class="message quiet">${cause}</p>`}
    <dl class="facts">
      ${factsOf(error).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${cure !== undefined && html`<p><strong>What to do:</strong> ${cure}</p>`}
  </div>`
}

const STANDINGS: Readonly<Record<Standing, readonly [look: string, label: string]>> = {
  active: ['good', 'active'],
  suspended: ['warn', 'suspended'],
  creating: ['warn', 'half made'],
  problem: ['bad', 'problem'],
}

/** A word with a dot of its colour. */
export function standingBadge(standing: Standing): Html {
  const [look, label] = STANDINGS[standing]
  return html`<span class="state ${look}">${label}</span>`
}

/**
 * A table that can be scrolled sideways by itself, with the keyboard, too.
 *
 * @param numbers - places of the columns that hold numbers
 */
export function table(
  caption: string,
  head: readonly HtmlPart[],
  rows: readonly Html[],
  numbers: readonly number[] = [],
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((cell, index) => html`<th scope="col" ${numbers.includes(index) && html`class="number"`}>${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

/** A number with what it counts. */
export function tile(label: string, value: string, look = ''): Html {
  return html`<div class="tile ${look}">
    <dt>${label}</dt>
    <dd>${value}</dd>
  </div>`
}
