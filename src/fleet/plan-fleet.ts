import type { Books, Direction, Engine, MigrationFile, MigrationWorker } from '../engine'
import type { MigratedTenant } from '../lifecycle/hooks'
import type { MigrateOptions, TenantNames } from '../lifecycle/options'
import type { Owner } from '../lifecycle/ownership'
import type { Workers } from '../lifecycle/workers'
import { versionOfName } from '../migrations/file-name'
import { planSteps } from '../migrations/target'
import { Plans } from './plans'
import type { Plan } from './plans'
import { surveyFleet } from './survey-fleet'
import type { FoundTenant } from './survey-fleet'

/** Which tenants, and what is known of them. */
export interface FleetPlace {
  readonly engine: Engine
  readonly owner: Owner
  readonly readFiles: () => Promise<readonly MigrationFile[]>
  /** Undefined: all. */
  readonly names: readonly TenantNames[] | undefined
}

/** Whom to migrate, and how far. */
export interface FleetParts extends FleetPlace {
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
  /** Made for all that were found. */
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
  for (const { problem, found: schema } of found) {
    const books = schema.books as Books
    if (problem === undefined && plans.made(books) === undefined) await plans.for(books)
  }
  return { files, known, plans, found }
}

/** Tenants in one state, and what they are to get. */
export interface StateGroup {
  readonly tenants: readonly FoundTenant[]
  readonly books: Books
  readonly plan: Plan
}

/** Groups tenants that have no problem by the state that they are in, in the order in which states are met. */
export async function groupByState(
  plans: Plans,
  tenants: readonly FoundTenant[],
): Promise<readonly StateGroup[]> {
  const groups = new Map<string, StateGroup & { readonly tenants: FoundTenant[] }>()
  for (const tenant of tenants) {
    const books = tenant.found.books as Books
    const group = groups.get(books.state)
    if (group !== undefined) group.tenants.push(tenant)
    else groups.set(books.state, { tenants: [tenant], books, plan: await plans.for(books) })
  }
  return [...groups.values()]
}

/** File names of the migrations of a plan, in their order. */
export function namesIn({ steps }: Plan): readonly string[] {
  return steps.map(({ file }) => file.name)
}

/** The highest version in some books. */
export function newestOf({ applied }: Books): number | undefined {
  const versions = applied.map(versionOfName)
  return versions.length === 0 ? undefined : Math.max(...versions)
}
