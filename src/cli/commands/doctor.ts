import type { Command } from 'commander'
import { count } from '../../doctor/finding'
import type { Finding } from '../../doctor/finding'
import { EXIT } from '../command'
import type { Run } from '../command'

const WIDTH = 100

/** `rowhouse doctor` */
export function addDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('look at server, roles and options for what endangers isolation; changes nothing')
    .action(async () => {
      await run(async ({ tenancy, line, isJson }) => {
        const findings = await tenancy.doctor()
        line(isJson ? JSON.stringify(findings) : tell(findings))
        return findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.ok
      })
    })
}

/** A list and no table: sentences don't fit into columns. */
function tell(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const parts = findings.map(({ severity, code, reason, cure }) =>
    [`${severity}: ${code}`, ...wrap(reason), ...wrap(`-> ${cure}`)].join('\n'),
  )
  const sum = `${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`
  return [...parts, sum].join('\n\n')
}

/** Indented lines that end between words. */
function wrap(text: string): string[] {
  const lines: string[] = []
  let line = ' '
  for (const word of text.split(/\s+/)) {
    if (line.trim() !== '' && line.length + word.length >= WIDTH) {
      lines.push(line)
      line = ' '
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
