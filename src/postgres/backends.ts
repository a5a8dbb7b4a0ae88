import type { PoolClient } from 'pg'
import { PoolerError } from '../errors'
import type { BackendFacts } from '../doctor/postgres'
import type { Tenant } from '../tenant/context'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'
import { TenantPool } from './pool'
import type { ScopingOptions } from './scoping-options'

const CONNECTIONS = 3
const ROUNDS = 3
/** A schema that every database has: a switch into it is checked as one into a tenant is, and there may be no tenant yet. */
const ANYWHERE: Tenant = { id: 'doctor' as TenantId, schema: 'information_schema' as SchemaName }
/** Long enough for the queries of a round to meet, so that a pooler of transactions needs a backend for each. */
const PID = 'select pg_backend_pid() as pid from pg_catalog.pg_sleep(0.02)'

/**
 * Runs a few queries at once on a few connections, again and again, and tells which backends they met. The pool's own check
 * is what finds a pooler that was not declared.
 */
export async function readBackends(options: ScopingOptions): Promise<BackendFacts> {
  const max = Math.min(CONNECTIONS, options.max ?? CONNECTIONS)
  // That schema has no role.
  const plain = { maxPerTenant: undefined, isolation: undefined }
  const pool = new TenantPool({ ...options, ...plain, max, scope: () => ANYWHERE })
  // A connection that dies tells so by its query; unheard, the event would end the process.
  pool.on('error', () => {})
  try {
    return { rounds: await readRounds(pool, max) }
  } catch (error) {
    if (error instanceof PoolerError) return { refusal: error.message, rounds: [] }
    throw error
  } finally {
    await pool.end()
  }
}

async function readRounds(pool: TenantPool, count: number): Promise<number[][]> {
  const clients: PoolClient[] = []
  const rounds: number[][] = []
  try {
    for (let index = 0; index < count; index += 1) clients.push(await pool.connect())
    for (let round = 0; round < ROUNDS; round += 1) {
      const pids = new Array<number>(count)
      // Another one begins each time: a pooler that gives out its backends in turn would seem to keep them.
      const order = clients.map((_client, index) => (index + round) % count)
      await Promise.all(
        order.map(async (index) => {
          pids[index] = (await clients[index]!.query<{ pid: number }>(PID)).rows[0]!.pid
        }),
      )
      rounds.push(pids)
    }
    return rounds
  } finally {
    for (const client of clients) client.release(true)
  }
}
