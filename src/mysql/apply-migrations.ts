import type { MigrationStep } from '../engine'
import {
  MigrationFailedError,
  MigrationTargetError,
  MigrationUnfinishedError,
  MigrationRefusedError,
} from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readThrown } from '../thrown'
import type { Journal, JournalStatement } from './journal'
import { KnownTexts } from './journal-fingerprint'
import type { MigrationLoader, Script } from './load-migrations'
import { ReplayingDb } from './migration-db'
import { lintStatement } from './migration-lint'
import { findNeighbour } from './migration-neighbours'
import type { Home } from './migration-neighbours'
import { expectSameBeginning, settle, shorten } from './migration-resume'
import { StatementFailure, StatementRunner } from './migration-run'
import type { RunTools } from './migration-run'
import type { MigrationSession } from './migration-session'
import type { SqlStatement } from './split-statements'

/** What a run works with: one connection of its own. */
export interface ApplyTools {
  readonly session: MigrationSession
  readonly journal: Journal
  /** Tables of ours. */
  readonly ownTables: readonly string[]
}

/** Whom a run is for. */
export interface ApplyTarget {
  readonly schema: SchemaName
  readonly tenant: string
  /** The database is made by this call and goes with its failure. */
  readonly isNew?: boolean
}

/** A step that was read and looked through. */
export interface PreparedStep {
  readonly step: MigrationStep
  readonly script: Script
  readonly checksum: string
}

/**
 * Reads all steps and looks them through, before any of them runs. What a program sends is looked at when it sends it.
 *
 * @throws MigrationRefusedError, MigrationTargetError for one without a way down
 */
export async function prepareRun(
  { loader, session }: { readonly loader: MigrationLoader; readonly session: MigrationSession },
  steps: readonly MigrationStep[],
  home: Home,
): Promise<readonly PreparedStep[]> {
  const prepared: PreparedStep[] = []
  for (const step of steps) {
    const script = await loader.script(step)
    if (script.kind === 'sql')
      for (const statement of script.statements) await refuseUnsafe(session, step, statement, home)
    prepared.push({ step, script, checksum: await loader.checksum(step.file) })
  }
  return prepared
}

/**
 * Runs the steps in their order, each statement on its own, with the journal. What an interrupted run did is not done again.
 *
 * @throws MigrationFailedError with the versions before, which stay; MigrationUnfinishedError
 */
export async function applyRun(
  { session, journal, ownTables }: ApplyTools,
  target: ApplyTarget,
  steps: readonly PreparedStep[],
): Promise<void> {
  const kept: number[] = []
  const known = new KnownTexts()
  for (const prepared of steps) {
    const { step } = prepared
    const tools: RunTools = { known, session, journal, ownTables, schema: target.schema, step }
    try {
      await session.enter(target.schema)
      await runStep(tools, target, prepared)
    } catch (error) {
      throw await asFailure(tools, target, kept, error)
    }
    kept.push(step.file.version)
  }
  // All is done: a connection that is lost now is closed by its owner.
  await session.leave().catch(() => {})
}

async function runStep(
  tools: RunTools,
  { tenant }: ApplyTarget,
  { step, script, checksum }: PreparedStep,
): Promise<void> {
  const { journal, schema } = tools
  const { file, direction } = step
  const runner = new StatementRunner(tools)
  const done = await settle(tools, runner, tenant)
  if (script.kind === 'sql') expectSameBeginning(tools, tenant, done, script.statements)
  await journal.begin(schema, file, direction, checksum)
  if (script.kind === 'sql') await runSql(tools, runner, script, done)
  else await runProgram(script, new ReplayingDb(tools, runner, { tenant, done }))
  if (direction === 'up') await journal.finish(schema, file.name)
  else await journal.remove(schema, file.name)
}

async function runSql(
  { session }: RunTools,
  runner: StatementRunner,
  { statements }: Script & { kind: 'sql' },
  done: readonly JournalStatement[],
): Promise<void> {
  for (const [index, { text, line }] of statements.entries()) {
    const number = index + 1
    const before = done[index]
    if (before === undefined) await runner.run({ number, text, line })
    else {
      // Settings of the session went with it.
      if (before.kind === 'session') await session.query(text)
      runner.lastId.follow(before)
    }
  }
}

async function runProgram({ run }: Script & { kind: 'code' }, db: ReplayingDb): Promise<void> {
  try {
    await run(db)
  } catch (error) {
    await db.end().catch(() => {})
    throw error
  }
  await db.end()
}

async function refuseUnsafe(
  session: MigrationSession,
  { file }: MigrationStep,
  { text, line }: SqlStatement,
  home: Home,
): Promise<void> {
  const { schema, tenant } = home
  const problem = lintStatement(text, schema) ?? (await findNeighbour(session, text, home))
  if (problem === undefined) return
  throw new MigrationRefusedError(
    `Migration ${file.name}, line ${line}, ${problem}. The statement: ${shorten(text)}. Nothing was run.`,
    { migration: file.name, tenant, prefix: schema },
  )
}

/** Keeps in the journal what is known of a failure, and says it. */
async function asFailure(
  tools: RunTools,
  { tenant, isNew = false }: ApplyTarget,
  kept: readonly number[],
  error: unknown,
): Promise<unknown> {
  const cause = error instanceof StatementFailure ? error.cause : error
  if (cause instanceof MigrationUnfinishedError || cause instanceof MigrationTargetError) return cause
  const { session, journal, schema, step } = tools
  const { file, direction } = step
  const failed = error instanceof StatementFailure ? error.statement : undefined
  const { message, code } = readThrown(cause)
  if (session.isUsable) await journal.fail(schema, file.name, message).catch(() => {})
  if (cause instanceof MigrationRefusedError) return cause
  const isLost = !session.isUsable
  const where =
    failed && ` at statement ${failed.number}${failed.line === undefined ? '' : `, line ${failed.line}`}`
  const text = `Migration ${file.name} (${direction}) failed for tenant "${tenant}" in "${schema}"${where ?? ''}: ${message}`
  const shown = failed === undefined ? '' : `, at: ${shorten(failed.text)}`
  const stays = isNew ? ofNew(isLost) : `${ofVersions(kept)} ${await ofStatements(tools, isLost)}`
  return new MigrationFailedError(`${text}${code === undefined ? '' : ` [${code}]`}${shown}. ${stays}`, {
    tenant,
    prefix: schema,
    migration: file.name,
    versions: isNew && !isLost ? [] : kept,
    cause,
    statement: failed?.number,
    line: failed?.line,
  })
}

function ofNew(isLost: boolean): string {
  return isLost ? 'The connection is lost: create the tenant again to go on.' : 'Nothing was kept.'
}

function ofVersions(kept: readonly number[]): string {
  return kept.length > 0 ? `Versions ${kept.join(', ')} were kept.` : 'No version before it was run.'
}

async function ofStatements({ journal, schema, step }: RunTools, isLost: boolean): Promise<string> {
  if (isLost) return 'The connection is lost: the next run finds out what became of the statement.'
  const known = await journal.readStatements(schema, step.file.name).catch(() => [])
  if (known.at(-1)?.state === 'applying')
    return "Whether the statement did something all the same can't be known: look, and say so with rowhouse repair."
  return 'The next run goes on with this statement; it and what follows may be mended in the file.'
}
