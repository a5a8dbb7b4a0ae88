import { Router } from 'express'
import type { Request, Response } from 'express'
import { answer, answerChange } from '../http/answer'
import { answerInvalid } from '../http/answer-invalid'
import { checkName, isValid, paramsOf, textOf } from '../http/fields'
import { notFound } from '../http/http-error'
import { recordIdOf } from '../http/record-id'
import { subdomainOf, problemOfSubdomain } from './subdomain'
import { createTenant, deleteTenant, renameTenant } from './tenant-lifecycle'
import type { LifecycleParts } from './tenant-lifecycle'
import { editTenantPage, listTenantsPage, newTenantPage, showTenantPage, tenantPath } from './tenant-pages'
import type { SiteUrl } from './tenant-pages'
import type { Tenant, TenantTable } from './tenant-table'

/** What the routes of tenants need. */
export interface TenantRouteParts extends LifecycleParts {
  /** Where the tenants' own sites are, seen from a request. */
  readonly siteUrls: (req: Request) => SiteUrl
}

/** `/tenants`: the only part of the application that knows of more than one tenant. */
export function tenantRoutes(parts: TenantRouteParts): Router {
  return Router().use(readingRoutes(parts), changingRoutes(parts))
}

function readingRoutes({ tenants, siteUrls }: TenantRouteParts): Router {
  return Router()
    .get('/', async (req, res) => {
      const all = await tenants.list()
      answer(req, res, { page: () => listTenantsPage(all, siteUrls(req)), json: { tenants: all } })
    })
    .get('/new', (req, res) => {
      answer(req, res, { page: () => newTenantPage(), json: { tenant: { name: '' } } })
    })
    .get('/:id', async (req, res) => {
      const tenant = await findTenant(req, tenants)
      answer(req, res, { page: () => showTenantPage(tenant, siteUrls(req)), json: { tenant } })
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
      const tenant = await createNamed(parts, name)
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

/** Names may repeat here; the first of a name gets its subdomain. Who signs up chooses another one instead. */
async function createNamed(parts: LifecycleParts, name: string): Promise<Tenant> {
  const made = subdomainOf(name)
  const subdomain = problemOfSubdomain(made) === undefined ? made : null
  const tenant = await createTenant(parts, { name, subdomain })
  return tenant ?? (await createTenant(parts, { name, subdomain: null }))!
}

async function findTenant(req: Request, tenants: TenantTable): Promise<Tenant> {
  const tenant = await tenants.find(recordIdOf(req.params.id))
  if (tenant === undefined) throw notFound()
  return tenant
}
