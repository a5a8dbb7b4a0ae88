import { missingPackages, urlVariable } from './files'
import type { Project } from './project'
import type { SetUp } from './set-up'

/** Frameworks beside Express that have an adapter of ours, and the package that gives them away. */
const OTHERS = { fastify: 'fastify', koa: 'koa', hono: 'hono', '@nestjs/core': 'nestjs' } as const

/** What is left to do by hand, in this order, a line each. */
export function nextSteps(project: Project, { created }: SetUp): string[] {
  const missing = missingPackages(project)
  const migration = created.find((path) => path.startsWith('tenant-migrations/'))
  const variable = urlVariable(project)
  const steps = [
    missing.length > 0 && [`npm install ${missing.join(' ')}`],
    migration !== undefined && [`Write the tables that every tenant has into ${migration}`],
    middlewareStep(project),
    ['Ask tenancy.pool where you ask a pool of your own now: it is one, in the tenant of the request.'],
    [`${variable}=... npx rowhouse create acme`, `${variable}=... npx rowhouse doctor`],
  ]
  return steps.filter((step) => step !== false).flatMap(numbered)
}

function middlewareStep(project: Project): string[] {
  const other = Object.entries(OTHERS).find(([name]) => project.has(name))
  if (!project.has('express') && other !== undefined) {
    const [, adapter] = other
    return [`Take the tenant of each request by rowhouse/${adapter}: docs/frameworks.md shows how.`]
  }
  const { isModule } = project
  return [
    "In front of the routes that are a tenant's:",
    ...(isModule
      ? [
          "  import { fromPath } from 'rowhouse'",
          `  import { tenancy } from './tenancy${project.isEsm ? '.js' : ''}'`,
        ]
      : ["  const { fromPath } = require('rowhouse')", "  const { tenancy } = require('./tenancy')"]),
    "  app.use('/tenants/:tenantId', tenancy.middleware({",
    "    resolve: fromPath('tenantId'),",
    '    authorize: (req, tenant) => req.user.tenantIds.includes(tenant.id),  // who may use which',
    '  }))',
  ]
}

function numbered([first, ...rest]: readonly string[], index: number): string[] {
  return [`${index + 1}. ${first}`, ...rest.map((line) => `   ${line}`)]
}
