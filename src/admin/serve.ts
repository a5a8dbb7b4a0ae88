import { RowhouseError } from '../errors'
import { FormProblem } from './actions'
import { answerDone, answerPage, answerText } from './answer'
import type { Done } from './answer'
import { assetOf } from './assets'
import { isFromHere, TOKEN_FIELD } from './csrf'
import { isUnread, readForm } from './form'
import type { Form } from './form'
import { FORM_ROUTES } from './form-routes'
import type { FormRoute } from './form-routes'
import { showChecks, showDropped, showFleet, showTenant } from './look-routes'
import type { AdminAction } from './options'
import { errorPage, messagePage } from './pages/message-page'
import { linkTo } from './request'
import { showRun, streamEvents } from './run-routes'
import type { Visit } from './visit'

/** Is told what was done. */
export type Report = (action: AdminAction) => Promise<void>

/** Pages that are only looked at. */
const LOOKS: ReadonlyMap<string, (visit: Visit) => Promise<void>> = new Map([
  ['/', showFleet],
  ['/tenant', showTenant],
  ['/dropped', showDropped],
  ['/checks', showChecks],
  ['/run', showRun],
  ['/run/events', streamEvents],
])

/** Answers a request that was let in. Reading changes nothing; whatever changes something is a form that was sent. */
export async function serve(visit: Visit, report: Report): Promise<void> {
  const { path, req } = visit
  const form = FORM_ROUTES.get(path)
  const look = LOOKS.get(path) ?? (path.startsWith('/assets/') ? showAsset : undefined)
  if (form === undefined && look === undefined) return showMissing(visit)
  if (req.method === 'POST' && form !== undefined) return change(visit, form, report)
  if (req.method !== 'GET' && req.method !== 'HEAD') return refuseMethod(visit, form !== undefined)
  if (form !== undefined && visit.desk.isReadOnly) return refuse(visit, READ_ONLY)
  try {
    await (look ?? form!.ask)(visit)
  } catch (error) {
    answerPage(visit, errorPage('This can’t be shown', error, linkTo(visit.base, '/')), statusOf(error))
  }
}

async function change(visit: Visit, route: FormRoute, report: Report): Promise<void> {
  const { desk, req } = visit
  if (desk.isReadOnly) return refuse(visit, READ_ONLY)
  if (!isFromHere(req)) return refuse(visit, desk.csrf.problemOf(req, undefined)!)
  const form = await readForm(req)
  if (isUnread(form)) return refuse(visit, form.reason, form.status)
  const problem = desk.csrf.problemOf(req, form.get(TOKEN_FIELD))
  if (problem !== undefined) return refuse(visit, problem)
  const { done, error } = await attempt(() => route.run(visit, form))
  desk.memory.forget()
  const action = route.name as AdminAction['action']
  if (done === undefined) noteFailure(visit, action, form, error)
  await report({ action, tenant: form.get('id'), error })
  if (done !== undefined) return answerDone(visit, done)
  answerPage(visit, errorPage('It was not done', error, backOf(visit, form)), statusOf(error))
}

async function attempt(
  work: () => Promise<Done>,
): Promise<{ readonly done?: Done; readonly error: unknown }> {
  try {
    return { done: await work(), error: undefined }
  } catch (error) {
    return { error }
  }
}

/** A migration that failed is shown with the fleet, too. */
function noteFailure({ desk }: Visit, action: AdminAction['action'], form: Form, error: unknown): void {
  const id = form.get('id')
  if ((action === 'migrate' || action === 'rollback') && id !== undefined && hasMigration(error))
    desk.failures.note(id, error)
}

function hasMigration(error: unknown): boolean {
  return error instanceof RowhouseError && 'migration' in error
}

function backOf({ path, base }: Visit, form: Form): string {
  const id = form.get('id')
  return path.startsWith('/tenant/') && id !== undefined ? linkTo(base, '/tenant', { id }) : linkTo(base, '/')
}

const READ_ONLY = 'This page is read-only: nothing can be changed from here.'

function refuse(visit: Visit, reason: string, status = 403): void {
  const back = { to: linkTo(visit.base, '/'), label: 'To the fleet' }
  const text = `${reason} Nothing was changed.`
  answerPage(visit, messagePage('Refused', text, back), status)
}

function refuseMethod(visit: Visit, isForm: boolean): void {
  visit.res.setHeader('Allow', isForm ? 'GET, HEAD, POST' : 'GET, HEAD')
  refuse(visit, `Nothing is done here with ${visit.req.method ?? 'this method'}.`, 405)
}

function showMissing(visit: Visit): void {
  const back = { to: linkTo(visit.base, '/'), label: 'To the fleet' }
  answerPage(visit, messagePage('Not found', 'There is no such page.', back), 404)
}

async function showAsset(visit: Visit): Promise<void> {
  const asset = await assetOf(visit.path.slice('/assets/'.length))
  if (asset === undefined) return showMissing(visit)
  answerText(visit, { status: 200, ...asset })
}

function statusOf(error: unknown): number {
  if (error instanceof FormProblem) return 422
  return error instanceof RowhouseError ? (error.status ?? 409) : 500
}
