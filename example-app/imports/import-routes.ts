import { Router } from 'express'
import type { Tenancy } from 'rowhouse'
import { answer, answerChange } from '../http/answer'
import { answerInvalid } from '../http/answer-invalid'
import { isValid, paramsOf, textOf } from '../http/fields'
import type { FieldErrors } from '../http/fields'
import { HttpError } from '../http/http-error'
import { tenantOf } from '../tenants/current-tenant'
import { importsPage, importsPath } from './import-pages'
import type { ImportJob, ImportQueue } from './import-queue'

/** What the routes of imports need. */
export interface ImportParts {
  readonly queue: ImportQueue
  readonly tenancy: Pick<Tenancy, 'jobData'>
}

const MAX_WIDGETS = 500

/** One tenant must not keep all others waiting. */
const MAX_WAITING = 5

/** `/tenants/:tenantId/imports`, or `/imports` of a subdomain, behind the tenancy's middleware. */
export function importRoutes({ queue, tenancy }: ImportParts): Router {
  return Router()
    .get('/', (req, res) => {
      const tenant = tenantOf(req)
      const jobs = queue.of(tenant.id)
      answer(req, res, { page: () => importsPage(jobs, tenant), json: { imports: jobs.map(describe) } })
    })
    .post('/', (req, res) => {
      const tenant = tenantOf(req)
      const widgets = textOf(paramsOf(req.body, 'import'), 'widgets')
      const errors = check(widgets)
      const jobs = queue.of(tenant.id)
      if (!isValid(errors)) {
        return answerInvalid(req, res, errors, () => importsPage(jobs, tenant, { widgets, errors }))
      }
      if (jobs.filter(({ state }) => state === 'waiting').length >= MAX_WAITING)
        throw new HttpError(429, 'Too many imports are waiting. Try again later.')
      // The tenant goes into the job here, where it is known, and not out of what was sent.
      const job = queue.add(tenancy.jobData({ widgets: Number(widgets) }))
      const flash = `Import ${job.id} has begun.`
      answerChange(req, res, { flash, to: importsPath(tenant), status: 201, json: { import: describe(job) } })
    })
}

function check(widgets: string): FieldErrors {
  const count = /^\d{1,9}$/.test(widgets) ? Number(widgets) : 0
  return count >= 1 && count <= MAX_WIDGETS
    ? {}
    : { widgets: [`should be a number from 1 to ${MAX_WIDGETS}`] }
}

function describe({ id, state, done, data }: ImportJob): object {
  return { id, state, done, widgets: data.widgets }
}
