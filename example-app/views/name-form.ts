import type { FieldErrors } from '../http/fields'
import { form, textField } from './form'
import type { Html } from './html'

/** What stands in a form: a record's values, or what was sent and is refused. */
export interface NameDraft {
  readonly name: string
  readonly errors?: FieldErrors
}

/** The form of a record that has a name and nothing else. `record` is the parameter around its field, `tenant`. */
export function nameForm(
  { name, errors = {} }: NameDraft,
  { record, ...options }: { readonly record: string; readonly action: string; readonly method?: 'put' },
): Html {
  const field = textField({ name: `${record}[name]`, label: 'Name', value: name, errors: errors.name })
  return form({ ...options, errors, fields: [field] })
}
