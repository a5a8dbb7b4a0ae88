import type { Books, Direction, Engine, MigrationFile, MigrationWorker } from '../engine'
import type { MigratedTenant } from '../lifecycle/hooks'
import type { MigrateOptions, TenantNames } from '../lifecycle/options'
import type { Owner } from '../lifecycle/ownership'
import type { Workers } from '../lifecycle/workers'
import { planSteps } from '../migrations/target'
import type { PlannedGroup } from './events'
import { Plans } from './plans'
import { surveyFleet } from './survey-fleet'
import type { FoundTenant } from './survey-fleet'

/** Whom to migrate, and how far. */
export interface FleetParts {
  readonly engine: Engine
  readonly owner: Owner
  readonly readFiles: () => Promise<readonly MigrationFile[]>
  /** Undefined: all. */
  readonly names: readonly TenantNames[] | undefined
  readonly direction: Direction
  readonly options: MigrateOptions
  /** Is called for each tenant in which something was run. */
  readonly afterMigrate: (info: MigratedTenant) => Promise<void>
}

/** A fleet that was looked at, and what is to be done. */
export interface FleetPlan {
  readonly files: readonly MigrationFile[]
  /** Books by state, for those who look again. */
  readonly known: Map<string, Books>
  readonly plans: Plans
  readonly found: readonly FoundTenant[]
}

/**
 * Finds out where each tenant stands and what it lacks. Writes nothing.
 *
 * @throws MigrationTargetError for a version that no file has, MigrationFolderError, MigrationRefusedError, MigrationFailedError
 */
export async function planFleet(
  { owner, readFiles, names, direction, options }: FleetParts,
  workers: Workers,
  concurrency: number,
): Promise<FleetPlan> {
  const files = await readFiles()
  const { allowOutOfOrder: _o, allowChanged: _c, ...target } = options
  // A version that no file has is nobody's fault but the caller's.
  planSteps({ direction, files, applied: [] }, target)
  const known = new Map<string, Books>()
  const found = await surveyFleet({ workers, owner, concurrency, known }, names)
  const lend = <T>(work: (worker: MigrationWorker) => Promise<T>): Promise<T> => workers.lend(work, 0)
  const plans = new Plans({ direction, files, options, lend })
  // Here, so that what must not be run is told before anything is.
  for (const { problem, found: schema } of found)
    if (problem === undefined) await plans.for(schema.books as Books)
  return { files, known, plans, found }
}

/** Groups tenants with something to do by the state that they are in, in the order in which states are met. */
export async function groupByState(
  plans: Plans,
  tenants: readonly FoundTenant[],
): Promise<readonly PlannedGroup[]> {
  const groups = new Map<string, PlannedGroup>()
  for (const { found } of tenants) {
    const books = found.books as Books
    const known = groups.get(books.state)
    if (known !== undefined) groups.set(books.state, { ...known, tenants: known.tenants + 1 })
    else {
      const { steps } = await plans.for(books)
      const migrations = steps.map(({ file }) => file.name)
      groups.set(books.state, { tenants: 1, from: newestOf(books), migrations })
    }
  }
  return [...groups.values()]
}

/** The highest version in some books. */
export function newestOf({ applied }: Books): number | undefined {
  const versions = applied.map((name) => Number(/^\d+/.exec(name)?.[0] ?? 0))
  return versions.length === 0 ? undefined : Math.max(...versions)
}
