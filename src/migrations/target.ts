import type { Direction, MigrationFile, MigrationStep } from '../engine'
import { MigrationTargetError } from '../errors'
import { versionOfName } from './file-name'

/** How far to go: to a version (inclusive in both directions), by a number of steps, or all the way. */
export type Target =
  | { readonly to: number | bigint | string; readonly steps?: never; readonly all?: never }
  | { readonly steps: number; readonly to?: never; readonly all?: never }
  | { readonly all: true; readonly to?: never; readonly steps?: never }
  | { readonly to?: never; readonly steps?: never; readonly all?: never }

/** What a plan is made of. */
export interface PlanOptions {
  readonly direction: Direction
  readonly files: readonly MigrationFile[]
  /** Names of applied migrations. */
  readonly applied: readonly string[]
  /** Also run files that are older than an applied one. */
  readonly allowOutOfOrder?: boolean | undefined
}

/**
 * Plans which migrations to run, in their order. Up: what is pending, oldest first. Down: what is applied, newest first,
 * and without a target one step only.
 *
 * @throws {@link MigrationTargetError} for a target that does not exist, a pending file that is older than an applied
 * one, and a migration to be reverted whose file is gone: nothing is skipped silently
 */
export function planSteps(options: PlanOptions, target: Target = {}): readonly MigrationStep[] {
  const { direction } = options
  checkTarget(target)
  const to = target.to === undefined ? undefined : versionIn(options.files, target.to)
  const files = direction === 'up' ? pending(options, to) : revertible(options, to, target)
  const count = target.steps ?? Infinity
  const chosen = files.slice(0, count)
  if (direction === 'up') refuseRenamed(options, chosen)
  if (direction === 'up' && options.allowOutOfOrder !== true) refuseLate(options, chosen)
  return chosen.map((file) => ({ file, direction }))
}

/** Migrations that are applied and have no file any more. */
export function missingFiles({ files, applied }: Pick<PlanOptions, 'files' | 'applied'>): readonly string[] {
  const known = new Set(files.map(({ name }) => name))
  return applied.filter((name) => !known.has(name))
}

/** Files whose version is applied under another name: to run them would do the same a second time. */
export function renamedFiles({ files, applied }: Pick<PlanOptions, 'files' | 'applied'>): readonly string[] {
  const names = new Set(applied)
  const versions = new Set(applied.map(versionOfName))
  return files
    .filter(({ name, version }) => versions.has(version) && !names.has(name))
    .map(({ name }) => name)
}

/** What the files of today lack, or have more, beside what is applied. */
export interface Standing {
  /** Names of the files that are not applied. */
  readonly pending: readonly string[]
  readonly missing: readonly string[]
  readonly renamed: readonly string[]
}

/** Sets what is applied beside the files. */
export function standingOf(books: Pick<PlanOptions, 'files' | 'applied'>): Standing {
  const renamed = renamedFiles(books)
  const done = new Set([...books.applied, ...renamed])
  const pending = books.files.filter(({ name }) => !done.has(name)).map(({ name }) => name)
  return { pending, missing: missingFiles(books), renamed }
}

/** Names of applied migrations whose file is there, and is not what it was. Both sides are checksums by name. */
export function changedFiles(
  then: ReadonlyMap<string, string> | undefined,
  now: ReadonlyMap<string, string> | undefined,
): readonly string[] {
  return [...(then ?? [])]
    .filter(([name, checksum]) => now?.has(name) === true && now.get(name) !== checksum)
    .map(([name]) => name)
}

function checkTarget(target: Target): void {
  const given = (['to', 'steps', 'all'] as const).filter((key) => target[key] !== undefined)
  if (given.length > 1)
    throw new MigrationTargetError(`Say one of \`to\`, \`steps\` and \`all\`, not ${given.join(' and ')}.`)
  const { steps, all } = target as { steps?: unknown; all?: unknown }
  if (steps !== undefined && !(Number.isSafeInteger(steps) && Number(steps) >= 1)) {
    throw new MigrationTargetError(`\`steps\` must be a whole number from 1; got ${JSON.stringify(steps)}.`)
  }
  if (all !== undefined && all !== true) throw new MigrationTargetError('`all` can only be true.')
}

function versionIn(files: readonly MigrationFile[], to: number | bigint | string): number {
  const version = Number(to)
  if (files.some((file) => file.version === version)) return version
  throw new MigrationTargetError(
    `There is no migration with the version ${String(to)}. ${files.length === 0 ? 'The folder is empty.' : `The newest is ${files.at(-1)!.version}.`}`,
  )
}

function pending({ files, applied }: PlanOptions, to = Infinity): MigrationFile[] {
  const done = new Set(applied)
  return files.filter(({ name, version }) => !done.has(name) && version <= to)
}

function revertible(
  { files, applied }: PlanOptions,
  to: number | undefined,
  target: Target,
): MigrationFile[] {
  const byName = new Map(files.map((file) => [file.name, file]))
  const count = target.steps ?? (to === undefined && target.all === undefined ? 1 : Infinity)
  // By version, not by when they ran: an out-of-order migration is reverted before the ones it is newer than.
  const newestFirst = [...applied].sort((one, other) => versionOfName(other) - versionOfName(one))
  const names = newestFirst.filter((name) => to === undefined || versionOfName(name) >= to).slice(0, count)
  const gone = names.filter((name) => !byName.has(name))
  if (gone.length > 0) {
    throw new MigrationTargetError(
      `Can't revert ${gone.join(', ')}: applied here, and the file is gone. Bring the file back; nothing was run.`,
    )
  }
  return names.map((name) => byName.get(name)!)
}

function refuseRenamed({ applied }: PlanOptions, chosen: readonly MigrationFile[]): void {
  const [renamed] = renamedFiles({ files: chosen, applied })
  if (renamed === undefined) return
  const before = applied.find((name) => versionOfName(name) === versionOfName(renamed))!
  throw new MigrationTargetError(
    `${renamed} has the version of ${before}, which is applied: it would run a second time. Rename the file back, or update the ` +
      `row in the tenant's bookkeeping table (set name = '${renamed}' where name = '${before}'). Nothing was run.`,
  )
}

function refuseLate({ applied }: PlanOptions, chosen: readonly MigrationFile[]): void {
  const newest = Math.max(...applied.map(versionOfName), -Infinity)
  const late = chosen.filter(({ version }) => version < newest)
  if (late.length === 0) return
  throw new MigrationTargetError(
    `${late.map(({ name }) => name).join(', ')}: older than ${newest}, which is applied. Give the file a newer version, ` +
      'or allow it with `allowOutOfOrder: true` (--allow-out-of-order).',
  )
}
