import { Workers } from '../lifecycle/workers'
import { groupByState, namesIn, newestOf, planFleet } from './plan-fleet'
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
    const problems = found.flatMap(({ id, problem }) => (problem ? [{ tenant: id, error: problem }] : []))
    const groups: DryRunGroup[] = []
    let atHead = 0
    const whole = found.filter(({ problem }) => problem === undefined)
    for (const { tenants, books, plan } of await groupByState(plans, whole)) {
      const ids = tenants.map(({ id }) => id)
      const { problem, prepared } = plan
      if (problem !== undefined) problems.push(...ids.map((tenant) => ({ tenant, error: problem })))
      else if (prepared === undefined) atHead += ids.length
      else groups.push({ tenants: ids, from: newestOf(books), migrations: namesIn(plan), sql: prepared.sql })
    }
    return { tenants: found.length, atHead, groups, problems }
  } finally {
    await workers.close()
  }
}
