import type { Client } from 'pg'
import type { MigrationStep } from '../engine'
import type { Bookkeeping } from './bookkeeping'
import { dropInvalidIndexes } from './invalid-indexes'
import { LiveQueries } from './live-queries'
import { StatementFailure, StepFailure, toRunError, TransactionEnded } from './migration-failure'
import type { Remains } from './migration-failure'
import { expectNoShadow, expectPlace, pathOf, readPlace, refusal, refuseUnsafe } from './migration-guards'
import type { GuardedRun, GuardedStep, GuardedTarget } from './migration-guards'
import type { MigrationRenderer, MigrationScript, PreparedStep, RenderedMigration } from './render-migration'
import { watchShared } from './shared-guard'
import { splitStatements } from './split-statements'
import { inTransaction } from './transaction'

/** What a run works with: one connection of its own, on which nobody else depends. */
export interface RunTools extends GuardedRun {
  readonly renderer: MigrationRenderer
  readonly bookkeeping: Bookkeeping
}

/** Steps that stand or fall together, or one that can't be in a transaction. */
interface Part {
  readonly transactional: boolean
  readonly steps: readonly PreparedStep[]
}

/** A run that was rendered and looked through: nothing in it is refused before it starts. */
export type PreparedRun = readonly Part[]

/** What happens around the steps of a run. */
export interface RunFrame {
  /** Work for the transaction of the first part, such as making the schema. */
  readonly open: () => Promise<void>
  /** Looks what remains of a run that failed, or undoes it; `kept` are the versions of the parts that were committed. */
  readonly settle: (kept: readonly number[]) => Promise<Remains>
}

/**
 * Renders all steps and looks them through, before any of them runs.
 *
 * @throws MigrationRefusedError, MigrationTargetError for one without a way down, MigrationFailedError for one that throws
 */
export async function prepareRun(
  renderer: MigrationRenderer,
  steps: readonly MigrationStep[],
): Promise<PreparedRun> {
  const parts: { transactional: boolean; steps: PreparedStep[] }[] = []
  const all = await renderer.render(steps)
  steps.forEach((step, index) => {
    const rendered = all[index]!
    if (rendered.kind === 'script') for (const sql of rendered.statements) refuseUnsafe(sql, step)
    const transactional = rendered.kind === 'live' || rendered.transactional
    const last = parts.at(-1)
    if (transactional && last?.transactional) last.steps.push({ step, rendered })
    else parts.push({ transactional, steps: [{ step, rendered }] })
  })
  return parts
}

/** Whether all of a run and its frame is one transaction. */
export function isWhole(parts: PreparedRun): boolean {
  return parts.length === 0 || (parts.length === 1 && parts[0]!.transactional)
}

/**
 * Runs the parts in their order. The migrations of a transaction are kept or lost together.
 *
 * @throws MigrationFailedError, MigrationRefusedError, MigrationLockedError, and what `frame.open` throws
 */
export async function applyRun(
  tools: RunTools,
  target: GuardedTarget,
  parts: PreparedRun,
  frame: RunFrame,
): Promise<void> {
  const { client } = tools
  // SET and not SET LOCAL: were the transaction to end early, the rest must not go on in public.
  await client.query(`set search_path to ${pathOf(target.schema, tools.sharedSchemas)}`)
  const [first, ...rest] = parts[0]?.transactional === true ? parts : [EMPTY, ...parts]
  const kept: number[] = []
  try {
    for (const part of [first!, ...rest]) {
      await runPart(tools, target, part, part === first ? frame.open : undefined)
      kept.push(...part.steps.map(({ step }) => step.file.version))
    }
  } catch (error) {
    throw toRunError(error, target, await frame.settle(kept))
  }
}

const EMPTY: Part = { transactional: true, steps: [] }

async function runPart(
  tools: RunTools,
  target: GuardedTarget,
  { transactional, steps }: Part,
  open: () => Promise<void> = async () => {},
): Promise<void> {
  const runAll = async (): Promise<void> => {
    for (const prepared of steps) {
      try {
        await runStep(tools, target, prepared, transactional)
      } catch (error) {
        throw new StepFailure(prepared, error)
      }
    }
  }
  if (!transactional) return runAll()
  let isDone = false
  try {
    await inTransaction(tools.client, async () => {
      await open()
      await runAll()
      isDone = true
    })
  } catch (error) {
    // A deferred constraint, or a connection that was lost.
    const last = steps.at(-1)
    throw isDone && last !== undefined ? new StepFailure(last, error) : error
  }
}

async function runStep(
  tools: RunTools,
  target: GuardedTarget,
  { step, rendered }: PreparedStep,
  transactional: boolean,
): Promise<void> {
  const { client, sharedSchemas } = tools
  const before = await readPlace(client)
  expectPlace(before, tools, target, step)
  const changedShared = transactional ? await watchShared(client, sharedSchemas) : undefined
  const script = rendered.kind === 'live' ? await renderLive(client, step, rendered) : rendered
  if (!transactional) await dropInvalidIndexes(client, target.schema, script.statements)
  if (transactional) await runStatements(client, script)
  else for (const sql of script.statements) await client.query(sql)
  const after = await readPlace(client)
  if (transactional && after.transaction !== before.transaction) throw new TransactionEnded()
  const ran: GuardedStep = { ...step, isKept: !transactional }
  expectPlace(after, tools, target, ran)
  await expectNoShadow(tools, target, ran)
  const changed = await changedShared?.()
  if (changed !== undefined) {
    throw refusal(
      ran,
      `changes ${changed} of a shared schema (or somebody else did so meanwhile), which is no tenant's. Do it in the migrations of the application itself, or name the tenant's own`,
    )
  }
  await tools.bookkeeping.write(target.schema, step)
}

/** One by one, so that it is known which of them fails. Outside of a transaction those of one text stand or fall together. */
export async function runStatements(
  client: Client,
  { statements, firstLine }: MigrationScript,
): Promise<void> {
  let number = 0
  for (const text of statements) {
    for (const statement of splitStatements(text, firstLine)) {
      number += 1
      try {
        await client.query(statement.text)
      } catch (error) {
        throw new StatementFailure({ number, ...statement }, error)
      }
    }
  }
}

async function renderLive(
  client: Client,
  step: MigrationStep,
  rendered: RenderedMigration & { kind: 'live' },
): Promise<MigrationScript> {
  const queries = new LiveQueries(client, step)
  const script = await rendered.render(queries.query).finally(() => queries.finish())
  for (const sql of script.statements) refuseUnsafe(sql, step)
  if (script.transactional) return script
  throw refusal(
    step,
    "asks the database while it runs and also says noTransaction(), which can't be run safely. Split it in two",
  )
}
