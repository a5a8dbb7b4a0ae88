import type { RequestHandler } from 'express'
import type { Pool } from 'pg'
import { fromPath } from '../../../src/request/from-path'
import { postgres } from '../../../src/postgres/postgres'
import type { PostgresOptions } from '../../../src/postgres/postgres'
import { createTenancy } from '../../../src/tenancy'
import type { Tenancy } from '../../../src/tenancy'
import type { CuttingProxy } from '../../support/cutting-proxy'
import type { Town } from './town'

/** Fewer connections than requests by far, so that every connection serves every tenant. */
export const POOL_SIZE = 3

/** A pool under test, and how an Express app gives it its tenant. */
export interface Subject {
  readonly name: string
  readonly pool: Pool
  /** Refuses a client of another tenant or one that was released, and has no tables without a tenant. */
  readonly isGuarded: boolean
  /** Between the pool and its server, where connections are to break. */
  readonly proxy?: CuttingProxy
  /** Middleware for `/tenants/:tenantId`. */
  readonly enter: RequestHandler
  /** Id of the tenant of the running code. */
  current(): string | undefined
  run<T>(tenant: string, work: () => T): T
  withoutTenant<T>(work: () => T): T
  close(): Promise<void>
}

/** One whose tenant a tenancy of this package knows. */
export interface TenancySubject extends Subject {
  readonly tenancy: Pick<Tenancy<Pool, Pool>, 'scope'>
}

/** A tenancy of this package, as an application sets it up. */
export function tenancySubject(town: Town, options: PostgresOptions = {}): TenancySubject {
  const engine = postgres({
    connectionString: town.server.appUrl,
    isolation: town.isolation,
    ...options,
    migrationUrl: town.server.ownerUrl,
    application_name: town.applicationName,
    max: POOL_SIZE,
  })
  const tenancy = createTenancy({ engine, prefix: town.prefix })
  // Backends are killed here, and an unheard `error` would end the process.
  for (const pool of [tenancy.pool, tenancy.admin]) pool.on('error', () => {})
  // As with plain pg: one that is killed while it is handed over says so before its borrower could listen.
  tenancy.pool.on('connect', (client) => client.on('error', () => {}))
  return {
    name: 'tenancy.pool',
    tenancy,
    pool: tenancy.pool,
    isGuarded: true,
    enter: tenancy.middleware({ resolve: fromPath('tenantId'), trustResolution: true }),
    current: () => tenancy.current()?.id,
    run: (tenant, work) => tenancy.run(tenant, work),
    withoutTenant: (work) => tenancy.withoutTenant(work),
    close: () => tenancy.close(),
  }
}
