import type { Lookup } from '../../src/request/directory'
import { createDirectory } from '../../src/request/directory'
import type { RequestParts } from '../../src/request/gate'
import { TenantContext } from '../../src/tenant/context'
import { schemaNameOf } from '../../src/tenant/schema-name'
import { parseTenantId } from '../../src/tenant/tenant-id'

/** What the tests keep of a tenant. */
export interface TestRecord {
  readonly name: string
}

/** Ids that begin with "gone" are unknown, with "sus" suspended; every other tenant exists. */
export const lookup: Lookup<TestRecord> = async (id) => {
  await new Promise((resolve) => setImmediate(resolve))
  if (id.startsWith('gone')) return undefined
  return { state: id.startsWith('sus') ? 'suspended' : 'active', record: { name: id.toUpperCase() } }
}

/** What a tenancy lends the request half, over an in-memory lookup. */
export function createParts(overrides: Partial<RequestParts<TestRecord>> = {}): RequestParts<TestRecord> {
  const naming = { prefix: 'tenant_', limit: { max: 63, unit: 'bytes' } } as const
  return {
    name: 'default',
    context: new TenantContext(overrides.name ?? 'default'),
    parse(raw) {
      const id = parseTenantId(raw)
      return { id, schema: schemaNameOf(id, naming) }
    },
    directory: createDirectory({ lookup }),
    readProgress: async (id) => ({ version: 20200101000000, isMigrating: id.startsWith('busy') }),
    ...overrides,
  }
}
