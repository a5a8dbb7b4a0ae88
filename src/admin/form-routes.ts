import { FormProblem, idField, TENANT_ACTIONS } from './actions'
import type { TenantAction } from './actions'
import { answerPage } from './answer'
import type { Done } from './answer'
import type { Form } from './form'
import { html } from './html'
import { choiceField, formPage, hiddenField, selectField, textField } from './pages/form-page'
import type { FormPage } from './pages/form-page'
import { countText } from './pages/format'
import { lackText } from './pages/matrix'
import { linkTo } from './request'
import type { Visit } from './visit'

/** A form and what happens when it is sent. */
export interface FormRoute {
  /** Name of the action, for whoever keeps a record of them. */
  readonly name: string
  /** Shows the form. */
  ask(visit: Visit): Promise<void>
  /** Does it. @throws what the tenancy throws, FormProblem */
  run(visit: Visit, form: Form): Promise<Done>
}

const create: FormRoute = {
  name: 'create',
  ask: async (visit) =>
    show(visit, {
      title: 'Create tenant',
      text: html`<p>Makes its schema and runs the migrations.</p>`,
      fields: html`${textField({ name: 'id', label: 'Id', hint: 'What the application calls it, acme', isRequired: true })}
      ${choiceField('migrate', 'Migrations', [
        ['all', 'run all of them'],
        ['none', 'only make the empty schema'],
      ])}`,
      submit: 'Create tenant',
      isDangerous: false,
      cancel: linkTo(visit.base, '/'),
    }),
  async run({ desk: { tenancy } }, form) {
    const id = form.get('id')?.trim() ?? ''
    const migrate = form.get('migrate') !== 'none'
    const { versions } = await tenancy.create(id, { ifExists: 'error', migrate })
    return { path: '/tenant', query: { id }, note: { name: 'created', count: versions.length } }
  },
}

const undrop: FormRoute = {
  name: 'undrop',
  ask: async (visit) => {
    const [id, as] = [visit.query.get('id') ?? '', visit.query.get('as') ?? '']
    show(visit, {
      title: `Bring back ${id}`,
      text: html`<p>
        The tenant <strong>${id}</strong> is there again, with the data that it had when it was dropped
        (<code>${as}</code>).
      </p>`,
      fields: html`${idField(id)}${hiddenField('as', as)}`,
      submit: 'Bring back',
      isDangerous: false,
      cancel: linkTo(visit.base, '/dropped'),
    })
  },
  async run({ desk: { tenancy } }, form) {
    const id = form.get('id') ?? ''
    await tenancy.undrop(id, { keptAs: form.get('as') || undefined })
    return { path: '/tenant', query: { id }, note: { name: 'undropped' } }
  },
}

const migrateFleet: FormRoute = {
  name: 'migrate-fleet',
  async ask(visit) {
    const { groups, status } = await visit.desk.memory.look()
    const behind = groups.filter(({ pending }) => pending.length > 0)
    const pending = [...new Set(behind.flatMap((group) => group.pending))].sort()
    const all: [string, string] = ['all', 'all migrations']
    const options = pending.map((name): [string, string] => [
      name.slice(0, 14),
      `up to and including ${name}`,
    ])
    const count = behind.reduce((sum, { tenants }) => sum + tenants.length, 0)
    show(visit, {
      title: 'Migrate fleet',
      text: html`<p>
          ${countText(count, 'tenant')} of ${status.tenants} have something to do. The migrations are
          rehearsed in a scratch schema, then one tenant goes first; if it fails, no other is touched.
        </p>
        <ul>
          ${behind.map((group) => html`<li>${countText(group.tenants.length, 'tenant')} at ${group.version ?? 'no version'}: ${lackText(group)}</li>`)}
        </ul>`,
      fields: html`${selectField('to', 'How far', [all, ...options])}
      ${textField({ name: 'maxFailures', label: 'Stop after so many failures', type: 'number', value: '10', isRequired: true })}`,
      submit: 'Start',
      isDangerous: false,
      cancel: linkTo(visit.base, '/'),
    })
  },
  async run({ desk: { runs } }, form) {
    const to = form.get('to') ?? 'all'
    const maxFailures = Number(form.get('maxFailures') ?? 10)
    if (!Number.isSafeInteger(maxFailures) || maxFailures < 1)
      throw new FormProblem('The number of failures is a whole number from 1. Nothing was started.')
    if (!runs.start({ maxFailures, to: to === 'all' ? undefined : to } as Parameters<typeof runs.start>[0]))
      throw new FormProblem('A migration of the fleet is running already. Nothing was started.')
    return { path: '/run' }
  },
}

const cancelRun: FormRoute = {
  name: 'cancel-run',
  // Its button stands on the page of the run.
  ask: async (visit) => {
    visit.res.writeHead(303, { Location: linkTo(visit.base, '/run') }).end()
  },
  async run({ desk: { runs } }) {
    runs.running?.cancel()
    return { path: '/run', note: { name: 'cancelled' } }
  },
}

/** By their paths. */
export const FORM_ROUTES: ReadonlyMap<string, FormRoute> = new Map([
  ['/create', create],
  ['/undrop', undrop],
  ['/migrate', migrateFleet],
  ['/run/cancel', cancelRun],
  ...[...TENANT_ACTIONS].map(([name, action]): [string, FormRoute] => [
    `/tenant/${name}`,
    formOf(name, action),
  ]),
])

function formOf(name: string, action: TenantAction): FormRoute {
  return {
    name,
    async ask(visit) {
      const id = visit.query.get('id') ?? ''
      const { text, fields } = await action.ask(visit.desk, id)
      const tenant = linkTo(visit.base, '/tenant', { id })
      show(visit, {
        title: `${action.title} ${id}`,
        kicker: html`<a href="${linkTo(visit.base, '/')}">Fleet</a> / <a href="${tenant}">${id}</a>`,
        text,
        fields: html`${idField(id)}${fields}`,
        ...{ submit: action.submit, isDangerous: action.isDangerous, cancel: tenant },
      })
    },
    run: ({ desk }, form) => action.run(desk, form.get('id') ?? '', form),
  }
}

function show(visit: Visit, form: Omit<FormPage, 'action' | 'token'>): void {
  const { desk, req, res, base, path } = visit
  const token = desk.csrf.tokenFor(req, res, base)
  answerPage(visit, formPage({ ...form, action: linkTo(base, path), token }))
}
