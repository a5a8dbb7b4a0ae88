import type { Books } from '../engine'
import { Workers } from '../lifecycle/workers'
import { planFleet, newestOf } from './plan-fleet'
import type { FleetParts } from './plan-fleet'
import type { FleetControl } from './options'

/** Tenants in one state, and what they would get. */
export interface DryRunGroup {
  /** Ids. */
  readonly tenants: readonly string[]
  /** Of the newest applied migration; undefined where there is none. */
  readonly from: number | undefined
  /** File names of the migrations to run, in their order. */
  readonly migrations: readonly string[]
  /** What they would send, as far as that is known before: a program that asks the database is a comment. */
  readonly sql: readonly string[]
}

/** What a run would do. */
export interface DryRun {
  readonly tenants: number
  readonly atHead: number
  readonly groups: readonly DryRunGroup[]
  /** Tenants that can't be migrated, and why. */
  readonly problems: readonly { readonly tenant: string; readonly error: Error }[]
}

/** Finds out what a run would do; writes nothing. @throws as a run does for what concerns all tenants */
export async function dryRun(
  parts: FleetParts,
  { concurrency, lockTimeoutMs }: FleetControl,
): Promise<DryRun> {
  const workers = new Workers(() => parts.engine.openWorker({ lockTimeoutMs }))
  try {
    const { plans, found } = await planFleet(parts, workers, concurrency)
    const problems: { tenant: string; error: Error }[] = []
    const groups = new Map<string, DryRunGroup & { tenants: string[] }>()
    let atHead = 0
    for (const { id, problem, found: schema } of found) {
      const books = schema.books as Books
      const plan = problem === undefined ? await plans.for(books) : undefined
      const error = problem ?? plan?.problem
      const group = groups.get(books.state)
      if (error !== undefined) problems.push({ tenant: id, error })
      else if (plan!.steps.length === 0) atHead += 1
      else if (group !== undefined) group.tenants.push(id)
      else {
        const migrations = plan!.steps.map(({ file }) => file.name)
        groups.set(books.state, {
          tenants: [id],
          from: newestOf(books),
          migrations,
          sql: plan!.prepared!.sql,
        })
      }
    }
    return { tenants: found.length, atHead, groups: [...groups.values()], problems }
  } finally {
    await workers.close()
  }
}
