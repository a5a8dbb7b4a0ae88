import { escapeIdentifier, Pool } from 'pg'
import type { PoolConfig } from 'pg'
import { createTenancy } from 'rowhouse'
import { postgres } from 'rowhouse/postgres'
import type { Hygiene } from 'rowhouse/postgres'
import { inRequest, midway } from './strategy'
import type { Strategy } from './strategy'

/** Hand-written names on a plain pool: nothing can be faster. */
function qualified(config: PoolConfig): Strategy {
  const pool = new Pool(config)
  return {
    name: 'floor: schema-qualified SQL on pg.Pool',
    read: inRequest(
      async ({ schema }, id) =>
        (await pool.query(`select id, name from ${escapeIdentifier(schema)}.users where id = $1`, [id]))
          .rows[0].name,
    ),
    end: () => pool.end(),
  }
}

/** What most recipes do: a statement of its own in front of each query. */
function naive(config: PoolConfig): Strategy {
  const pool = new Pool(config)
  return {
    name: 'naive: SET search_path, then the query',
    read: inRequest(async ({ schema }, id) => {
      const client = await pool.connect()
      try {
        await client.query(`set search_path to ${escapeIdentifier(schema)}`)
        return (await client.query('select id, name from users where id = $1', [id])).rows[0].name
      } finally {
        client.release()
      }
    }),
    end: () => pool.end(),
  }
}

function scoped(config: PoolConfig, hygiene: Hygiene): Strategy {
  const { max, connectionString } = config
  const tenancy = createTenancy({ engine: postgres({ max, connectionString, hygiene }) })
  return {
    name: `rowhouse, hygiene: ${hygiene}`,
    read: ({ id: tenant }, id) =>
      tenancy.run(
        tenant,
        midway(
          async () =>
            (await tenancy.pool.query('select id, name from users where id = $1', [id])).rows[0].name,
        ),
      ),
    end: () => tenancy.close(),
  }
}

/** Every way over the same PostgreSQL; the first one is the floor. */
export function openPostgres(config: PoolConfig): readonly Strategy[] {
  return [
    qualified(config),
    naive(config),
    scoped(config, 'fast'),
    scoped(config, 'auto'),
    scoped(config, 'strict'),
  ]
}
