import { rememberedByText } from '../by-text'
import type { Tenant } from './context'
import type { TenantIdRules, TenantInput } from './tenant-id'

/** Names a tenant by what the public calls take. */
export type Namer = (tenant: TenantInput) => Pick<Tenant, 'id' | 'schema'>

/** A namer that remembers: each job and request names its tenant. Not where a function of the application decides. */
export function namer(read: Namer, { validate }: Pick<TenantIdRules, 'validate'>): Namer {
  if (typeof validate === 'function') return read
  const readText = rememberedByText(read)
  return (tenant) => (typeof tenant === 'string' ? readText(tenant) : read(tenant))
}
