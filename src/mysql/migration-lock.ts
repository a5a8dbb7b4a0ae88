import { setTimeout as sleep } from 'node:timers/promises'
import { MigrationLockedError } from '../errors'
import type { MigrationSession } from './migration-session'
import { sha256Of } from './sql'

const RETRY_MS = 50

/**
 * Calls `work` while no other process may migrate, create or drop this database. The lock lives on the very connection that
 * runs the DDL: when a client is killed in an ALTER, the server goes on with it and holds the lock until it is done
 * (measured on MariaDB 10.11: 6.5 s), so whoever comes next reads what became of it, and not what is on the way.
 *
 * @throws MigrationLockedError when somebody else holds it for longer than the timeout
 */
export async function withLock<T>(
  session: MigrationSession,
  {
    schema,
    tenant,
    timeoutMs,
  }: { readonly schema: string; readonly tenant: string; readonly timeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  // First: a reset gives up locks, also this one.
  await session.clear()
  const name = lockNameOf(schema)
  const deadline = Date.now() + timeoutMs
  while (!(await tryLock(session, name))) {
    if (Date.now() >= deadline) {
      throw new MigrationLockedError(
        `Database "${schema}" is being created, migrated or dropped by another process, or by a statement of one that was ` +
          `killed; it did not end within ${timeoutMs} ms. Try again later.`,
        { tenant },
      )
    }
    await sleep(RETRY_MS * (0.5 + Math.random()))
  }
  try {
    return await work()
  } finally {
    if (session.isUsable) await session.query('do release_lock(?)', [name]).catch(() => {})
  }
}

/**
 * `rowhouse:` and 40 hex digits: locks are the whole server's, their names ignore case and have at most 64 characters in
 * MySQL. Lower case, since `Acme` and `acme` may be one database.
 */
export function lockNameOf(schema: string): string {
  return `rowhouse:${sha256Of(schema.toLowerCase()).slice(0, 40)}`
}

async function tryLock(session: MigrationSession, name: string): Promise<boolean> {
  const [row] = await session.rows<{ taken: number | null }>('select get_lock(?, 0) as taken', [name])
  return Number(row!.taken) === 1
}
