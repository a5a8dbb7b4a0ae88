import type { Books, SurveyedSchema } from '../engine'
import type { TenantNames } from '../lifecycle/options'
import { expectWhole, isHalfMade, isOurs } from '../lifecycle/ownership'
import type { Owner } from '../lifecycle/ownership'
import type { SchemaName } from '../tenant/schema-name'
import type { TenantId } from '../tenant/tenant-id'
import { inChunks } from './in-chunks'
import type { Workers } from '../lifecycle/workers'

/** A tenant that was looked at; `problem` where it can't be migrated. */
export interface FoundTenant extends TenantNames {
  readonly found: SurveyedSchema
  readonly problem?: Error
}

/** How many schemas are asked for at once: more take more locks, fewer more round trips (570 ms at 50, 1,070 at 1,000, of 4,000). */
const CHUNK = 50

/** Where to look and whom for. */
export interface SurveyPlace {
  readonly workers: Workers
  readonly owner: Owner
  readonly concurrency: number
  /** Books by state. */
  readonly known: Map<string, Books>
}

/** A fleet that was looked at. */
export interface SurveyedFleet {
  readonly found: readonly FoundTenant[]
  /** Ids of ours that are half made. */
  readonly halfMade: readonly string[]
}

/**
 * Finds out where each tenant stands.
 *
 * @param names - whom; undefined: all of ours that are whole
 */
export async function surveyFleet(
  place: SurveyPlace,
  names: readonly TenantNames[] | undefined,
): Promise<readonly FoundTenant[]> {
  return (await surveyWithHalfMade(place, names)).found
}

/** The same, and tells who is half made; of tenants that were named those are found, too, with their problem. */
export async function surveyWithHalfMade(
  place: SurveyPlace,
  names: readonly TenantNames[] | undefined,
): Promise<SurveyedFleet> {
  const { workers, owner } = place
  if (names !== undefined) {
    const all = await surveyAll(
      place,
      names.map(({ schema }) => schema),
    )
    return { found: names.map((one, index) => judge(owner, one, all[index]!)), halfMade: [] }
  }
  const schemas = await workers.lend((worker) => worker.candidates(owner.prefix), 0)
  const found: FoundTenant[] = []
  const halfMade: string[] = []
  for (const one of await surveyAll(place, schemas)) {
    const { schema, mark } = one
    if (mark === undefined || !isOurs(owner, schema, mark)) continue
    if (isHalfMade(one)) halfMade.push(mark.tenant)
    else found.push(judge(owner, { id: mark.tenant as TenantId, schema }, one))
  }
  return { found, halfMade }
}

/** What became known of one tenant. */
export function judge(owner: Owner, names: TenantNames, found: SurveyedSchema): FoundTenant {
  try {
    expectWhole(owner, names, found)
    if (found.books instanceof Error) throw found.books
    return { ...names, found }
  } catch (error) {
    return { ...names, found, problem: error as Error }
  }
}

async function surveyAll(
  { workers, concurrency, known }: SurveyPlace,
  schemas: readonly SchemaName[],
): Promise<readonly SurveyedSchema[]> {
  const result: SurveyedSchema[] = []
  await inChunks(schemas, { size: CHUNK, concurrency }, async (chunk, at) => {
    const found = await workers.lend((worker) => worker.survey(chunk, known), chunk.length)
    for (const [index, one] of found.entries()) result[at + index] = one
  })
  return result
}
