import { LRUCache } from 'lru-cache'
import type { Scope, Tenant } from '../tenant/context'
import { ownedBy } from './owned-pool'

/** What is used of a tenancy. */
export interface TenancyLike<Pool> {
  readonly pool: Pool
  scope(): Scope | undefined
  require(): Tenant
}

/** What the client of a tenant is made of. */
export interface TenantParts<Pool> {
  /** The pool of the tenancy; it refuses whoever is not this tenant. */
  readonly pool: Pool
  /** `tenant_acme`: Prisma writes it in front of each table. */
  readonly schema: string
}

/** Options of {@link prismaPerTenant}. */
export interface PrismaOptions {
  /** How many clients are kept, one for each tenant; the least recently used one goes first. Default 100. */
  readonly maxClients?: number
}

/**
 * Gives the Prisma client of the calling code's tenant. Each has its own, since a client batches `findUnique` calls of one
 * tick whoever made them, and writes the name of its schema into its SQL. They share the connections of `tenancy.pool`.
 *
 * @param open - makes a client: `({ pool, schema }) => new PrismaClient({ adapter: new PrismaPg(pool, { schema }) })`
 * @returns a function to be called where the client is used. It throws TenantRequiredError without a tenant, and a client that
 *   is used as another tenant refuses: `ROWHOUSE_TENANT_MISMATCH`
 */
export function prismaPerTenant<Client extends object, Pool extends object>(
  tenancy: TenancyLike<Pool>,
  open: (parts: TenantParts<Pool>) => Client,
  { maxClients = 100 }: PrismaOptions = {},
): () => Client {
  // One that goes is not disconnected, which would end transactions that it has begun: it has nothing but its memory.
  const clients = new LRUCache<string, Client>({ max: maxClients })
  const { pool } = tenancy
  return () => {
    const { id, schema } = tenancy.require()
    let client = clients.get(schema)
    if (client === undefined) {
      client = open({ pool: ownedBy(id, pool, () => tenancy.scope()), schema })
      clients.set(schema, client)
    }
    return client
  }
}
