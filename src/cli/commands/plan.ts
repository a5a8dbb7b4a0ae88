import type { MigrateAllOptions } from '../../fleet/options'
import { EXIT } from '../command'
import type { Workplace } from '../command'

/** `rowhouse migrate --all --dry-run`: what would be done. */
export async function printPlan(
  { tenancy, printer, line, isJson }: Workplace,
  options: MigrateAllOptions,
  withSql: boolean,
): Promise<number> {
  const plan = await tenancy.planAll(options)
  if (isJson) {
    const groups = plan.groups.map(({ sql, ...group }) => (withSql ? { ...group, sql } : group))
    line(JSON.stringify({ ...plan, groups }))
    return EXIT.ok
  }
  for (const { tenant, error } of plan.problems) printer.error(Object.assign(error, { tenant }))
  for (const { tenants, from, migrations, sql } of plan.groups) {
    line(`${tenants.length} at ${from ?? 'no version'}: ${migrations.join(', ')}`)
    if (withSql) for (const text of sql) line(ended(text.trim()))
  }
  line(
    `${plan.tenants} tenants, ${plan.atHead} with nothing to do, ${plan.problems.length} that can't be. Nothing was written.`,
  )
  return plan.problems.length > 0 ? EXIT.failed : EXIT.ok
}

/** With one semicolon at its end; a heading is a comment and has none. */
function ended(text: string): string {
  return /^--.*$/.test(text) ? text : `${text.replace(/[\s;]+$/, '')};`
}
