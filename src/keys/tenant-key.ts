import { ConfigError } from '../errors'
import { parseTenantId } from '../tenant/tenant-id'
import type { TenantId, TenantInput } from '../tenant/tenant-id'

/** Which ids a tenancy takes is its own affair; here each one that any could have is written so that it stands for itself. */
const ANY_ID = { validate: () => true }

/**
 * A key for caches, counters and locks, which no other tenant has, whatever stands in the id or in the key.
 *
 * @param tenant - `acme`
 * @param key - any text, `user:1`
 * @returns `tenant:acme:user:1`; in the id, what is neither letter, digit nor one of `-_.!~*'()` is written as `%3A`
 * @throws {@link TenantIdError} for what can be no tenant; {@link ConfigError} for a key that is no text
 */
export function tenantKey(tenant: TenantInput, key: string): string {
  // No colon gets through, so the second one ends the id.
  return `tenant:${encodeURIComponent(anyTenantId(tenant))}:${checkKey(key)}`
}

/**
 * A key for what belongs to no tenant, which is never one of {@link tenantKey}.
 *
 * @returns `shared:countries`
 * @throws {@link ConfigError} for a key that is no text
 */
export function sharedKey(key: string): string {
  return `shared:${checkKey(key)}`
}

/** The id of a tenant of any tenancy. @throws {@link TenantIdError} */
export function anyTenantId(tenant: TenantInput): TenantId {
  return parseTenantId(tenant, ANY_ID)
}

/** A list or an object would be the text of something else, too: `['a', 'b']` and `'a,b'`. */
function checkKey(key: unknown): string {
  if (typeof key === 'string') return key
  throw new ConfigError([`A key is a text; got a value of type ${key === null ? 'null' : typeof key}.`])
}
