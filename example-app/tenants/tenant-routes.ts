import { Router } from 'express'
import type { Request, Response } from 'express'
import { answer, answerChange } from '../http/answer'
import { answerInvalid } from '../http/answer-invalid'
import { checkName, isValid, paramsOf, textOf } from '../http/fields'
import { notFound } from '../http/http-error'
import { recordIdOf } from '../http/record-id'
import { createTenant, deleteTenant, renameTenant } from './tenant-lifecycle'
import type { LifecycleParts } from './tenant-lifecycle'
import { editTenantPage, listTenantsPage, newTenantPage, showTenantPage, tenantPath } from './tenant-pages'
import type { Tenant, TenantTable } from './tenant-table'

/** `/tenants`: the only part of the application that knows of more than one tenant. */
export function tenantRoutes(parts: LifecycleParts): Router {
  return Router().use(readingRoutes(parts.tenants), changingRoutes(parts))
}

function readingRoutes(tenants: TenantTable): Router {
  return Router()
    .get('/', async (req, res) => {
      const all = await tenants.list()
      answer(req, res, { page: () => listTenantsPage(all), json: { tenants: all } })
    })
    .get('/new', (req, res) => {
      answer(req, res, { page: () => newTenantPage(), json: { tenant: { name: '' } } })
    })
    .get('/:id', async (req, res) => {
      const tenant = await findTenant(req, tenants)
      answer(req, res, { page: () => showTenantPage(tenant), json: { tenant } })
    })
    .get('/:id/edit', async (req, res) => {
      const tenant = await findTenant(req, tenants)
      answer(req, res, { page: () => editTenantPage(tenant), json: { tenant } })
    })
}

function changingRoutes(parts: LifecycleParts): Router {
  async function update(req: Request, res: Response): Promise<void> {
    const tenant = await findTenant(req, parts.tenants)
    const name = textOf(paramsOf(req.body, 'tenant'), 'name', tenant.name)
    const errors = checkName(name)
    if (!isValid(errors)) {
      return answerInvalid(req, res, errors, () => editTenantPage(tenant, { name, errors }))
    }
    const json = { tenant: await renameTenant(parts, tenant.id, name) }
    const to = tenantPath(tenant)
    answerChange(req, res, { flash: 'Tenant updated successfully.', to, status: 200, json })
  }

  return Router()
    .post('/', async (req, res) => {
      const name = textOf(paramsOf(req.body, 'tenant'), 'name')
      const errors = checkName(name)
      if (!isValid(errors)) return answerInvalid(req, res, errors, () => newTenantPage({ name, errors }))
      const tenant = await createTenant(parts, name)
      const [to, address] = ['/tenants', tenantPath(tenant)]
      const flash = 'Tenant created successfully.'
      answerChange(req, res, { flash, to, address, status: 201, json: { tenant } })
    })
    .put('/:id', update)
    .patch('/:id', update)
    .delete('/:id', async (req, res) => {
      await deleteTenant(parts, recordIdOf(req.params.id))
      answerChange(req, res, { flash: 'Tenant deleted successfully.', to: '/tenants', status: 204 })
    })
}

async function findTenant(req: Request, tenants: TenantTable): Promise<Tenant> {
  const tenant = await tenants.find(recordIdOf(req.params.id))
  if (tenant === undefined) throw notFound()
  return tenant
}
