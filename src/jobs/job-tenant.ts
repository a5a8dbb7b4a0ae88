import { TenantIdError, TenantRequiredError } from '../errors'

/** Where a job names its tenant: `(job) => job.data.tenant`. */
export type JobTenant<Job> = (job: Job) => unknown

const CURE =
  'names none, so it was not run. Add it with queue.add(name, tenancy.jobData(data)), or say where it names its tenant: ' +
  'tenancy.wrapJob(handler, { tenant: (job) => job.data.account }). Work for no tenant needs no wrapJob.'

/**
 * Whose a job is, as it says, unchecked.
 *
 * @returns a text
 * @throws {@link TenantRequiredError} where it names none; {@link TenantIdError} for anything but a text
 */
export function tenantOfJob<Job>(job: Job, tenantOf: JobTenant<Job> = readDataTenant): string {
  const found = tenantOf(job)
  if (found === undefined || found === null) throw new TenantRequiredError('This job', { cure: CURE })
  if (typeof found === 'string') return found
  // What was stored in a queue may be of any form, and an object with an `id` is a tenant elsewhere.
  const seen = Array.isArray(found) ? 'a list' : `a value of type ${typeof found}`
  throw new TenantIdError(
    'ROWHOUSE_TENANT_ID_INVALID',
    `The tenant of a job is a text; this job has ${seen}. It was not run.`,
    {
      status: 404,
    },
  )
}

/** Own properties only: a payload with a `__proto__` must not name a tenant that nobody wrote. */
function readDataTenant(job: unknown): unknown {
  const data = isObject(job) ? job.data : undefined
  return isObject(data) && Object.hasOwn(data, 'tenant') ? data.tenant : undefined
}

function isObject(value: unknown): value is { readonly data?: unknown; readonly tenant?: unknown } {
  return typeof value === 'object' && value !== null
}
