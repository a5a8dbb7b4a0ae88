import { Router } from 'express'
import type { Request, Response } from 'express'
import type { Sql } from '../database/database'
import { answer, answerChange } from '../http/answer'
import { answerInvalid } from '../http/answer-invalid'
import { isValid, paramsOf } from '../http/fields'
import { recordIdOf } from '../http/record-id'
import { tenantOf } from '../tenants/current-tenant'
import { draftOf, TYPE_IS_MISSING } from './widget'
import type { Widget, WidgetDraft } from './widget'
import {
  editWidgetPage,
  listWidgetsPage,
  newWidgetPage,
  reportPage,
  showWidgetPage,
  widgetsPath,
} from './widget-pages'
import type { WidgetReport } from './widget-report'
import { WidgetTable } from './widget-table'

/** `/tenants/:tenantId/widgets`, or `/widgets` of a subdomain, behind the tenancy's middleware. The tenant is only in what the pages say. */
export function widgetRoutes(sql: Sql, report: WidgetReport): Router {
  const table = new WidgetTable(sql)
  return Router().use(reportRoute(report), readingRoutes(table), changingRoutes(table))
}

function reportRoute(report: WidgetReport): Router {
  return Router().get('/report', async (req, res) => {
    const counts = await report.counts()
    answer(req, res, { page: () => reportPage(counts, tenantOf(req)), json: { report: counts } })
  })
}

function readingRoutes(table: WidgetTable): Router {
  return Router()
    .get('/', async (req, res) => {
      const widgets = await table.list()
      answer(req, res, { page: () => listWidgetsPage(widgets, tenantOf(req)), json: { widgets } })
    })
    .get('/new', async (req, res) => {
      const types = await table.types()
      const page = () => newWidgetPage({ tenant: tenantOf(req), types })
      answer(req, res, { page, json: { widget: { name: '', widget_type_id: null }, widget_types: types } })
    })
    .get('/:id', async (req, res) => {
      const widget = await table.find(recordIdOf(req.params.id))
      answer(req, res, { page: () => showWidgetPage(widget, tenantOf(req)), json: { widget } })
    })
    .get('/:id/edit', async (req, res) => {
      const [widget, types] = await Promise.all([table.find(recordIdOf(req.params.id)), table.types()])
      const page = () => editWidgetPage(widget, { tenant: tenantOf(req), types })
      answer(req, res, { page, json: { widget, widget_types: types } })
    })
}

function changingRoutes(table: WidgetTable): Router {
  async function update(req: Request, res: Response): Promise<void> {
    const current = await table.find(recordIdOf(req.params.id))
    const draft = draftOf(paramsOf(req.body, 'widget'), current)
    const widget = isValid(draft.errors) ? await table.update(current.id, draft) : undefined
    if (widget === undefined) return refuse(req, res, { draft, current, table })
    const to = `${widgetsPath(tenantOf(req))}/${widget.id}`
    answerChange(req, res, { flash: 'Widget updated successfully.', to, status: 200, json: { widget } })
  }

  return Router()
    .post('/', async (req, res) => {
      const draft = draftOf(paramsOf(req.body, 'widget'))
      const widget = isValid(draft.errors) ? await table.insert(draft) : undefined
      if (widget === undefined) return refuse(req, res, { draft, table })
      const to = widgetsPath(tenantOf(req))
      const address = `${to}/${widget.id}`
      const flash = 'Widget created successfully.'
      answerChange(req, res, { flash, to, address, status: 201, json: { widget } })
    })
    .put('/:id', update)
    .patch('/:id', update)
    .delete('/:id', async (req, res) => {
      await table.remove(recordIdOf(req.params.id))
      const to = widgetsPath(tenantOf(req))
      answerChange(req, res, { flash: 'Widget deleted successfully.', to, status: 204 })
    })
}

/** What is right in itself and was refused all the same names a type that isn't there. */
async function refuse(
  req: Request,
  res: Response,
  { draft, current, table }: { draft: WidgetDraft; current?: Widget; table: WidgetTable },
): Promise<void> {
  const errors = isValid(draft.errors) ? TYPE_IS_MISSING : draft.errors
  const options = { tenant: tenantOf(req), types: await table.types(), draft: { ...draft, errors } }
  const page = () => (current ? editWidgetPage(current, options) : newWidgetPage(options))
  answerInvalid(req, res, errors, page)
}
