import { TenantRequiredError } from './errors'
import { jobDataOf } from './jobs/job-data'
import type { JobData } from './jobs/job-data'
import { wrapJob } from './jobs/wrap-job'
import type { OneJob, WrapJobOptions } from './jobs/wrap-job'
import { tenantKey } from './keys/tenant-key'
import { tenantPath } from './keys/tenant-path'
import { partsOf } from './request/parts-of'
import { ScopedTenancy } from './scoped-tenancy'
import type { DefaultRecord } from './scoped-tenancy'
import { leaveTenants } from './tenant/context'
import type { TenantId } from './tenant/tenant-id'

/** The part of a tenancy for work behind requests: jobs, and names in caches and on disks. */
export class WorkingTenancy<
  Pool = unknown,
  Admin = unknown,
  Record extends object = DefaultRecord,
  CallbackPool = unknown,
> extends ScopedTenancy<Pool, Admin, Record, CallbackPool> {
  /**
   * Makes a worker's function that runs each job as the tenant that the job names, if there is such a tenant and it is served. It may
   * be called in any context. A batch is given over as it is where all of it is one tenant's, else tenant by tenant.
   *
   * @param handler - gets the job, or the batch, and whatever else the worker gives; its `this`, too
   * @returns rejects, before the handler is called, with TenantRequiredError for a job that names none, TenantIdError,
   * TenantNotFoundError, TenantSuspendedError. Resolves to what the handler returns; to undefined for a batch of several tenants
   * @throws ConfigError for what is no function
   */
  wrapJob<This, First, Rest extends unknown[], Result>(
    handler: (this: This, job: First, ...rest: Rest) => Result | PromiseLike<Result>,
    options?: WrapJobOptions<OneJob<First>>,
  ): (this: This, job: First, ...rest: Rest) => Promise<Result | undefined> {
    return wrapJob(partsOf(this), handler, options)
  }

  /**
   * What a job carries, with the current tenant in it as `tenant`, for {@link wrapJob}.
   *
   * @throws TenantRequiredError; TenantMismatchError where another tenant stands there already; ConfigError for what is no plain object
   */
  jobData<Data extends object = object>(data: Data = {} as Data): JobData<Data> {
    return jobDataOf(data, this.#need('tenancy.jobData()'))
  }

  /** Calls `work` outside every tenant, as when the process started: what starts workers and timers that live on. */
  outside<T>(work: () => T): T {
    return leaveTenants(work)
  }

  /**
   * A key for caches, counters and locks, which no other tenant has: `tenant:acme:user:1`.
   *
   * @throws TenantRequiredError; ConfigError for what is no text
   */
  key(key: string): string {
    return tenantKey(this.#need('tenancy.key()'), key)
  }

  /**
   * A path in the folder of the current tenant: `tenancy.path('/srv/uploads', 'avatars', '1.png')`.
   *
   * @throws TenantRequiredError; TenantPathError for what could lead out of it
   */
  path(root: string, ...parts: readonly string[]): string {
    return tenantPath(root, this.#need('tenancy.path()'), ...parts)
  }

  #need(what: string): TenantId {
    const tenant = this.current()
    if (tenant === undefined) throw new TenantRequiredError(what)
    return tenant.id
  }
}
