import { TOKEN_FIELD } from '../csrf'
import { html } from '../html'
import type { Html } from '../html'
import type { Page } from './layout'

/** A form on a page of its own: what it does, what it asks, and a way back. */
export interface FormPage {
  readonly title: string
  readonly kicker?: Html | undefined
  /** Path that it is sent to. */
  readonly action: string
  readonly token: string
  /** What happens. */
  readonly text: Html
  /** Labelled fields, and hidden ones. */
  readonly fields: Html
  /** On the button. */
  readonly submit: string
  readonly isDangerous: boolean
  /** Where one goes who does not want it. */
  readonly cancel: string
}

/** The page of a form: it works without a script, and nothing happens before it is sent. */
export function formPage(form: FormPage): Page {
  return {
    title: form.title,
    kicker: form.kicker,
    content: html`<form class="card" method="post" action="${form.action}">
      <input type="hidden" name="${TOKEN_FIELD}" value="${form.token}" />
      <div class="prose">${form.text}</div>
      ${form.fields}
      <p class="buttons">
        <button class="${form.isDangerous ? 'danger' : 'primary'}">${form.submit}</button>
        <a class="button" href="${form.cancel}">Cancel</a>
      </p>
    </form>`,
  }
}

/** A text field with its label and, below, what to know of it. */
export function textField(field: {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly type?: 'text' | 'number'
  readonly value?: string
  readonly isRequired?: boolean
}): Html {
  const { name, label, hint, type = 'text', value = '', isRequired = false } = field
  return html`<p class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${value}"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      ${type === 'number' && html`min="1" step="1"`}
      ${isRequired && html`required`}
      ${hint !== undefined && html`aria-describedby="${name}-hint"`}
    />
    ${hint !== undefined && html`<span class="hint" id="${name}-hint">${hint}</span>`}
  </p>`
}

/** A choice of one of several, each said in full. */
export function choiceField(
  name: string,
  label: string,
  options: readonly (readonly [value: string, label: string])[],
): Html {
  return html`<fieldset class="field">
    <legend>${label}</legend>
    ${options.map(
      ([value, text], index) =>
        html`<label class="choice"
          ><input type="radio" name="${name}" value="${value}" ${index === 0 && html`checked`} />
          ${text}</label
        >`,
    )}
  </fieldset>`
}

/** A list to choose from. */
export function selectField(
  name: string,
  label: string,
  options: readonly (readonly [value: string, label: string])[],
): Html {
  return html`<p class="field">
    <label for="${name}">${label}</label>
    <select id="${name}" name="${name}">
      ${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}
    </select>
  </p>`
}

/** What the form is about. */
export function hiddenField(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}
