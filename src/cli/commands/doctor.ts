import type { Command } from 'commander'
import { EXIT } from '../command'
import type { Run } from '../command'
import { tellFindings } from '../findings'

/** `rowhouse doctor` */
export function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('look at server, roles and options for what endangers isolation; changes nothing')
    .action(async () => {
      await run(async ({ tenancy, line, isJson, paint }) => {
        const findings = await tenancy.doctor()
        const told = findings.map((finding) => ({ ...finding, title: finding.code }))
        line(isJson ? JSON.stringify(findings) : tellFindings(told, paint))
        return findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.ok
      })
    })
}
