import type { MigrationFile, MigrationStep, UnfinishedMigration } from '../engine'
import { MigrationTargetError, MigrationUnfinishedError } from '../errors'
import { versionOfName } from '../migrations/file-name'
import type { TenantNames } from './options'

/** What the books are to say of a migration. */
export type BookEntry = 'applied' | 'reverted'

/** What is in the books of a tenant, and what may be. */
export interface EntryParts {
  readonly files: readonly MigrationFile[]
  /** Names, in the order they ran. */
  readonly applied: readonly string[]
  readonly unfinished: UnfinishedMigration | undefined
}

/**
 * What is to be written for a version to be applied, or reverted, in the books alone. A version that is applied under another
 * name than its file's is taken out under that name.
 *
 * @throws MigrationTargetError where no file has the version, or the books say so already; MigrationUnfinishedError
 */
export function entryOf(
  { id }: TenantNames,
  { files, applied, unfinished }: EntryParts,
  given: number | bigint | string,
  entry: BookEntry,
): MigrationStep {
  const tenant = { tenant: id }
  if (unfinished !== undefined) {
    const { name, statement } = unfinished
    throw new MigrationUnfinishedError(
      `Migration ${name} of tenant "${id}" is unfinished, and must be ended first: run it again, or say what it did (rowhouse repair).`,
      { migration: name, statement, ...tenant },
    )
  }
  const version = Number(given)
  const file = files.find((one) => one.version === version)
  if (file === undefined)
    throw new MigrationTargetError(
      `There is no migration with the version ${String(given)}. Nothing was changed.`,
      tenant,
    )
  const kept = applied.find((name) => versionOfName(name) === version)
  const isSo = (kept !== undefined) === (entry === 'applied')
  if (isSo) {
    const state = kept === undefined ? 'is not applied' : `is applied already${asNamed(kept, file)}`
    throw new MigrationTargetError(`${file.name} ${state} in tenant "${id}". Nothing was changed.`, tenant)
  }
  if (kept === undefined) return { file, direction: 'up' }
  return { file: { ...file, name: kept }, direction: 'down' }
}

function asNamed(kept: string, { name }: MigrationFile): string {
  return kept === name ? '' : ` as ${kept} (mark that reverted first)`
}
