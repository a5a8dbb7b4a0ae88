import type { Direction, MigrationFile } from '../engine'
import { MigrationFailedError, MigrationTargetError } from '../errors'
import { headOf, NOTES } from '../lint-finding'
import type { LintFinding, LintNote } from '../lint-finding'
import { lintMigration } from './lint-migration'
import { tableMadeBy, tableRenamedBy, warningsOf } from './lint-warnings'
import type { LintSurroundings } from './lint-warnings'
import type { MigrationRenderer } from './render-migration'
import { splitStatements } from './split-statements'

/** What a lint needs to know; it asks no database. */
export interface LintTools {
  readonly renderer: MigrationRenderer
  readonly sharedSchemas: readonly string[]
}

interface Statement {
  readonly text: string
  /** Where the file is SQL. */
  readonly line: number | undefined
}

/** One direction of a file: its statements, or why there are none. `live`: only a database tells. */
type Side =
  | { readonly kind: 'script'; readonly statements: readonly Statement[] }
  | { readonly kind: 'live' }
  | { readonly kind: 'note'; readonly severity: LintFinding['severity']; readonly note: LintNote }

const CURE_REFUSED = 'The migration is refused when it is run: see "What is refused" in docs/migrations.md.'

/** Looks through all files in both directions. @throws MigrationFolderError for one that can't be loaded */
export async function lintFiles(
  { renderer, sharedSchemas }: LintTools,
  files: readonly MigrationFile[],
): Promise<readonly LintFinding[]> {
  const ups = new Map<MigrationFile, Side>()
  for (const file of files) ups.set(file, await readSide(renderer, file, 'up'))
  const known = tablesOf([...ups.values()])
  const findings: LintFinding[] = []
  for (const file of files) {
    const up = ups.get(file)!
    const made = new Set(statementsOf(up).flatMap(({ text }) => tableMadeBy(text) ?? []))
    findings.push(...findingsOf(file, 'up', up, { made, known, sharedSchemas }))
    findings.push(...findingsOf(file, 'down', await readSide(renderer, file, 'down'), undefined))
  }
  return findings
}

/** `surroundings`: undefined where only what is refused is looked for: a way down is there to drop things. */
function findingsOf(
  { name: migration, path }: MigrationFile,
  direction: Direction,
  side: Side,
  surroundings: LintSurroundings | undefined,
): LintFinding[] {
  const about = { migration, path, direction }
  if (side.kind === 'note') return [{ ...about, severity: side.severity, ...side.note }]
  return statementsOf(side).flatMap(({ text, line }) => {
    const at = { ...about, ...(line === undefined ? {} : { line }), statement: headOf(text) }
    const errors = lintMigration(text).map(({ message }): LintFinding => ({
      ...{ ...at, severity: 'error', code: 'refused', reason: `It ${message}.`, cure: CURE_REFUSED },
    }))
    const notes = surroundings === undefined ? [] : warningsOf(text, surroundings)
    return [...errors, ...notes.map((note): LintFinding => ({ ...at, severity: 'warning', ...note }))]
  })
}

async function readSide(
  renderer: MigrationRenderer,
  file: MigrationFile,
  direction: Direction,
): Promise<Side> {
  try {
    const [rendered] = await renderer.render([{ file, direction }])
    if (rendered?.kind !== 'script') return { kind: 'live' }
    const { firstLine } = rendered
    const statements = rendered.statements.flatMap((text) => splitStatements(text, firstLine))
    return {
      kind: 'script',
      statements: statements.map(({ text, line }) => ({
        text,
        line: firstLine === undefined ? undefined : line,
      })),
    }
  } catch (error) {
    if (error instanceof MigrationTargetError && direction === 'down')
      return { kind: 'note', severity: 'warning', note: NOTES.noWayDown }
    if (!(error instanceof MigrationTargetError || error instanceof MigrationFailedError)) throw error
    const note = { code: 'broken', reason: error.message, cure: 'Mend the file.' } as const
    return { kind: 'note', severity: 'error', note }
  }
}

/** Undefined where a file does not tell before it runs. */
function tablesOf(sides: readonly Side[]): ReadonlySet<string> | undefined {
  if (sides.some(({ kind }) => kind !== 'script')) return undefined
  const statements = sides.flatMap(statementsOf)
  return new Set(statements.flatMap(({ text }) => tableMadeBy(text) ?? tableRenamedBy(text) ?? []))
}

function statementsOf(side: Side): readonly Statement[] {
  return side.kind === 'script' ? side.statements : []
}
