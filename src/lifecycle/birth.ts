import type { Mark, MigrationFile, MigrationStep, MigrationWorker } from '../engine'
import { RowhouseError } from '../errors'
import { planSteps } from '../migrations/target'
import type { SchemaName } from '../tenant/schema-name'

/**
 * Makes a tenant in one round trip, where its engine can.
 *
 * @returns what was run; undefined where nothing was done, because it can't or something is wrong
 */
export async function birth(
  worker: MigrationWorker,
  schema: SchemaName,
  mark: Mark,
  files: readonly MigrationFile[],
): Promise<readonly MigrationStep[] | undefined> {
  if (worker.birth === undefined) return undefined
  try {
    const steps = planSteps({ direction: 'up', files, applied: [] }, { all: true })
    const isBorn = await worker.birth(schema, mark, await worker.prepare(steps))
    return isBorn ? steps : undefined
  } catch (error) {
    // Of a migration: whether there is such a tenant comes first.
    if (error instanceof RowhouseError) return undefined
    throw error
  }
}
