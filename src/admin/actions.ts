import type { Done } from './answer'
import type { Form } from './form'
import { html } from './html'
import type { Html } from './html'
import { choiceField, hiddenField, selectField, textField } from './pages/form-page'
import type { Desk } from './visit'

/** What a form lacks. */
export class FormProblem extends Error {}

/** Something that is done with one tenant, once somebody has confirmed it. */
export interface TenantAction {
  readonly title: string
  readonly submit: string
  readonly isDangerous: boolean
  /** What happens, and what is to be said of it. */
  ask(desk: Desk, id: string): Promise<{ readonly text: Html; readonly fields?: Html }>
  /** @throws what the tenancy throws, {@link FormProblem} */
  run(desk: Desk, id: string, form: Form): Promise<Done>
}

const ALL = 'all'
/** How long the data of a dropped tenant is kept. */
const KEEP = '30d'

const migrate: TenantAction = {
  title: 'Migrate',
  submit: 'Migrate',
  isDangerous: false,
  async ask({ tenancy }, id) {
    const { pending } = await tenancy.status(id)
    const options = pending.map((name): [string, string] => [versionIn(name), `up to and including ${name}`])
    const all: [string, string] = [ALL, `all ${pending.length} that are pending`]
    return {
      text: html`<p>The pending migrations are run for this tenant alone, without a rehearsal.</p>`,
      fields: selectField('to', 'How far', [all, ...options]),
    }
  },
  async run({ tenancy, failures }, id, form) {
    const to = form.get('to') ?? ALL
    const { versions } = await tenancy.migrate(id, to === ALL ? {} : { to })
    failures.forget(id)
    return backTo(id, { name: 'migrated', count: versions.length })
  },
}

const rollback: TenantAction = {
  title: 'Roll back',
  submit: 'Roll back',
  isDangerous: true,
  async ask({ tenancy }, id) {
    const { versions } = await tenancy.status(id)
    const options = [...versions]
      .sort((one, other) => other - one)
      .map((version, index): [string, string] => {
        const steps = index + 1
        return [String(version), `${steps} step${steps === 1 ? '' : 's'}: down to and including ${version}`]
      })
    return {
      text: html`<p>
        Migrations are reverted, the newest first. What they have added is gone then, with its data.
      </p>`,
      fields: selectField('to', 'How far', options),
    }
  },
  async run({ tenancy, failures }, id, form) {
    const to = form.get('to')
    if (to === undefined || to === '') throw new FormProblem('Choose how far to roll back. Nothing was done.')
    const { versions } = await tenancy.rollback(id, { to })
    failures.forget(id)
    return backTo(id, { name: 'rolledBack', count: versions.length })
  },
}

/** Serves a tenant, or stops serving it. */
function serving(action: 'suspend' | 'unsuspend', title: string, text: Html): TenantAction {
  return {
    ...{ title, submit: title, isDangerous: action === 'suspend' },
    ask: async () => ({ text }),
    async run({ tenancy }, id) {
      await tenancy[action](id)
      return backTo(id, { name: `${action}ed` })
    },
  }
}

const suspend = serving(
  'suspend',
  'Suspend',
  html`<p>Requests of the tenant are refused until it is unsuspended. Its data stays.</p>`,
)
const unsuspend = serving('unsuspend', 'Unsuspend', html`<p>Requests of the tenant are served again.</p>`)

const drop: TenantAction = {
  title: 'Drop',
  submit: 'Drop the tenant',
  isDangerous: true,
  ask: async (_desk, id) => ({
    text: html`<p>The tenant is no more: its requests find nothing.</p>`,
    fields: html`${choiceField('keep', 'Its data', [
      [KEEP, 'is kept for 30 days, and can be brought back'],
      ['none', 'is dropped for good, now'],
    ])}
    ${textField({ name: 'confirm', label: 'To confirm, type the id of the tenant', hint: `It is ${id}`, isRequired: true })}`,
  }),
  async run({ tenancy, failures }, id, form) {
    if (form.get('confirm') !== id)
      throw new FormProblem(`To drop the tenant, type its id, ${id}, as it is. Nothing was dropped.`)
    const keep = form.get('keep')
    if (keep !== KEEP && keep !== 'none')
      throw new FormProblem('Say what becomes of its data. Nothing was dropped.')
    if (keep === KEEP) await tenancy.drop(id, { keep })
    else await tenancy.drop(id)
    failures.forget(id)
    return { path: '/', note: { name: keep === KEEP ? 'kept' : 'dropped' } }
  },
}

/** By the last part of their path, `/tenant/drop`. */
export const TENANT_ACTIONS: ReadonlyMap<string, TenantAction> = new Map(
  Object.entries({ migrate, rollback, suspend, unsuspend, drop }),
)

/** Names whom an action is for. */
export function idField(id: string): Html {
  return hiddenField('id', id)
}

function backTo(id: string, note: NonNullable<Done['note']>): Done {
  return { path: '/tenant', query: { id }, note }
}

/** `20261124101500` of `20261124101500_create_widgets` */
function versionIn(name: string): string {
  return name.slice(0, 14)
}
