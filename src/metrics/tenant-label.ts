/** Stands for every tenant that has no label of its own. */
const OTHER = 'other'
/** Stands for work without a tenant. */
const NONE = 'none'

/**
 * Makes what names tenants in labels, of which there are never more than two besides these.
 *
 * @param tenants - the ids that are named, or how many: the first ones that come
 */
export function tenantLabel(tenants: number | readonly string[]): (tenant: string | undefined) => string {
  const named = new Set(typeof tenants === 'number' ? [] : tenants)
  const limit = typeof tenants === 'number' ? tenants : named.size
  return (tenant) => {
    if (tenant === undefined) return NONE
    // Ids may be these very words.
    if (tenant === NONE || tenant === OTHER) return OTHER
    if (named.has(tenant)) return tenant
    if (named.size >= limit) return OTHER
    named.add(tenant)
    return tenant
  }
}
