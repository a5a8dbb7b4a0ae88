import { isRecordId } from '../http/record-id'
import { checkName, textOf } from '../http/fields'
import type { FieldErrors, Params } from '../http/fields'

/** A row of a tenant's `widgets`. */
export interface Widget {
  readonly id: string
  readonly name: string
  readonly widget_type_id: string | null
  /** Name of its type, read along. */
  readonly widget_type: string | null
}

/** What stands in a form. */
export interface WidgetDraft {
  readonly name: string
  /** Empty where it has none. */
  readonly typeId: string
  readonly errors: FieldErrors
}

/** What was sent, on top of what is there, with what is wrong in it. */
export function draftOf(params: Params, current?: Widget): WidgetDraft {
  const name = textOf(params, 'name', current?.name)
  const typeId = textOf(params, 'widget_type_id', current?.widget_type_id ?? '')
  const typeErrors = typeId === '' || isRecordId(typeId) ? {} : TYPE_IS_MISSING
  return { name, typeId, errors: { ...checkName(name), ...typeErrors } }
}

/** What is wrong with a widget whose type is in no row: never made, or just deleted. */
export const TYPE_IS_MISSING: FieldErrors = { widget_type_id: ['does not exist'] }
