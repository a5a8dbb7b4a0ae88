import { count } from '../doctor/finding'
import type { Paint } from './paint'

/** Something that was found, for people. */
export interface ToldFinding {
  readonly severity: 'error' | 'warning'
  /** Behind the severity, in the first line. */
  readonly title: string
  readonly reason: string
  readonly cure: string
}

const WIDTH = 100

/** A list and no table: sentences don't fit into columns. */
export function tellFindings(findings: readonly ToldFinding[], { warn, bad }: Paint): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const parts = findings.map(({ severity, title, reason, cure }) =>
    [
      `${severity === 'error' ? bad('error:') : warn('warning:')} ${title}`,
      ...wrap(reason),
      ...wrap(`-> ${cure}`),
    ].join('\n'),
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
