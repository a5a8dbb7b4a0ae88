import { Router } from 'express'
import type { Request, Response } from 'express'
import type { Sql } from '../database/database'
import { answer, answerChange } from '../http/answer'
import { answerInvalid } from '../http/answer-invalid'
import { checkName, isValid, paramsOf, textOf } from '../http/fields'
import { recordIdOf } from '../http/record-id'
import { tenantOf } from '../tenants/current-tenant'
import { editTypePage, listTypesPage, newTypePage, showTypePage, typesPath } from './widget-type-pages'
import { WidgetTypeTable } from './widget-type-table'

/** `/tenants/:tenantId/widget-types`, or `/widget-types` of a subdomain, behind the tenancy's middleware. */
export function widgetTypeRoutes(sql: Sql): Router {
  const table = new WidgetTypeTable(sql)
  return Router().use(readingRoutes(table), changingRoutes(table))
}

function readingRoutes(table: WidgetTypeTable): Router {
  return Router()
    .get('/', async (req, res) => {
      const types = await table.list()
      answer(req, res, { page: () => listTypesPage(types, tenantOf(req)), json: { widget_types: types } })
    })
    .get('/new', (req, res) => {
      answer(req, res, { page: () => newTypePage(tenantOf(req)), json: { widget_type: { name: '' } } })
    })
    .get('/:id', async (req, res) => {
      const type = await table.find(recordIdOf(req.params.id))
      answer(req, res, { page: () => showTypePage(type, tenantOf(req)), json: { widget_type: type } })
    })
    .get('/:id/edit', async (req, res) => {
      const type = await table.find(recordIdOf(req.params.id))
      answer(req, res, { page: () => editTypePage(type, tenantOf(req)), json: { widget_type: type } })
    })
}

function changingRoutes(table: WidgetTypeTable): Router {
  async function update(req: Request, res: Response): Promise<void> {
    const type = await table.find(recordIdOf(req.params.id))
    const name = textOf(paramsOf(req.body, 'widget_type'), 'name', type.name)
    const errors = checkName(name)
    const tenant = tenantOf(req)
    if (!isValid(errors)) {
      return answerInvalid(req, res, errors, () => editTypePage(type, tenant, { name, errors }))
    }
    const json = { widget_type: await table.rename(type.id, name) }
    const to = `${typesPath(tenant)}/${type.id}`
    answerChange(req, res, { flash: 'Widget type updated successfully.', to, status: 200, json })
  }

  return Router()
    .post('/', async (req, res) => {
      const name = textOf(paramsOf(req.body, 'widget_type'), 'name')
      const errors = checkName(name)
      const tenant = tenantOf(req)
      if (!isValid(errors)) {
        return answerInvalid(req, res, errors, () => newTypePage(tenant, { name, errors }))
      }
      const type = await table.insert(name)
      const to = typesPath(tenant)
      const address = `${to}/${type.id}`
      const flash = 'Widget type created successfully.'
      answerChange(req, res, { flash, to, address, status: 201, json: { widget_type: type } })
    })
    .put('/:id', update)
    .patch('/:id', update)
    .delete('/:id', async (req, res) => {
      await table.remove(recordIdOf(req.params.id))
      const to = typesPath(tenantOf(req))
      answerChange(req, res, { flash: 'Widget type deleted successfully.', to, status: 204 })
    })
}
