import { createTenancy } from 'rowhouse'
import { postgres } from 'rowhouse/postgres'
import type { Hygiene } from 'rowhouse/postgres'
import { createTenantSlonik } from 'rowhouse/slonik'
import { createPool, sql } from 'slonik'
import type { ClientConfigurationInput } from 'slonik'
import { inRequest, midway } from './strategy'
import type { Strategy } from './strategy'

/** Hand-written names; what slonik does at a release is its user's choice, and nothing is the fastest. */
async function qualified(
  url: string,
  name: string,
  configuration: ClientConfigurationInput,
): Promise<Strategy> {
  const pool = await createPool(url, configuration)
  return {
    name,
    read: inRequest(async ({ schema }, id) => {
      const table = sql.identifier([schema, 'users'])
      return (await pool.one(sql.unsafe`select id, name from ${table} where id = ${id}`)).name
    }),
    end: () => pool.end(),
  }
}

async function scoped(
  url: string,
  hygiene: Hygiene,
  configuration: ClientConfigurationInput,
): Promise<Strategy> {
  const tenancy = createTenancy({ engine: postgres({ connectionString: url }) })
  const pool = await createTenantSlonik(url, { tenancy, hygiene, ...configuration })
  return {
    name: `rowhouse/slonik, hygiene: ${hygiene}`,
    read: ({ id: tenant }, id) =>
      tenancy.run(
        tenant,
        midway(async () => (await pool.one(sql.unsafe`select id, name from users where id = ${id}`)).name),
      ),
    async end() {
      await pool.end()
      await tenancy.close()
    },
  }
}

/** Slonik's ways over the same PostgreSQL; the first one is the floor. */
export function openSlonik(url: string, maximumPoolSize: number): Promise<readonly Strategy[]> {
  const size = { maximumPoolSize }
  const noReset = { ...size, resetConnection: async () => {} }
  return Promise.all([
    qualified(url, "floor: schema-qualified SQL on slonik's pool, no reset", noReset),
    qualified(url, 'the same with its default reset (DISCARD ALL)', size),
    scoped(url, 'auto', size),
    scoped(url, 'strict', size),
  ])
}
