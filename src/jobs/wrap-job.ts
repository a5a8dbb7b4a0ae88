import { ConfigError, TenantNotFoundError, TenantSuspendedError } from '../errors'
import type { RequestParts } from '../request/gate'
import { CarriedValue, outsideTenants } from '../tenant/context'
import type { Tenant } from '../tenant/context'
import type { TenantInput } from '../tenant/tenant-id'
import { tenantOfJob } from './job-tenant'
import type { JobTenant } from './job-tenant'

/** How a worker's jobs name their tenant. */
export interface WrapJobOptions<Job = unknown> {
  /** Default: `job.data.tenant`. Of a batch, each job is asked. */
  readonly tenant?: ((job: Job) => string | null | undefined) | undefined
}

/** A job, or each of a batch. */
export type OneJob<First> = First extends readonly (infer Job)[] ? Job : First

/** A tenancy, as far as jobs need it. */
export type JobParts<Record> = Pick<RequestParts<Record>, 'context' | 'directory' | 'parse'>

/** What the innermost wrapped handler around this call was given. */
const jobAround = new CarriedValue<unknown>()

/**
 * Makes a worker's function that runs each job as its own tenant, whoever's context the worker was started in.
 *
 * @returns rejects as {@link tenantOfJob}, with {@link TenantIdError}, {@link TenantNotFoundError} and {@link TenantSuspendedError}
 * before the handler is called, and with what the handler throws
 */
export function wrapJob<This, First, Rest extends unknown[], Result>(
  parts: JobParts<unknown>,
  handler: (this: This, job: First, ...rest: Rest) => Result | PromiseLike<Result>,
  options: WrapJobOptions<OneJob<First>> = {},
): (this: This, job: First, ...rest: Rest) => Promise<Result | undefined> {
  const tenantOf = options.tenant as JobTenant<unknown> | undefined
  if (typeof handler !== 'function') throw new ConfigError(['wrapJob() needs the function that does a job.'])
  if (tenantOf !== undefined && typeof tenantOf !== 'function')
    throw new ConfigError(['The option `tenant` of wrapJob() is a function: (job) => job.data.account.'])

  return async function (this: This, first, ...rest) {
    const isNested = isAround(first)
    const perform = async (job: First, name: string): Promise<Result> => {
      const tenant = await admit(parts, name)
      // An async function, so that what the handler throws at once rejects, too.
      const work = async (): Promise<Result> =>
        await parts.context.run(tenant, () => handler.call(this, job, ...rest))
      return apart(job, isNested, work)
    }
    if (!isBatch(first)) return perform(first, tenantOfJob(first, tenantOf))
    const { groups, failures } = groupByTenant(first, tenantOf)
    if (groups.length === 1 && failures.length === 0) return perform(first, groups[0]!.tenant)
    failures.push(...(await performAll(groups, ({ tenant, jobs }) => perform(jobs as First, tenant))))
    if (failures.length > 0) throw failures[0]
    return undefined
  }
}

/** @throws {@link TenantIdError}, {@link TenantNotFoundError}, {@link TenantSuspendedError} */
async function admit(parts: JobParts<unknown>, raw: TenantInput): Promise<Tenant> {
  const { id, schema } = parts.parse(raw)
  const entry = await parts.directory.find(id)
  if (!entry) {
    throw new TenantNotFoundError(`There is no tenant "${id}" now, so its job was not run.`, {
      tenant: id,
    })
  }
  if (entry.state !== 'active') throw new TenantSuspendedError({ tenant: id })
  return { id, schema, record: entry.record }
}

/** Whether another tenancy's wrapJob has given this very job to this one. */
function isAround(job: unknown): boolean {
  return typeof job === 'object' && job !== null && jobAround.current() === job
}

/**
 * Outside of whatever the worker was started in: another tenant, its open transaction, other tenancies' tenants. A wrapJob of another
 * tenancy around the same job is there on purpose, and its tenant stays.
 */
function apart<T>(job: unknown, isNested: boolean, work: () => T): T {
  const begin = (): T => jobAround.carry(job, work)
  return isNested ? begin() : outsideTenants(begin)
}

/** Jobs of one tenant of a batch. */
interface Group {
  readonly tenant: string
  readonly jobs: unknown[]
}

function isBatch(job: unknown): job is readonly unknown[] {
  return Array.isArray(job) && job.length > 0
}

/** By whose they are, and why those that can't be anybody's are refused. */
function groupByTenant(
  jobs: readonly unknown[],
  tenantOf: JobTenant<unknown> | undefined,
): { readonly groups: readonly Group[]; readonly failures: unknown[] } {
  const groups = new Map<string, Group>()
  const failures: unknown[] = []
  for (const job of jobs) {
    try {
      const tenant = tenantOfJob(job, tenantOf)
      const group = groups.get(tenant) ?? { tenant, jobs: [] }
      group.jobs.push(job)
      groups.set(tenant, group)
    } catch (error) {
      failures.push(error)
    }
  }
  return { groups: [...groups.values()], failures }
}

/**
 * One after the other, and each whatever became of those before: one tenant's failure must not keep the others' jobs from being
 * done, although the queue, which is told of one failure for the batch, will give all of them again.
 */
async function performAll(
  groups: readonly Group[],
  perform: (group: Group) => Promise<unknown>,
): Promise<unknown[]> {
  const failures: unknown[] = []
  for (const group of groups) {
    try {
      const result = await perform(group)
      // graphile-worker takes a promise for each job of a batch; which job each belongs to is lost here, so that all must hold.
      if (Array.isArray(result)) await Promise.all(result)
    } catch (error) {
      failures.push(error)
    }
  }
  return failures
}
