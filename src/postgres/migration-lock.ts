import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { MigrationLockedError } from '../errors'
import { LOCK_NOT_AVAILABLE } from './migration-failure'

/** How long the statements of a connection may wait, and take. */
export interface Limits {
  readonly lockTimeoutMs: number
  /** 0: any time. */
  readonly statementTimeoutMs: number
}

/** node-pg-migrate's own lock: held in common by ours, so that its plain CLI stays out meanwhile (PG_MIGRATE_LOCK_ID). */
export const PLAIN_RUNNER_LOCK = '7241865325823964'
const RETRY_MS = 50
/** The greatest that PostgreSQL takes for a timeout. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** What decides how the next text is read, and would outlast a migration that sets it. As SQL. */
export const READ_AS_EVER = 'reset client_encoding; reset standard_conforming_strings; reset backslash_quote'

/** The lock of one schema, a signed 64-bit number. */
export function lockKeyOf(schema: string): string {
  return String(createHash('sha256').update(`rowhouse:${schema}`).digest().readBigInt64BE(0))
}

/**
 * What a session is to be like, as SQL: a role may have defaults of its own. Who waits for a table's lock makes all others wait behind
 * him, so no statement waits for ever; and a transaction must see what was committed before it got the lock of a tenant.
 */
export function settingsOf({ lockTimeoutMs, statementTimeoutMs }: Limits): string {
  const clamp = (ms: number, least: number): number =>
    Math.min(MAX_TIMEOUT_MS, Math.max(least, Math.ceil(ms)))
  return (
    `set lock_timeout to ${clamp(lockTimeoutMs, 1)}; set statement_timeout to ${clamp(statementTimeoutMs, 0)}; ` +
    "set default_transaction_isolation to 'read committed'"
  )
}

/**
 * Calls `work` while no other process may migrate, create or drop this schema, and node-pg-migrate's own runner stays out.
 *
 * @throws MigrationLockedError when somebody else holds it, or what `work` needs, for longer than the timeout
 */
export async function withLock<T>(
  client: Client,
  { schema, tenant, limits }: { readonly schema: string; readonly tenant: string; readonly limits: Limits },
  work: () => Promise<T>,
): Promise<T> {
  const { lockTimeoutMs } = limits
  // Before the locks, which it would end: temporary tables, settings and prepared statements of the tenant before.
  await client.query('discard all')
  await client.query(settingsOf(limits))
  const deadline = Date.now() + lockTimeoutMs
  // Asked again and again, not waited for: a waiting statement holds a snapshot, for which CREATE INDEX CONCURRENTLY waits.
  while (!(await tryLock(client, schema))) {
    if (Date.now() >= deadline)
      throw heldByAnother(schema, tenant, `it did not end within ${lockTimeoutMs} ms`)
    await sleep(RETRY_MS * (0.5 + Math.random()))
  }
  try {
    return await work()
  } catch (cause) {
    if ((cause as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw cause
    throw heldByTransaction(schema, tenant, lockTimeoutMs, cause)
  } finally {
    await client.query(`${READ_AS_EVER}; select pg_advisory_unlock_all()`).catch(() => {})
  }
}

/** The error where another process has the lock of a schema. */
export function heldByAnother(schema: string, tenant: string, since: string): MigrationLockedError {
  return new MigrationLockedError(
    `Schema "${schema}" is being created, migrated or dropped by another process, or node-pg-migrate runs in this database; ` +
      `${since}. Try again later.`,
    { tenant },
  )
}

/** The error where a transaction holds what a statement waits for. */
export function heldByTransaction(
  schema: string,
  tenant: string,
  timeoutMs: number,
  cause: unknown,
): MigrationLockedError {
  return new MigrationLockedError(
    `A transaction holds a lock in "${schema}" and did not end within ${timeoutMs} ms. End it (pg_stat_activity, ` +
      'pg_blocking_pids), or raise `lockTimeoutMs`, and try again. Nothing was changed.',
    { tenant, cause },
  )
}

async function tryLock(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ plain: boolean; own: boolean }>(
    'select pg_try_advisory_lock_shared($1::bigint) as plain, pg_try_advisory_lock($2::bigint) as own',
    [PLAIN_RUNNER_LOCK, lockKeyOf(schema)],
  )
  const { plain, own } = rows[0]!
  if (plain && own) return true
  await client.query('select pg_advisory_unlock_all()')
  return false
}
