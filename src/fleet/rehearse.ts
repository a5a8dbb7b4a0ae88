import type { Direction, Engine, MigrationFile } from '../engine'
import type { MigrationEvent } from './events'
import type { Workers } from '../lifecycle/workers'

/** What a rehearsal is made with. */
export interface RehearsalParts {
  readonly engine: Engine
  readonly workers: Workers
  readonly files: readonly MigrationFile[]
  readonly direction: Direction
  readonly tell: (event: MigrationEvent) => void
}

/** Runs all migrations once in a scratch schema, where the engine can take them back. */
export async function rehearse({ workers, files, tell }: RehearsalParts): Promise<void> {
  const start = performance.now()
  const migrations = await workers.lend(async (worker) => worker.rehearse?.(files), 0)
  if (migrations !== undefined)
    tell({ event: 'rehearsed', migrations, ms: Math.round(performance.now() - start) })
}
