import { engineOf } from '../engine-of'
import type { TenantFigures } from '../fleet/figures'
import { TenantIdError } from '../errors'
import { answerDone, answerPage } from './answer'
import { isFromHere } from './csrf'
import { search } from './fleet-view'
import type { ListedTenant, Standing } from './fleet-view'
import { CHECKS, checksPage } from './pages/checks-page'
import type { CheckName, CheckResults } from './pages/checks-page'
import { droppedPage } from './pages/dropped-page'
import { fleetPage } from './pages/fleet-page'
import { tenantPage } from './pages/tenant-page'
import type { ComparedDrift } from './pages/tenant-page'
import type { AdminTenancy, Visit } from './visit'

const STANDINGS: readonly string[] = ['active', 'suspended', 'creating', 'problem'] satisfies Standing[]
/** With so many others a tenant is compared: more change nothing about what most are like. */
const MOST_COMPARED = 200

/** `/` */
export async function showFleet(visit: Visit): Promise<void> {
  const { desk, base, query, req } = visit
  if (query.has('fresh')) {
    if (isFromHere(req)) desk.memory.forget()
    return answerDone(visit, { path: '/' })
  }
  const view = await desk.memory.look()
  const standing = query.get('state') ?? ''
  const wanted = {
    text: query.get('q')?.trim() ?? '',
    standing: STANDINGS.includes(standing) ? (standing as Standing) : undefined,
    group: query.get('group') || undefined,
    page: Math.max(1, Math.floor(Number(query.get('page')) || 1)),
  }
  const found = search(view, wanted)
  const figures = await figuresOf(desk.tenancy, found.tenants)
  const pool = engineOf(desk.tenancy)?.poolCounts?.()
  const { isReadOnly, failures } = desk
  const page = fleetPage({
    ...{ base, view, search: wanted, found, figures, pool, isReadOnly, failures: failures.all },
  })
  answerPage(visit, page)
}

/** `/tenant?id=acme` */
export async function showTenant(visit: Visit): Promise<void> {
  const { desk, base, query } = visit
  const { tenancy, isReadOnly, failures } = desk
  const id = query.get('id') ?? ''
  const status = await tenancy.status(id)
  const [contents, { groups }] = await Promise.all([
    tenancy.contents(id),
    tenancy.statusAll({ tenants: [id], concurrency: 1 }),
  ])
  const drift = query.has('drift') && isFromHere(visit.req) ? await driftOf(visit, id) : undefined
  const changed = groups[0]?.changed ?? []
  const failure = failures.of(id)
  answerPage(visit, tenantPage({ base, isReadOnly, status, contents, changed, failure, drift }))
}

/** `/dropped` */
export async function showDropped(visit: Visit): Promise<void> {
  const { desk, base } = visit
  answerPage(visit, droppedPage(base, await desk.tenancy.listDropped(), desk.isReadOnly))
}

/** `/checks?run=lint`; a page of another site can't make the server work. */
export async function showChecks(visit: Visit): Promise<void> {
  const name = visit.query.get('run') ?? ''
  const isKnown = (CHECKS as readonly string[]).includes(name)
  const results = isKnown && isFromHere(visit.req) ? await check(visit.desk.tenancy, name as CheckName) : {}
  answerPage(visit, checksPage(visit.base, results))
}

async function check(tenancy: AdminTenancy, name: CheckName): Promise<CheckResults> {
  if (name === 'lint') return { lint: await tenancy.lint() }
  return name === 'doctor' ? { doctor: await tenancy.doctor() } : { drift: await tenancy.drift() }
}

/** By id, of those whose ids the tenancy still takes: rules may have changed since they were made. */
async function figuresOf(
  tenancy: AdminTenancy,
  tenants: readonly ListedTenant[],
): Promise<ReadonlyMap<string, TenantFigures>> {
  const ids = tenants.map(({ id }) => id).filter((id) => isNameable(tenancy, id))
  const figures = ids.length === 0 ? [] : await tenancy.figures(ids)
  return new Map(figures.map((one) => [one.tenant, one]))
}

async function driftOf({ desk: { memory, tenancy } }: Visit, id: string): Promise<ComparedDrift> {
  const { groups } = await memory.look()
  const mates = groups.find(({ tenants }) => tenants.includes(id))?.tenants ?? []
  const others = mates.filter((one) => one !== id && isNameable(tenancy, one)).slice(0, MOST_COMPARED)
  if (others.length === 0) return { versions: [], compared: 0 }
  const { versions } = await tenancy.drift({ tenants: [...others, id], concurrency: 1 })
  return { versions, compared: others.length }
}

function isNameable(tenancy: AdminTenancy, id: string): boolean {
  try {
    tenancy.schemaName(id)
    return true
  } catch (error) {
    if (error instanceof TenantIdError) return false
    throw error
  }
}
