import { ConfigError } from '../errors'
import type { TenantId } from '../tenant/tenant-id'
import type { Lookup } from './directory'

/** An application's own way to find a tenant: its record, or undefined or null where there is none. */
export type FindRecord<Record extends object> = (
  id: TenantId,
) => Record | null | undefined | Promise<Record | null | undefined>

/**
 * Makes a lookup of an application's own function: `directory: (id) => tenants.findOne({ id })`. The record it returns
 * is what the handlers get as `req.tenant`.
 *
 * @param isSuspended - default: the record has a `suspended` that is true, 1, a date or any other truthy value
 * @throws {@link ConfigError} at the lookup, if the answer is neither a record nor undefined or null: a list of rows is
 * there for tenants that do not exist, too
 */
export function toLookup<Record extends object>(
  find: FindRecord<Record>,
  isSuspended: (record: Record) => boolean = hasSuspended,
): Lookup<Record> {
  return async (id) => {
    const record = await find(id)
    if (record === undefined || record === null) return undefined
    if (typeof record !== 'object' || Array.isArray(record)) {
      const seen = Array.isArray(record) ? 'an array' : `a ${typeof record}`
      throw new ConfigError([
        `The function \`directory\` returned ${seen}. Return the tenant's record, or undefined where there is none.`,
      ])
    }
    return { state: isSuspended(record) ? 'suspended' : 'active', record }
  }
}

function hasSuspended(record: object): boolean {
  return 'suspended' in record && Boolean(record.suspended)
}
