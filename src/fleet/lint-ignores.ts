import { readFile } from 'node:fs/promises'
import type { LintFinding } from '../lint-finding'

const COMMENT = /^\s*(?:--|\/\/)\s*rowhouse-lint-ignore\s+(.+)$/
/** A line that holds nothing, or a comment alone. */
const EMPTY = /^\s*(?:--.*)?$/

/**
 * Leaves out the warnings that a file switches off: in SQL `-- rowhouse-lint-ignore drop-column` above a statement, in a program
 * `// rowhouse-lint-ignore drop-column` anywhere, since its statements have no lines.
 */
export async function withoutIgnored(findings: readonly LintFinding[]): Promise<readonly LintFinding[]> {
  const texts = new Map<string, readonly string[]>()
  const kept: LintFinding[] = []
  for (const finding of findings) {
    const { severity, path, code } = finding
    if (severity === 'warning') {
      const lines = texts.get(path) ?? (await readFile(path, 'utf8')).split(/\r?\n/)
      texts.set(path, lines)
      if (ignoredAt(lines, finding.line).has(code)) continue
    }
    kept.push(finding)
  }
  return kept
}

/**
 * The codes that are switched off.
 *
 * @param line - of a statement, from 1; undefined for what is about all of the file
 */
export function ignoredAt(lines: readonly string[], line: number | undefined): ReadonlySet<string> {
  const above = line === undefined ? lines : lines.slice(firstAbove(lines, line), line - 1)
  return new Set(above.flatMap((text) => COMMENT.exec(text)?.[1]?.split(/[\s,]+/) ?? []))
}

/** Index of the first of the comments that stand directly above a line. */
function firstAbove(lines: readonly string[], line: number): number {
  let first = line - 1
  while (first > 0 && EMPTY.test(lines[first - 1]!)) first -= 1
  return first
}
