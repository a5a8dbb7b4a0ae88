import { LeakError } from './leak-error'
import { LeakRun } from './leak-run'
import type { LeakReport } from './leak-run'
import { parseLeakOptions } from './leak-options'
import type { LeakTestOptions } from './leak-options'

/**
 * Sends the requests of two or more tenants through an application, one by one and then all at once, and tells what came to
 * the wrong tenant: answers, writes, queries. See docs/testing.md.
 *
 * @returns what was found, which is nothing at best; a test expects `report.leaks` to be `[]`
 * @throws ConfigError for wrong options; TenantIdError; what `seed`, `request` and a function among the routes throw
 */
export async function findLeaks(options: LeakTestOptions): Promise<LeakReport> {
  const run = new LeakRun(parseLeakOptions(options))
  return run.report()
}

/**
 * The same, for tests that need no report.
 *
 * @throws LeakError `ROWHOUSE_LEAK`, whose message has a line for each finding
 */
export async function assertNoLeaks(options: LeakTestOptions): Promise<LeakReport> {
  const report = await findLeaks(options)
  if (report.leaks.length > 0) throw new LeakError(report.leaks)
  return report
}
