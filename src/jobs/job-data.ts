import { ConfigError, TenantMismatchError } from '../errors'
import type { TenantId } from '../tenant/tenant-id'

/** What a job carries, and whose it is. */
export type JobData<Data extends object> = Data & { readonly tenant: string }

/**
 * Puts the tenant into what a job carries.
 *
 * @param data - an object with properties, as a queue stores it; it is not changed
 * @throws {@link TenantMismatchError} where another tenant stands there already; {@link ConfigError} for what is no such object
 */
export function jobDataOf<Data extends object>(data: Data, tenant: TenantId): JobData<Data> {
  if (!isRecord(data))
    throw new ConfigError([
      'What a job carries is a plain object, jobData({ widgetId: 7 }): a list or a text has no place for its tenant.',
    ])
  if (Object.hasOwn(data, 'tenant')) {
    const found: unknown = (data as { tenant?: unknown }).tenant
    if (found !== undefined && found !== tenant) {
      throw new TenantMismatchError(
        `What this job carries has a \`tenant\` already, and it is not the current tenant "${tenant}". Nothing was changed. Add ` +
          'the job in tenancy.run(otherTenant, ...), or give that property another name.',
        { tenant },
      )
    }
  }
  return { ...data, tenant }
}

/** An instance of a class would lose it in a copy, and an array its keys. */
function isRecord(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
