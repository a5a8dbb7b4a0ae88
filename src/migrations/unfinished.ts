import type { MigrationStep, UnfinishedMigration } from '../engine'
import { MigrationUnfinishedError } from '../errors'
import { planSteps } from './target'
import type { PlanOptions, Target } from './target'

/** A plan for a tenant in which a migration may have been interrupted. */
export interface ResumeOptions extends PlanOptions {
  readonly unfinished: UnfinishedMigration | undefined
}

/**
 * Plans as {@link planSteps}, and puts the migration that an earlier run left unfinished in front: it counts as the first
 * step of its direction.
 *
 * @throws {@link MigrationUnfinishedError} where it can't be ended this way: another direction, a target before it, no file
 */
export function planFrom(
  { unfinished, ...options }: ResumeOptions,
  target: Target = {},
): readonly MigrationStep[] {
  if (unfinished === undefined) return planSteps(options, target)
  const { direction, files, applied } = options
  const file = files.find(({ name }) => name === unfinished.name)
  if (file === undefined) throw stuck(unfinished, 'its file is gone. Bring it back')
  if (direction !== unfinished.direction) {
    throw stuck(unfinished, `end it first (${unfinished.direction === 'up' ? 'migrate' : 'rollback'})`)
  }
  const isBeyond =
    target.to !== undefined &&
    (direction === 'up' ? file.version > Number(target.to) : file.version < Number(target.to))
  if (isBeyond)
    throw stuck(unfinished, `it is beyond the target ${String(target.to)}, and must be ended first`)
  const first = { file, direction }
  const done = direction === 'up' ? [...applied, file.name] : applied
  return [first, ...restOf({ ...options, applied: done }, target)]
}

function restOf(options: PlanOptions, target: Target): readonly MigrationStep[] {
  const isOneStep =
    options.direction === 'down' && Object.values(target).every((value) => value === undefined)
  if (isOneStep || target.steps === 1) return []
  return planSteps(options, target.steps === undefined ? target : { steps: target.steps - 1 })
}

function stuck(
  { name, direction, statement, error }: UnfinishedMigration,
  what: string,
): MigrationUnfinishedError {
  const state = error === undefined ? 'was interrupted' : `failed (${error})`
  return new MigrationUnfinishedError(
    `Migration ${name} (${direction}) ${state} at statement ${statement}: ${what}, or bring the tenant in order by hand and ` +
      'say so: rowhouse repair <tenant> --mark applied (or reverted). Nothing was run.',
    { migration: name, statement },
  )
}
