import { basename } from 'node:path'
import type { Command } from 'commander'
import type { LintFinding } from '../../lint-finding'
import { EXIT } from '../command'
import type { Run } from '../command'
import { tellFindings } from '../findings'
import type { ToldFinding } from '../findings'

/** `rowhouse lint` */
export function addLint(program: Command, run: Run): void {
  program
    .command('lint')
    .description('look through all migrations for what is refused, and for what is to be thought of')
    .option('--strict', 'take warnings for errors')
    .action(async ({ strict = false }: { strict?: boolean }) => {
      await run(async ({ tenancy, line, isJson, paint }) => {
        const findings = await tenancy.lint()
        line(isJson ? JSON.stringify(findings) : tellFindings(findings.map(told), paint))
        const isBad = findings.some(({ severity }) => strict || severity === 'error')
        return isBad ? EXIT.refused : EXIT.ok
      })
    })
}

function told(finding: LintFinding): ToldFinding {
  const { severity, code, path, line, direction, statement, reason, cure } = finding
  const at = line === undefined ? ` (${direction})` : `:${line}`
  const title = `${code} at ${basename(path)}${at}`
  return { severity, title, cure, reason: statement === undefined ? reason : `${statement}: ${reason}` }
}
