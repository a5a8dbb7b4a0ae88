import type { FieldErrors } from '../http/fields'
import type { CurrentTenant } from '../tenants/current-tenant'
import { frameOf } from '../tenants/tenant-frame'
import { form, textField } from '../views/form'
import { html } from '../views/html'
import type { Page } from '../views/layout'
import { links, table } from '../views/parts'
import type { ImportJob } from './import-queue'

/** What stands in the form. */
export interface ImportDraft {
  readonly widgets: string
  readonly errors: FieldErrors
}

/** `/tenants/7/imports`, or `/imports` on the tenant's own subdomain. */
export function importsPath({ base }: CurrentTenant): string {
  return `${base}/imports`
}

/** A tenant's imports, how far they are, and the form for another one. */
export function importsPage(
  jobs: readonly ImportJob[],
  tenant: CurrentTenant,
  { widgets, errors }: ImportDraft = { widgets: '25', errors: {} },
): Page {
  const path = importsPath(tenant)
  const field = textField({
    name: 'import[widgets]',
    label: 'How many widgets',
    hint: 'From 1 to 500. They are made in the background, by a job that carries its tenant.',
    value: widgets,
    errors: errors.widgets,
  })
  const content = html`${form({ action: path, errors, fields: [field], button: 'Import' })}
  ${table(jobs, {
    caption: `Imports of ${tenant.name}`,
    columns: [
      { title: 'Import', cell: ({ id }) => `Import ${id}` },
      { title: 'State', cell: ({ state }) => html`<span class="state ${state}">${state}</span>` },
      { title: 'Widgets', cell: ({ done, data }) => `${done} of ${data.widgets}` },
      {
        title: 'Progress',
        cell: ({ id, done, data }) =>
          html`<progress
            value="${done}"
            max="${data.widgets}"
            aria-label="Progress of import ${id}"
          ></progress>`,
      },
    ],
    none: `${tenant.name} has imported nothing yet.`,
  })}
  ${jobs.length > 0 && links({ text: 'Look again', href: path })}`
  return { title: 'Imports', ...frameOf(tenant, 'Imports'), content }
}
