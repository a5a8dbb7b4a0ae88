import type { Pool } from 'mysql2/promise'
import type { MigrationProgress } from '../engine'
import type { SchemaName } from '../tenant/schema-name'
import { ask } from './ask'
import { lockNameOf } from './migration-lock'
import { quoteName } from './sql'

/**
 * How far a tenant's migrations are.
 *
 * @param pool - scoped to the tenant by who calls
 * @param table - of the journal
 */
export async function readProgress(
  pool: Pool,
  schema: SchemaName,
  table: string,
): Promise<MigrationProgress> {
  const [lock] = await ask<{ holder: number | null }>(pool, 'select is_used_lock(?) as holder', [
    lockNameOf(schema),
  ])
  const isMigrating = lock!.holder !== null
  try {
    const [row] = await ask<{ version: number | null }>(
      pool,
      `select max(version) as version from ${quoteName(table)} where number = 0 and state = 'applied'`,
    )
    return { isMigrating, version: row?.version === null ? undefined : Number(row!.version) }
  } catch (error) {
    if ((error as { code?: string }).code === 'ER_NO_SUCH_TABLE') return { isMigrating, version: undefined }
    throw error
  }
}
