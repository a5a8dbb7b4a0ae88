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
    const schemas = names.map(({ schema }) => schema)
    const found = await surveyAll(place, schemas, (one, at) => judge(owner, names[at]!, one))
    return { found, halfMade: [] }
  }
  const schemas = await workers.lend((worker) => worker.candidates(owner.prefix), 0)
  const halfMade: string[] = []
  const found = await surveyAll(place, schemas, (one) => {
    const { schema, mark } = one
    if (mark === undefined || !isOurs(owner, schema, mark)) return undefined
    if (!isHalfMade(one)) return judge(owner, { id: mark.tenant as TenantId, schema }, one)
    halfMade.push(mark.tenant)
    return undefined
  })
  return { found: found.filter((one) => one !== undefined), halfMade: halfMade.sort() }
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

/** @param see - what to make of one, while the database looks for the next; told its place */
async function surveyAll<Seen>(
  { workers, concurrency, known }: SurveyPlace,
  schemas: readonly SchemaName[],
  see: (found: SurveyedSchema, at: number) => Seen,
): Promise<readonly Seen[]> {
  const result: Seen[] = []
  await inChunks(schemas, { size: CHUNK, concurrency }, async (chunk, at) => {
    const found = await workers.lend((worker) => worker.survey(chunk, known), chunk.length)
    for (const [index, one] of found.entries()) result[at + index] = see(one, at + index)
  })
  return result
}
