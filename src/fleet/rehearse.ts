import type { MigrationFile } from '../engine'
import type { Workers } from '../lifecycle/workers'
import type { MigrationEvent, PlannedGroup } from './events'

/** What a rehearsal is made with. */
export interface RehearsalParts {
  readonly workers: Workers
  readonly files: readonly MigrationFile[]
  readonly tell: (event: MigrationEvent) => void
}

/** Runs what some tenants lack once in a scratch schema, where the engine can take it back. */
export async function rehearse(
  { workers, files, tell }: RehearsalParts,
  groups: readonly PlannedGroup[],
): Promise<void> {
  const start = performance.now()
  const pending = new Set(groups.flatMap(({ migrations }) => migrations))
  const migrations = await workers.lend(async (worker) => worker.rehearse?.(files, pending), 0)
  if (migrations === undefined) return
  tell({ event: 'rehearsed', migrations, ms: Math.round(performance.now() - start) })
}
