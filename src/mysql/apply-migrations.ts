import type { MigrationStep } from '../engine'
import {
  MigrationFailedError,
  MigrationLockedError,
  MigrationRefusedError,
  MigrationTargetError,
  MigrationUnfinishedError,
} from '../errors'
import type { SchemaName } from '../tenant/schema-name'
import { readThrown } from '../thrown'
import type { Journal, JournalStatement } from './journal'
import { KnownTexts } from './journal-fingerprint'
import { KnownTables } from './known-tables'
import { JournalRun } from './journal-run'
import type { Script } from './load-migrations'
import { ReplayingDb } from './migration-db'
import { expectSameBeginning, settle, shorten } from './migration-resume'
import { StatementFailure, StatementRunner } from './migration-run'
import type { Bearings, RunTools } from './migration-run'
import type { MigrationSession } from './migration-session'
import type { PreparedStep } from './prepare-migrations'

/** Of a lock on rows, and of one on a table. */
const LOCK_NOT_AVAILABLE = 'ER_LOCK_WAIT_TIMEOUT'

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

/**
 * Runs the steps in their order, each statement on its own, with the journal. What an interrupted run did is not done again.
 *
 * @throws MigrationFailedError with the versions before, which stay; MigrationLockedError, MigrationUnfinishedError
 */
export async function applyRun(
  { session, journal, ownTables }: ApplyTools,
  target: ApplyTarget,
  steps: readonly PreparedStep[],
): Promise<void> {
  if (steps.length === 0) return
  const { schema } = target
  const kept: MigrationStep[] = []
  const tables = new KnownTables(session.facts.foldsNames)
  const bearings: Bearings = { isFresh: false, isPlaceKnown: false, surroundings: undefined, tables }
  const names = steps.map(({ step }) => step.file.name)
  const books = await JournalRun.open(journal.placeIn(schema), names)
  const known = new KnownTexts()
  for (const prepared of steps) {
    const { step } = prepared
    const tools: RunTools = { known, session, journal, books, bearings, ownTables, schema, step }
    try {
      if (!bearings.isFresh) await enter(session, schema, bearings)
      await runStep(tools, target, prepared)
      if (prepared === steps.at(-1)) await books.flush()
    } catch (error) {
      throw await asFailure(tools, target, kept, error)
    }
    kept.push(step)
  }
  // All is done: a connection that is lost now is closed by its owner.
  await session.leave().catch(() => {})
}

async function enter(session: MigrationSession, schema: string, bearings: Bearings): Promise<void> {
  await session.enter(schema)
  bearings.isPlaceKnown = false
}

async function runStep(
  tools: RunTools,
  { tenant }: ApplyTarget,
  { step, script, checksum }: PreparedStep,
): Promise<void> {
  const { books, bearings } = tools
  const { file, direction } = step
  const runner = new StatementRunner(tools)
  const done = books.isUnfinished(file.name) ? await settle(tools, runner, tenant) : []
  if (script.kind === 'sql') expectSameBeginning(tools, tenant, done, script.statements)
  // A program may read for long before it writes: what is done before it is told at once.
  else await books.flush()
  await books.begin(file, direction, checksum)
  // Until something is sent that could set something. Where nothing is sent, nothing is put back that the file before has set.
  bearings.isFresh = script.kind === 'sql' && script.statements.length > 0 && done.length === 0
  if (script.kind === 'sql') await runSql(tools, runner, script, done)
  else await runProgram(script, new ReplayingDb(tools, runner, { tenant, done }))
  await books.finish()
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

/** Keeps in the journal what is known of a failure, and says it. */
async function asFailure(
  tools: RunTools,
  { tenant, isNew = false }: ApplyTarget,
  done: readonly MigrationStep[],
  error: unknown,
): Promise<unknown> {
  const cause = error instanceof StatementFailure ? error.cause : error
  if (cause instanceof MigrationUnfinishedError || cause instanceof MigrationTargetError) return cause
  const { session, books, schema, step } = tools
  const { file, direction } = step
  const failed = error instanceof StatementFailure ? error.statement : undefined
  const { message, code } = readThrown(cause)
  if (session.isUsable) await books.fail(message).catch(() => {})
  if (cause instanceof MigrationRefusedError) return cause
  const isLost = !session.isUsable
  const kept = done
    .filter(({ file: { name } }) => books.isWritten(name))
    .map(({ file: { version } }) => version)
  const where =
    failed && ` at statement ${failed.number}${failed.line === undefined ? '' : `, line ${failed.line}`}`
  const text = `Migration ${file.name} (${direction}) failed for tenant "${tenant}" in "${schema}"${where ?? ''}: ${message}`
  const shown = failed === undefined ? '' : `, at: ${shorten(failed.text)}`
  const stays = isNew ? ofNew(isLost) : `${ofVersions(kept)} ${await ofStatements(tools, isLost)}`
  const details = { tenant, prefix: schema, migration: file.name, cause }
  const versions = isNew && !isLost ? [] : kept
  if (code === LOCK_NOT_AVAILABLE)
    return new MigrationLockedError(
      `${text}${shown}: a lock was not to be had in time. End the transaction that holds it, or raise \`lockTimeoutMs\`, and ` +
        `run again. ${stays}`,
      { ...details, versions },
    )
  return new MigrationFailedError(`${text}${code === undefined ? '' : ` [${code}]`}${shown}. ${stays}`, {
    ...{ ...details, versions },
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
