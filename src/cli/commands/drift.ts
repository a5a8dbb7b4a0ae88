import type { Command } from 'commander'
import type { DriftVersion } from '../../fleet/drift'
import { EXIT } from '../command'
import type { Run } from '../command'
import { describeProblems, shortList } from '../print'

/** `rowhouse drift` */
export function addDrift(program: Command, run: Run): void {
  program
    .command('drift')
    .description(
      'tenants that are not built as others with the same migrations; exits with 4 where there are some',
    )
    .argument('[tenant...]')
    .action(async (tenants: string[]) => {
      await run(async ({ tenancy, printer, line, isJson }) => {
        const drift = await tenancy.drift(tenants.length > 0 ? { tenants } : {})
        const { versions, problems } = drift
        if (isJson) line(JSON.stringify({ ...drift, problems: describeProblems(problems) }))
        else {
          for (const { tenant, error } of problems) printer.error(new Error(`${tenant}: ${error.message}`))
          for (const version of versions) for (const text of linesOf(version)) line(text)
        }
        if (versions.some(({ outliers }) => outliers.length > 0)) return EXIT.pending
        return problems.length > 0 ? EXIT.failed : EXIT.ok
      })
    })
}

function linesOf({ version, tenants, alike, example, outliers }: DriftVersion): string[] {
  const head = `at ${version ?? 'no version'}: ${alike.toLocaleString('en')} of ${tenants.toLocaleString('en')} alike`
  const groups = outliers.flatMap((group) => [
    `  ${shortList(group.tenants)}, unlike ${example}:`,
    ...group.lacking.map((text) => `    - ${indented(text)}`),
    ...group.extra.map((text) => `    + ${indented(text)}`),
  ])
  return [head, ...groups]
}

function indented(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n      ')
}
