import type { StatementClass } from './classify'
import type { SearchPath } from './search-path'

/** How long a schema that was seen is taken to be still there. Only reads rely on it. */
const SIGHT_LASTS_MS = 10_000

/** What the server answers where a name can't be found: no such schema, table, type, function. */
const UNKNOWN_NAME = new Set(['3F000', '42P01', '42704', '42883'])

/** A check of this path's schema succeeded. */
export function seeSchema({ sighting }: SearchPath, now = performance.now()): void {
  sighting.until = now + SIGHT_LASTS_MS
}

/** A check of this path's schema failed. */
export function missSchema({ sighting }: SearchPath): void {
  sighting.until = undefined
}

/**
 * Whether a statement may go out without another look at its schema, which costs as much as the switch itself. A plain
 * read may: on a path with nothing behind the tenant's schema, names that the schema no longer has are found nowhere, so
 * the worst is an error, and {@link mayMissSchema} tells which one is to be looked into. A shared schema could answer in
 * its place, and a write could land in `pg_temp`: those are checked each time.
 */
export function isInSight(
  { sighting, isAlone }: SearchPath,
  { kind, effect }: StatementClass,
  now = performance.now(),
): boolean {
  const isRead = kind === 'dml' && effect === 'none'
  return isRead && isAlone && sighting.until !== undefined && now < sighting.until
}

/** Whether an error of a statement that was not checked may mean that its schema is gone. */
export function mayMissSchema(code: string | undefined): boolean {
  return code !== undefined && UNKNOWN_NAME.has(code)
}
