import { performance } from 'node:perf_hooks'
import { Router } from 'express'
import { answer, answerChange } from '../http/answer'
import { answerInvalid } from '../http/answer-invalid'
import { isValid, paramsOf } from '../http/fields'
import { createTenant } from '../tenants/tenant-lifecycle'
import type { LifecycleParts } from '../tenants/tenant-lifecycle'
import { tenantPath } from '../tenants/tenant-pages'
import { refused, signUpOf, wantedSubdomain } from './sign-up'
import { signUpPage } from './sign-up-page'

/** `/sign-up`: a tenant of one's own. */
export function signUpRoutes(parts: LifecycleParts): Router {
  return Router()
    .get('/', (req, res) => {
      answer(req, res, { page: () => signUpPage(), json: { sign_up: { name: '', subdomain: '' } } })
    })
    .post('/', async (req, res) => {
      const wanted = signUpOf(paramsOf(req.body, 'sign_up'))
      if (!isValid(wanted.errors)) return answerInvalid(req, res, wanted.errors, () => signUpPage(wanted))
      const start = performance.now()
      const subdomain = wantedSubdomain(wanted)
      const tenant = await createTenant(parts, { name: wanted.name, subdomain })
      if (tenant === undefined) {
        const again = refused(wanted, 'is taken')
        return answerInvalid(req, res, again.errors, () => signUpPage(again))
      }
      const flash = `${tenant.name} is ready. It took ${Math.ceil(performance.now() - start)} ms.`
      answerChange(req, res, { flash, to: tenantPath(tenant), status: 201, json: { tenant } })
    })
}
