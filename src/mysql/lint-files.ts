import type { Direction, MigrationFile } from '../engine'
import { MigrationRefusedError, MigrationTargetError } from '../errors'
import { headOf, NOTES } from '../lint-finding'
import type { LintFinding } from '../lint-finding'
import { tableMadeBy, warningsOf } from './lint-warnings'
import type { MigrationLoader, Script } from './load-migrations'
import { problemForAll } from './prepare-migrations'

const CURE_REFUSED = 'The migration is refused when it is run: see "MySQL and MariaDB" in docs/migrations.md.'

/** Looks through all files in both directions; what a program sends is looked at when it sends it. @throws MigrationFolderError */
export async function lintFiles(
  loader: MigrationLoader,
  files: readonly MigrationFile[],
): Promise<readonly LintFinding[]> {
  const findings: LintFinding[] = []
  for (const file of files)
    for (const direction of ['up', 'down'] as const)
      findings.push(...(await lintSide(loader, file, direction)))
  return findings
}

async function lintSide(
  loader: MigrationLoader,
  file: MigrationFile,
  direction: Direction,
): Promise<LintFinding[]> {
  const about = { migration: file.name, path: file.path, direction }
  let script: Script
  try {
    script = await loader.script({ file, direction })
  } catch (error) {
    if (error instanceof MigrationTargetError) return [{ ...about, severity: 'warning', ...NOTES.noWayDown }]
    if (!(error instanceof MigrationRefusedError)) throw error
    return [{ ...about, severity: 'error', code: 'broken', reason: error.message, cure: 'Mend the file.' }]
  }
  const statements = script.kind === 'sql' ? script.statements : []
  const made = new Set(statements.flatMap(({ text }) => tableMadeBy(text) ?? []))
  return statements.flatMap(({ text, line }) => {
    const at = { ...about, line, statement: headOf(text) }
    const problem = problemForAll(text)
    const errors: LintFinding[] =
      problem === undefined
        ? []
        : [{ ...at, severity: 'error', code: 'refused', reason: `It ${problem}.`, cure: CURE_REFUSED }]
    // A way down is there to drop things.
    const notes = direction === 'down' ? [] : warningsOf(text, made)
    return [...errors, ...notes.map((note): LintFinding => ({ ...at, severity: 'warning', ...note }))]
  })
}
