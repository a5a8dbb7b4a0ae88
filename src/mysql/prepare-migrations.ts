import type { MigrationStep, PreparedSteps } from '../engine'
import { MigrationRefusedError } from '../errors'
import type { MigrationLoader, Script } from './load-migrations'
import { lintStatement } from './migration-lint'
import { findNeighbour, qualifiersOf } from './migration-neighbours'
import type { Home } from './migration-neighbours'
import { shorten } from './migration-resume'
import type { MigrationSession } from './migration-session'
import type { SqlStatement } from './split-statements'

/** A step that was read and looked through. */
export interface PreparedStep {
  readonly step: MigrationStep
  readonly script: Script
  readonly checksum: string
  /** Statements that name a database, which may be a tenant's own, or another's. */
  readonly doubtful: readonly SqlStatement[]
}

/** Steps that any tenant may run that they are looked through for. */
export interface PreparedRun extends PreparedSteps {
  readonly prepared: readonly PreparedStep[]
}

/** No database is called so: what is fair there is fair in each tenant. */
const NOBODY = '\0'

/**
 * Reads all steps and looks them through, before any of them runs. What a program sends is looked at when it sends it.
 *
 * @param home - whom it is for, where that is known: an error tells
 * @throws MigrationRefusedError for what no tenant may run, MigrationTargetError for one without a way down
 */
export async function prepareRun(
  loader: MigrationLoader,
  steps: readonly MigrationStep[],
  home?: Home,
): Promise<PreparedRun> {
  const prepared: PreparedStep[] = []
  for (const step of steps) {
    const script = await loader.script(step)
    const statements = script.kind === 'sql' ? script.statements : []
    for (const statement of statements) refuseForAll(step, statement, home)
    const doubtful = statements.filter(({ text }) => !isFairForAll(text))
    prepared.push({ step, script, checksum: await loader.checksum(step.file), doubtful })
  }
  return { steps, prepared, sql: prepared.flatMap(textsOf) }
}

/** Looks at what depends on the tenant, before any of it runs. @throws MigrationRefusedError */
export async function refuseUnsafe(
  session: MigrationSession,
  { prepared }: PreparedRun,
  home: Home,
): Promise<void> {
  for (const { step, doubtful } of prepared) {
    for (const statement of doubtful) {
      const { text } = statement
      const problem = lintStatement(text, home.schema) ?? (await findNeighbour(session, text, home))
      if (problem !== undefined) throw refusal(step, statement, problem, home)
    }
  }
}

function textsOf({ step, script }: PreparedStep): readonly string[] {
  const { name } = step.file
  if (script.kind === 'code') return [`-- ${name} asks each tenant`]
  return [`-- ${name}`, ...script.statements.map(({ text }) => text)]
}

function isFairForAll(text: string): boolean {
  return qualifiersOf(text).size === 0 && lintStatement(text, NOBODY) === undefined
}

/** Why a statement is refused wherever the tenant's own database could be meant; undefined for a fair one. */
export function problemForAll(text: string, home?: Home): string | undefined {
  const problem = lintStatement(text, NOBODY)
  if (problem === undefined) return undefined
  const names = [...qualifiersOf(text), ...(home === undefined ? [] : [home.schema])]
  return names.some((name) => lintStatement(text, name) === undefined) ? undefined : problem
}

function refuseForAll(step: MigrationStep, statement: SqlStatement, home: Home | undefined): void {
  const problem = problemForAll(statement.text, home)
  if (problem !== undefined) throw refusal(step, statement, problem, home)
}

function refusal(
  { file }: MigrationStep,
  { text, line }: SqlStatement,
  problem: string,
  home: Home | undefined,
): MigrationRefusedError {
  return new MigrationRefusedError(
    `Migration ${file.name}, line ${line}, ${problem}. The statement: ${shorten(text)}. Nothing was run.`,
    { migration: file.name, tenant: home?.tenant, prefix: home?.schema },
  )
}
