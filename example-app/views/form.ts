import type { FieldErrors } from '../http/fields'
import { html } from './html'
import type { Html } from './html'

/** A form for one record. */
export interface FormOptions {
  readonly action: string
  /** Default `post`; a browser knows no other, so the rest goes in a field `_method`. */
  readonly method?: 'post' | 'put'
  readonly errors: FieldErrors
  readonly fields: readonly Html[]
}

/** What all fields have. */
export interface FieldOptions {
  /** Name of the parameter, `widget[name]`. */
  readonly name: string
  readonly label: string
  readonly value: string
  readonly errors: readonly string[] | undefined
}

/** A form with what was wrong in it, if anything was. */
export function form({ action, method = 'post', errors, fields }: FormOptions): Html {
  return html`<form method="post" action="${action}" novalidate>
    ${method !== 'post' && html`<input type="hidden" name="_method" value="${method}" />`}
    ${
      Object.keys(errors).length > 0 &&
      html`<p class="flash danger" role="alert">
        Oops, something went wrong! Please check the errors below:
      </p>`
    }
    ${fields}
    <button>Submit</button>
  </form>`
}

/** A line of text. */
export function textField(options: FieldOptions): Html {
  const { name, value } = options
  return field(
    options,
    html`<input id="${idOf(name)}" name="${name}" value="${value}" required ${described(options)} />`,
  )
}

/** A choice, or none. */
export function selectField(
  options: FieldOptions & { readonly choices: readonly { readonly id: string; readonly name: string }[] },
): Html {
  const { name, value, choices } = options
  return field(
    options,
    html`<select id="${idOf(name)}" name="${name}" ${described(options)}>
      <option value="">none</option>
      ${choices.map(
        (choice) =>
          html`<option value="${choice.id}" ${choice.id === value && 'selected'}>${choice.name}</option>`,
      )}
    </select>`,
  )
}

function field({ name, label, errors }: FieldOptions, control: Html): Html {
  return html`<div class="field">
    <label for="${idOf(name)}">${label}</label>
    ${control} ${errors && html`<p class="error" id="${idOf(name)}_error">${errors.join(', ')}</p>`}
  </div>`
}

function described({ name, errors }: FieldOptions): Html | undefined {
  return errors && html`aria-invalid="true" aria-describedby="${idOf(name)}_error"`
}

/** `widget[name]` -> `widget_name` */
function idOf(name: string): string {
  return name.replace(/\W+/g, '_').replace(/_$/, '')
}
