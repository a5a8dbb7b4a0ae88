import { createPool, escapeId } from 'mysql2/promise'
import type { Pool, PoolOptions, RowDataPacket } from 'mysql2/promise'
import { createTenancy } from 'rowhouse'
import { mysql } from 'rowhouse/mysql'
import type { Hygiene } from 'rowhouse/mysql'
import { inRequest, midway } from './strategy'
import type { Strategy } from './strategy'

type How = 'query' | 'execute'

const READ = 'select id, name from users where id = ?'

async function nameOn(pool: Pick<Pool, How>, how: How, sql: string, id: number): Promise<string> {
  const [rows] = await (how === 'query'
    ? pool.query<RowDataPacket[]>(sql, [id])
    : pool.execute<RowDataPacket[]>(sql, [id]))
  return rows[0]!['name'] as string
}

/** Hand-written names on a plain pool: nothing can be faster. */
function qualified(config: PoolOptions, how: How): Strategy {
  const pool = createPool({ ...config, maxPreparedStatements: 256 })
  return {
    name: `floor: qualified names, ${how} on mysql2's pool`,
    read: inRequest(({ schema }, id) =>
      nameOn(pool, how, `select id, name from ${escapeId(schema)}.users where id = ?`, id),
    ),
    end: () => pool.end(),
  }
}

/** What most recipes do: a statement of its own in front of each query. */
function naive(config: PoolOptions): Strategy {
  const pool = createPool(config)
  return {
    name: 'naive: USE, then the query',
    read: inRequest(async ({ schema }, id) => {
      const connection = await pool.getConnection()
      try {
        await connection.query(`use ${escapeId(schema)}`)
        return await nameOn(connection, 'query', READ, id)
      } finally {
        connection.release()
      }
    }),
    end: () => pool.end(),
  }
}

function scoped(config: PoolOptions, how: How, hygiene: Hygiene): Strategy {
  const tenancy = createTenancy({ engine: mysql({ ...config, hygiene }) })
  return {
    name: `rowhouse, ${how}, hygiene: ${hygiene}`,
    read: ({ id: tenant }, id) =>
      tenancy.run(
        tenant,
        midway(() => nameOn(tenancy.pool, how, READ, id)),
      ),
    end: () => tenancy.close(),
  }
}

/** Every way to query over the same MariaDB; the first one is the floor. */
export function openMysqlQueries(config: PoolOptions): readonly Strategy[] {
  return [
    qualified(config, 'query'),
    naive(config),
    scoped(config, 'query', 'auto'),
    scoped(config, 'query', 'strict'),
  ]
}

/** The same for statements that are prepared already. */
export function openMysqlExecutes(config: PoolOptions): readonly Strategy[] {
  return [qualified(config, 'execute'), scoped(config, 'execute', 'auto')]
}
