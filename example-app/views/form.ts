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
  /** What its button says. Default `Submit`. */
  readonly button?: string
}

/** What all fields have. */
export interface FieldOptions {
  /** Name of the parameter, `widget[name]`. */
  readonly name: string
  readonly label: string
  readonly value: string
  readonly errors: readonly string[] | undefined
  /** What helps to fill it in. */
  readonly hint?: string
}

/** A form with what was wrong in it, if anything was. */
export function form({ action, method = 'post', errors, fields, button = 'Submit' }: FormOptions): Html {
  return html`<form method="post" action="${action}" novalidate>
    ${method !== 'post' && html`<input type="hidden" name="_method" value="${method}" />`}
    ${
      Object.keys(errors).length > 0 &&
      html`<p class="flash danger" role="alert">
        Oops, something went wrong! Please check the errors below:
      </p>`
    }
    ${fields}
    <button>${button}</button>
  </form>`
}

/** A line of text. What may be left empty is not `required`. */
export function textField(options: FieldOptions & { readonly optional?: true }): Html {
  return field(
    options,
    html`<input ${named(options)} ${!options.optional && 'required'} ${described(options)} />`,
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

function field({ name, label, errors, hint }: FieldOptions, control: Html): Html {
  return html`<div class="field">
    <label for="${idOf(name)}">${label}</label>
    ${control} ${hint && html`<p class="hint" id="${idOf(name)}_hint">${hint}</p>`}
    ${errors && html`<p class="error" id="${idOf(name)}_error">${errors.join(', ')}</p>`}
  </div>`
}

function named({ name, value }: FieldOptions): Html {
  return html`id="${idOf(name)}" name="${name}" value="${value}"`
}

function described({ name, errors, hint }: FieldOptions): Html {
  const ids = [hint && `${idOf(name)}_hint`, errors && `${idOf(name)}_error`].filter(Boolean).join(' ')
  return html`${errors && html`aria-invalid="true"`} ${ids && html`aria-describedby="${ids}"`}`
}

/** `widget[name]` -> `widget_name` */
function idOf(name: string): string {
  return name.replace(/\W+/g, '_').replace(/_$/, '')
}
